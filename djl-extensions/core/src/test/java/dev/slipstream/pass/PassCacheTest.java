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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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
                    .containsExactlyInAnyOrder("key", "key.lock");
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
        Process first = start("the first");
        try (BufferedReader firstOut = first.inputReader();
                BufferedReader firstErr = first.errorReader()) {
            assertThat(firstOut.readLine()).isEqualTo("makes");
            Process second = start("the second");
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

    private Process start(String name) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CachingProcess.class.getName(),
                        directory.toString(),
                        name)
                .start();
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
