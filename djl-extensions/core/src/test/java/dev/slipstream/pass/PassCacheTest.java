package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PassCacheTest {
    private static final PassSpec SPEC = PassSpec.parse("scale:factor=2");

    @TempDir Path directory;

    private final AtomicInteger made = new AtomicInteger();

    /** A graph with a tensor that is stored beside it. */
    static OnnxModel graph(float value) {
        GraphBuilder builder = new GraphBuilder(new OnnxModel("sum"));
        ByteBuffer data = ByteBuffer.allocateDirect(2048).order(ByteOrder.LITTLE_ENDIAN);
        while (data.hasRemaining()) {
            data.putFloat(value);
        }
        String weight =
                builder.initializer(
                        "weight", new Tensor(ElementType.FLOAT, List.of(512L), data.flip()));
        String input = builder.input("input", ElementType.FLOAT, 512);
        builder.output(builder.node("Add", input, weight).output("sum"), ElementType.FLOAT, 512);
        return builder.model();
    }

    private Pipeline.Result result() {
        return new Pipeline.Result(
                graph(made.incrementAndGet()),
                List.of(
                        new PassReport(
                                SPEC,
                                List.of("a line", "another"),
                                Map.of("scores", List.of(0.5, 2.0), "worst", Double.NaN))));
    }

    private Path entry() {
        return directory.resolve("passes/key");
    }

    private static float value(Pipeline.Result result) {
        Tensor weight = result.graph().initializers().values().iterator().next();
        return weight.data().order(ByteOrder.LITTLE_ENDIAN).getFloat(0);
    }

    @Test
    void aSecondTimeItIsRead() {
        PassCache cache = new PassCache(directory);
        Pipeline.Result first = cache.get("key", this::result);
        Pipeline.Result second = new PassCache(directory).get("key", this::result);
        assertThat(made).hasValue(1);
        assertThat(second.graph().fingerprint())
                .isEqualTo(first.graph().fingerprint())
                .isEqualTo(graph(1).fingerprint());
        PassReport report = second.reports().get(0);
        assertThat(report.pass()).isEqualTo(SPEC);
        assertThat(report.lines()).containsExactly("a line", "another");
        assertThat(report.facts())
                .containsEntry("scores", List.of(0.5, 2.0))
                .containsEntry("worst", "NaN");
        assertThat(value(cache.get("other", this::result))).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.onnx", "model.onnx.data", "report.json", "manifest.json"})
    void aDamagedFileIsMadeAgain(String name) throws IOException {
        PassCache cache = new PassCache(directory);
        for (int damage = 0; damage < 3; damage++) {
            int before = made.get();
            cache.get("key", this::result);
            Path file = entry().resolve(name);
            byte[] bytes = Files.readAllBytes(file);
            // New files, since the one in use is mapped.
            Files.delete(file);
            switch (damage) {
                case 0 -> {
                    bytes[bytes.length / 2] ^= 1;
                    Files.write(file, bytes);
                }
                case 1 -> Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
                default -> {}
            }
            int now = made.get();
            assertThat(value(cache.get("key", this::result))).isEqualTo(now + 1);
            assertThat(value(cache.get("key", this::result))).isEqualTo(now + 1);
            assertThat(made.get()).isEqualTo(before == 0 ? 2 : before + 1);
        }
        assertNothingHalf();
    }

    private void assertNothingHalf() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("passes"))) {
            assertThat(files.map(file -> String.valueOf(file.getFileName())))
                    .containsExactlyInAnyOrder("key", "key.lock", "key.use", "limit.lock");
        }
    }

    @Test
    void aFailureComesThroughAndKeepsNothing() throws IOException {
        PassCache cache = new PassCache(directory);
        assertThatThrownBy(
                        () ->
                                cache.get(
                                        "key",
                                        () -> {
                                            throw new PassException("cannot");
                                        }))
                .isInstanceOf(PassException.class)
                .hasMessage("cannot");
        assertThat(entry()).doesNotExist();
        assertThat(value(cache.get("key", this::result))).isEqualTo(1);
        assertNothingHalf();
    }

    @Test
    void withoutAPlaceToWriteItWorksEveryTime() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "no directory");
        PassCache cache = new PassCache(file.resolve("below"));
        assertThat(value(cache.get("key", this::result))).isEqualTo(1);
        assertThat(value(cache.get("key", this::result))).isEqualTo(2);
    }

    @Test
    void anEntryIsReadWhereNothingCanBeWritten() throws IOException {
        new PassCache(directory).get("key", this::result);
        Path lock = directory.resolve("passes/key.lock");
        Files.delete(lock);
        // In the lock's place, as a directory without the right to write would do it.
        Files.createDirectory(lock);
        assertThat(value(new PassCache(directory).get("key", this::result))).isEqualTo(1);
        assertThat(made).hasValue(1);
    }

    @Test
    void threadsOfOneProcessWaitForEachOther() {
        List<Float> values =
                Stream.generate(() -> new PassCache(directory))
                        .limit(8)
                        .parallel()
                        .map(cache -> value(cache.get("key", this::result)))
                        .toList();
        assertThat(values).containsOnly(1f);
    }

    @Test
    void aSecondProcessWaitsAndTakesWhatTheFirstMade() throws Exception {
        Process first = start("the first", "key");
        try (BufferedReader firstOut = first.inputReader();
                BufferedReader firstErr = first.errorReader()) {
            assertThat(firstOut.readLine()).isEqualTo("makes");
            Process second = start("the second", "key");
            try (BufferedReader secondOut = second.inputReader();
                    BufferedReader secondErr = second.errorReader()) {
                assertThat(
                                Stream.generate(() -> line(secondErr))
                                        .filter(
                                                line ->
                                                        line.contains("waits for")
                                                                || line.isEmpty())
                                        .findFirst()
                                        .orElseThrow())
                        .contains("waits for another process that makes " + entry());
                first.getOutputStream().write('\n');
                first.getOutputStream().flush();
                assertThat(firstOut.readLine()).isEqualTo("has [the first]");
                assertThat(secondOut.readLine()).isEqualTo("has [the first]");
                first.getOutputStream().close();
                second.getOutputStream().close();
                assertThat(second.waitFor()).isZero();
            } finally {
                second.destroyForcibly();
            }
            assertThat(first.waitFor()).as(String.join("\n", firstErr.lines().toList())).isZero();
        } finally {
            first.destroyForcibly();
        }
        assertNothingHalf();
    }

    /** The next line; empty at the end. */
    private static String line(BufferedReader reader) {
        try {
            String line = reader.readLine();
            return line == null ? "" : line;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void whatWasNotUsedForLongestMakesRoom() throws Exception {
        end(start("another", "a", "b", "c"));
        used("b", 1000);
        used("c", 2000);
        used("a", 3000);
        new PassCache(directory, 5 * bytes("a") / 2).get("d", this::result);
        assertThat(entries()).containsExactlyInAnyOrder("a", "d");
        used("a", 1000);
        end(start("another", "b"));
        new PassCache(directory, 5 * bytes("a") / 2).get("a", this::result);
        assertThat(made).hasValue(1);
        new PassCache(directory, 7 * bytes("a") / 2).get("e", this::result);
        assertThat(entries()).containsExactlyInAnyOrder("a", "d", "e");
    }

    @Test
    void whatAProcessHasTakenStaysUntilItEnds() throws Exception {
        Process other = start("another", "a");
        try (BufferedReader out = other.inputReader()) {
            assertThat(out.readLine()).isEqualTo("makes");
            other.getOutputStream().write('\n');
            other.getOutputStream().flush();
            assertThat(out.readLine()).isEqualTo("has [another]");
            PassCache small = new PassCache(directory, 0);
            small.get("b", this::result);
            small.get("c", this::result);
            assertThat(entries()).containsExactlyInAnyOrder("a", "b", "c");
            end(other);
            small.get("d", this::result);
            assertThat(entries()).containsExactlyInAnyOrder("b", "c", "d");
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void whatKilledProcessesLeftIsDeleted() throws Exception {
        for (String left : List.of(".key.0.part", ".key.12.part.old", ".other.0.part")) {
            Path part = Files.createDirectories(directory.resolve("passes").resolve(left));
            Files.writeString(part.resolve("model.onnx"), "half");
        }
        Path foreign = Files.createDirectory(directory.resolve("passes/.git"));
        new PassCache(directory).get("key", this::result);
        Files.delete(foreign);
        Files.delete(directory.resolve("passes/other.lock"));
        Files.delete(directory.resolve("passes/other.use"));
        assertNothingHalf();
    }

    /** A limit on the size of files is the nearest to a full disk that a process can get. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void onAFullDiskItWorksAndKeepsNothing() throws Exception {
        List<String> command =
                new ArrayList<>(List.of("bash", "-c", "ulimit -f 1; exec \"$@\"", "bash"));
        command.addAll(command("the only one", "key"));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output)
                .contains("has [the only one]")
                .contains("cannot be kept, so that passes are applied again")
                .contains("File too large");
        assertThat(entries()).isEmpty();
    }

    private static void end(Process process) throws Exception {
        process.getOutputStream().close();
        String errors = new String(process.getErrorStream().readAllBytes());
        assertThat(process.waitFor()).as(errors).isZero();
    }

    private void used(String key, long millis) throws IOException {
        Files.setLastModifiedTime(
                directory.resolve("passes").resolve(key + ".use"), FileTime.fromMillis(millis));
    }

    private long bytes(String key) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.list(directory.resolve("passes").resolve(key))) {
            for (Path file : files.toList()) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }

    /** Directories, those that are not complete included. */
    private List<String> entries() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("passes"))) {
            return files.filter(Files::isDirectory)
                    .map(file -> String.valueOf(file.getFileName()))
                    .toList();
        }
    }

    private Process start(String name, String... keys) throws IOException {
        return new ProcessBuilder(command(name, keys)).start();
    }

    private List<String> command(String name, String... keys) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xshare:auto",
                                "-XX:TieredStopAtLevel=1",
                                "-XX:-UsePerfData",
                                "-cp",
                                System.getProperty("java.class.path"),
                                CachingProcess.class.getName(),
                                directory.toString(),
                                name));
        command.addAll(List.of(keys));
        return command;
    }

    @Test
    void keysTellApartWhatGraphsAreMadeFrom() {
        RuntimeOptions runtime = RuntimeOptions.defaults();
        Calibration text = new Calibration(List.of(new int[] {1, 2}, new int[] {3}), runtime);
        List<String> keys =
                List.of(
                        PassCache.key(graph(1), List.of(SPEC), null),
                        PassCache.key(graph(2), List.of(SPEC), null),
                        PassCache.key(graph(1), List.of(), null),
                        PassCache.key(graph(1), List.of(PassSpec.parse("scale")), null),
                        PassCache.key(graph(1), List.of(SPEC), text),
                        PassCache.key(
                                graph(1),
                                List.of(SPEC),
                                new Calibration(
                                        List.of(new int[] {1}, new int[] {2, 3}), runtime)));
        assertThat(keys).doesNotHaveDuplicates().allMatch(key -> key.matches("[0-9a-f]{64}"));
        assertThat(PassCache.key(graph(1), List.of(SPEC), text)).isEqualTo(keys.get(4));
    }
}
