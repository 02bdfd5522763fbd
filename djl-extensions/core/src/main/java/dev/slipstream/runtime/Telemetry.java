package dev.slipstream.runtime;

import com.sun.jna.Function;
import com.sun.jna.Platform;
import com.sun.jna.WString;

/** Switches off ONNX Runtime's telemetry, which it reads from the environment at its start. */
final class Telemetry {
    private static final String VARIABLE = "ORT_DISABLE_TELEMETRY";

    private Telemetry() {}

    /** Sets the variable for this process, unless its owner has set it to something already. */
    static void disable() {
        if (System.getenv(VARIABLE) != null) {
            return;
        }
        try {
            // Java can only read its environment: the C library's call reaches native code too.
            if (Platform.isWindows()) {
                Function.getFunction("kernel32", "SetEnvironmentVariableW")
                        .invokeInt(new Object[] {new WString(VARIABLE), new WString("1")});
            } else {
                Function.getFunction("c", "setenv").invokeInt(new Object[] {VARIABLE, "1", 0});
            }
        } catch (LinkageError e) {
            System.getLogger(Telemetry.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "ONNX Runtime's telemetry cannot be switched off from here; set "
                                    + VARIABLE
                                    + "=1 in the environment",
                            e);
        }
    }
}
