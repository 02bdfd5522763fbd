package dev.slipstream.runtime;

import dev.slipstream.store.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;

/** What a saved session suits: a processor, ONNX Runtime's version, the native operators. */
public final class SessionMachine {
    private SessionMachine() {}

    /**
     * Returns a hash of operating system, processor with its instruction sets, ONNX Runtime's
     * version and the native operators' libraries. Starts ONNX Runtime if it is not yet.
     */
    public static String fingerprint() {
        MessageDigest digest = Sha256.digest();
        for (String property : List.of("os.name", "os.arch")) {
            Sha256.add(digest, System.getProperty(property));
        }
        Sha256.add(digest, processor());
        Sha256.add(digest, OnnxRuntime.version());
        OperatorLibraries.hashes().forEach(hash -> Sha256.add(digest, hash));
        return Sha256.hex(digest);
    }

    /** Linux tells all of it; elsewhere the processor's name, or that of its kind. */
    private static String processor() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            // Those of the first processor; x86 says model name and flags, ARM part and Features.
            return lines.takeWhile(line -> !line.isBlank())
                    .filter(
                            line ->
                                    line.matches(
                                            "(vendor_id|cpu family|model|model name|stepping|flags|Features|CPU .*)\\s*:.*"))
                    .toList()
                    .toString();
        } catch (IOException e) {
            return System.getenv().getOrDefault("PROCESSOR_IDENTIFIER", "");
        }
    }
}
