package dev.slipstream.runtime;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import java.lang.reflect.Field;
import java.lang.reflect.Method;

/**
 * Keeps ONNX Runtime's native environment until the process is gone.
 *
 * <p>Its Java API frees the environment in a shutdown hook of its own. Hooks run at the same time,
 * so on SIGTERM the environment was freed while requests were still decoded, as they are while a
 * server drains: the JVM died of signal 11 instead of ending. The native environment counts who has
 * made it, and is freed with the last one. One more reference, which nobody gives back, leaves it
 * to the operating system. There is no public call for that: {@link
 * OrtEnvironment#getEnvironment()} counts once for all of the process.
 */
final class LastingEnvironment {
    private LastingEnvironment() {}

    /** Takes the reference; call it once, after the environment has been made. */
    static void keep() {
        try {
            Field api =
                    Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("ortApiHandle");
            api.setAccessible(true);
            Method create =
                    OrtEnvironment.class.getDeclaredMethod(
                            "createHandle", long.class, int.class, String.class);
            create.setAccessible(true);
            create.invoke(
                    null,
                    api.getLong(null),
                    OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING.getValue(),
                    "slipstream");
        } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
            System.getLogger(LastingEnvironment.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "ONNX Runtime's environment cannot be kept until the process ends: the JVM may"
                                    + " crash if it is told to end while a model runs; close all models"
                                    + " before the JVM's shutdown hooks run",
                            e);
        }
    }
}
