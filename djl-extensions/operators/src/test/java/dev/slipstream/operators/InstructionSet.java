package dev.slipstream.operators;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** The kernels that the library has, and which of them this processor must be able to run. */
enum InstructionSet {
    AVX512("avx512f", "avx512dq", "avx512vl", "avx512bw"),
    AVX2("avx2", "fma"),
    SCALAR;

    private final List<String> flags;

    InstructionSet(String... flags) {
        this.flags = List.of(flags);
    }

    String option() {
        return name().toLowerCase(Locale.ROOT);
    }

    static List<InstructionSet> available() {
        try {
            List<String> flags =
                    Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                            .filter(line -> line.startsWith("flags"))
                            .findFirst()
                            .map(line -> List.of(line.split("\\s+")))
                            .orElse(List.of());
            return Arrays.stream(values()).filter(set -> flags.containsAll(set.flags)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
