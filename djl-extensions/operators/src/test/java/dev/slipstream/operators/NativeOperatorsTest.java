package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.runtime.OperatorLibrary;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class NativeOperatorsTest {
    @Test
    void isThereWhereItCanBeBuilt() {
        boolean linux =
                System.getProperty("os.name").equals("Linux")
                        && System.getProperty("os.arch").equals("amd64");
        boolean compiler =
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "g++")));
        assumeTrue(linux && compiler && System.getenv("CXX") == null, "no g++ on Linux x86-64");

        assertThat(NativeOperators.library()).isPresent();
    }

    @Test
    void isFoundAsService() {
        assertThat(ServiceLoader.load(OperatorLibrary.class))
                .singleElement()
                .extracting(OperatorLibrary::file)
                .isEqualTo(NativeOperators.library());
    }

    @Test
    void isUnpackedOnceForAllThreadsAndOneUser() throws Exception {
        Set<Optional<Path>> files =
                IntStream.range(0, 64)
                        .parallel()
                        .mapToObj(i -> NativeOperators.library())
                        .collect(Collectors.toSet());

        assertThat(files).hasSize(1);
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
        assertThat(Files.getPosixFilePermissions(NativeOperators.library().orElseThrow()))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }
}
