package dev.slipstream.runtime;

import ai.djl.engine.Engine;
import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Starts ONNX Runtime, once for the process, in the one way that works for everybody in it.
 *
 * <p>Four traps are behind this. DJL's engine is dead for the life of the JVM if anyone else makes
 * ONNX Runtime's environment before it (djl issue 3679), so it goes first. ONNX Runtime 1.29.0
 * sends telemetry unless {@code ORT_DISABLE_TELEMETRY} is set (two look-ups of hosts were seen
 * within 12 s of its start), so it is set. And what prepares that telemetry matches the process's
 * command line with a recursive regular expression: from some 4,000 characters on (a class path
 * that an IDE writes out is longer) it overflows a Java thread's stack of 1 MB and the JVM dies
 * without a word. Where the variable cannot be set, or its owner wants telemetry, a thread with a
 * deep stack saves the JVM. And its Java API frees the environment in a shutdown hook while models
 * may still run, which crashes the JVM: a second reference keeps it.
 */
public final class OnnxRuntime {
    /** Measured: some 300 bytes of stack for every character of the command line. */
    private static final long STACK_PER_CHARACTER = 1024;

    private static final long LEAST_STACK = 64L << 20;

    private static @Nullable OrtEnvironment environment;

    private OnnxRuntime() {}

    /**
     * Starts ONNX Runtime and DJL's engine for it, if they are not yet. Call it before any other
     * code in the process touches {@code ai.onnxruntime}.
     *
     * @return the one environment of the process
     * @throws InferenceException if the native library cannot be loaded
     */
    public static synchronized OrtEnvironment start() {
        if (environment == null) {
            environment = startOnDeepStack();
        }
        return environment;
    }

    /** Returns the version of ONNX Runtime's native library; starts it if it is not yet. */
    public static String version() {
        return start().getVersion();
    }

    private static OrtEnvironment startOnDeepStack() {
        Telemetry.disable();
        UnpackedLibraries.use();
        OrtEnvironment[] result = new OrtEnvironment[1];
        Throwable[] failure = new Throwable[1];
        Thread thread =
                new Thread(
                        null,
                        () -> {
                            try {
                                Engine.getEngine("OnnxRuntime");
                                result[0] = OrtEnvironment.getEnvironment();
                                LastingEnvironment.keep();
                            } catch (Throwable e) {
                                failure[0] = e;
                            }
                        },
                        "onnxruntime-start",
                        LEAST_STACK + STACK_PER_CHARACTER * commandLineLength());
        thread.setDaemon(true);
        thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
        thread.start();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (failure[0] != null) {
            throw new InferenceException(
                    "ONNX Runtime does not start: "
                            + failure[0]
                            + "; it must be started before other code uses ai.onnxruntime, on a platform that its jar has a library for",
                    failure[0]);
        }
        return result[0];
    }

    private static long commandLineLength() {
        try {
            return Files.readAllBytes(Path.of("/proc/self/cmdline")).length;
        } catch (IOException e) {
            return 0;
        }
    }
}
