package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.store.WarmStart;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that an earlier start left on disk, in ONNX Runtime's own kernels. */
class WarmStartTest {
    private static final String STORIES = "src/test/resources/stories260k";

    @TempDir Path directory;

    private final Logger logger = Logger.getLogger("dev.slipstream");
    private final List<LogRecord> records = new CopyOnWriteArrayList<>();
    private final Handler handler =
            new Handler() {
                @Override
                public void publish(LogRecord record) {
                    records.add(record);
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };

    @BeforeEach
    void listen() {
        logger.setUseParentHandlers(false);
        logger.addHandler(handler);
    }

    @AfterEach
    void hush() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
    }

    private LoadOptions options() {
        return LoadOptions.defaults()
                .withContextLength(64)
                .withThreads(1)
                .withRequests(1, 0)
                .withCacheDirectory(directory.resolve("cache"))
                .withWarmStart(WarmStart.ON);
    }

    private Path checkpoint(long seed) throws IOException {
        return new RandomModel("LlamaForCausalLM", seed)
                .with("vocab_size", "270")
                .write(directory.resolve("model"));
    }

    /** How often a model was opened as an earlier start left it. */
    private long taken() {
        return records.stream().filter(r -> r.getMessage().contains("an earlier start")).count();
    }

    private List<String> warnings() {
        return records.stream()
                .filter(r -> r.getLevel() == Level.WARNING)
                .map(LogRecord::getMessage)
                .toList();
    }

    private List<Path> entries() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("cache/models"))) {
            return files.filter(Files::isDirectory).toList();
        }
    }

    /** Logits of a prompt, of single tokens behind it, and of a few at once. */
    private static List<Float> logits(Object location, LoadOptions options) {
        ModelSource source = ModelSource.find(location.toString(), options.precision());
        ModelOpener.Opened opened = new ModelOpener(options).open(source);
        try (var model = opened.model();
                DecoderSession session = model.decoder().newSession()) {
            List<Float> logits = new ArrayList<>();
            int[] tokens = IntStream.range(0, 24).map(i -> (37 * i + 11) % 250).toArray();
            int[] ends = {13, 14, 15, 19, 24};
            int from = 0;
            for (int to : ends) {
                var values = session.forward(tokens, from, to, LogitRows.ALL).values();
                while (values.hasRemaining()) {
                    logits.add(values.get());
                }
                from = to;
            }
            return logits;
        }
    }

    private static List<Float> cold(Object location, LoadOptions options) {
        return logits(location, options.withWarmStart(WarmStart.OFF));
    }

    private void staysItself(Object location, LoadOptions options) {
        List<Float> expected = cold(location, options);
        assertThat(expected).isNotEmpty().doesNotContain(Float.NaN);
        long before = taken();
        assertThat(logits(location, options)).as("the first start").isEqualTo(expected);
        assertThat(taken()).isEqualTo(before);
        assertThat(logits(location, options)).as("the second start").isEqualTo(expected);
        assertThat(taken()).isEqualTo(before + 1);
        assertThat(warnings()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void aSecondStartHasTheSameBits(Precision precision) throws IOException {
        staysItself(checkpoint(1), options().withPrecision(precision));
    }

    /** So that what it was made from is not held, as for as long as the model is open. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void theFirstStartRunsOnWhatItKept() throws Exception {
        String kept = directory.resolve("cache").resolve("models").toString();
        try (AutoCloseable first = Models.open(STORIES, options())) {
            assertThat(first).isNotNull();
            assertThat(Files.readAllLines(Path.of("/proc/self/maps")))
                    .anyMatch(line -> line.contains(kept) && line.endsWith("/model.bin"));
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void soHasACheckpointOfLlama2c(Precision precision) {
        staysItself(STORIES, options().withPrecision(precision));
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void soHasOneWithGates(Precision precision) {
        Map<String, String> skip = Map.of("drafter", "layer-skip", "skip", "both:1-2");
        staysItself(
                STORIES,
                options().withPrecision(precision).withDrafting(DraftOptions.parse(skip::get)));
    }

    @Test
    void soHasAnExport() throws IOException {
        Path checkpoint = checkpoint(2);
        Path folder = Files.createDirectories(directory.resolve("exported"));
        Files.copy(checkpoint.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Path file = folder.resolve("model.onnx");
        ExportedDecoder.write(checkpoint, file, Set.of());
        staysItself(folder, options());
        // Its weights lie beside it: others under the same name are another model.
        List<Float> before = cold(folder, options());
        ExportedDecoder.write(checkpoint(3), file, Set.of());
        assertThat(logits(folder, options()))
                .isEqualTo(cold(folder, options()))
                .isNotEqualTo(before);
        assertThat(entries()).hasSize(2);
    }

    @Test
    void otherWeightsAreAnotherModel() throws IOException {
        Path model = checkpoint(4);
        List<Float> before = logits(model, options());
        checkpoint(5);
        assertThat(logits(model, options())).isEqualTo(cold(model, options())).isNotEqualTo(before);
        assertThat(taken()).isZero();
        assertThat(entries()).hasSize(2);
    }

    @Test
    void soAreOtherOptions() throws IOException {
        Path model = checkpoint(6);
        logits(model, options());
        logits(model, options().withPrecision(Precision.INT4));
        logits(model, options().withContextLength(48));
        assertThat(taken()).isZero();
        assertThat(entries()).hasSize(3);
        logits(model, options().withThreads(2));
        logits(model, options().withPrecision(Precision.INT4));
        assertThat(taken()).isEqualTo(2);
        assertThat(entries()).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.onnx", "model.bin", "session.properties", "source.json"})
    void aDamagedOneIsMadeAgain(String name) throws IOException {
        List<Float> expected = logits(STORIES, options());
        Path file = entries().get(0).resolve(name);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 4;
        // A new file: the one before may still be mapped.
        Files.delete(file);
        Files.write(file, bytes);
        assertThat(logits(STORIES, options())).isEqualTo(expected);
        assertThat(taken()).isZero();
        assertThat(warnings()).singleElement().asString().contains("is damaged and is made again");
        assertThat(logits(STORIES, options())).isEqualTo(expected);
        assertThat(taken()).isEqualTo(1);
        assertThat(warnings()).hasSize(1);
    }

    @Test
    void oneThatTheRuntimeRefusesIsTriedTwiceAndThenLeftAlone() throws IOException {
        List<Float> expected = logits(STORIES, options());
        for (int start = 0; start < 2; start++) {
            refusable(entries().get(0));
            assertThat(logits(STORIES, options())).isEqualTo(expected);
            assertThat(warnings()).hasSize(start + 1);
        }
        assertThat(taken()).isZero();
        assertThat(entries().get(0).resolve("model.bin")).doesNotExist();
        assertThat(logits(STORIES, options())).isEqualTo(expected);
        assertThat(warnings()).hasSize(2);
    }

    /** Whole for the store, but no graph. */
    private static void refusable(Path entry) throws IOException {
        Files.delete(entry.resolve("model.onnx"));
        Files.writeString(entry.resolve("model.onnx"), "no graph");
        Path manifest = entry.resolve("manifest.json");
        CRC32 sum = new CRC32();
        sum.update("no graph".getBytes(StandardCharsets.UTF_8));
        String text = Files.readString(manifest);
        Files.writeString(
                manifest,
                text.replaceFirst(
                        "\"model.onnx\":\"[^\"]*\"",
                        "\"model.onnx\":\"8 " + sum.getValue() + "\""));
    }

    @Test
    void whatCannotBeWrittenIsAWarning() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "no directory");
        LoadOptions options = options().withCacheDirectory(file);
        assertThat(logits(STORIES, options)).isEqualTo(cold(STORIES, options));
        assertThat(warnings())
                .singleElement()
                .asString()
                .contains("cannot be written, so that models are made at every start");
    }

    @Test
    void threadsOpenItOnceAndTakeItThen() {
        List<Float> expected = cold(STORIES, options());
        List<List<Float>> all =
                IntStream.range(0, 4).parallel().mapToObj(i -> logits(STORIES, options())).toList();
        assertThat(all).containsOnly(expected);
        assertThat(taken()).isEqualTo(3);
    }

    @Test
    void aModelThatCannotBeOpenedLeavesNothing() throws IOException {
        Path folder = Files.createDirectories(directory.resolve("exported"));
        Path checkpoint = checkpoint(7);
        Files.copy(checkpoint.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
        Files.copy(
                Path.of("src/test/resources/stories260k/README.md"), folder.resolve("model.onnx"));
        assertThatThrownBy(() -> logits(folder, options()))
                .hasMessageContaining("expected an ONNX model");
        assertThat(warnings()).isEmpty();
    }

    @Test
    void offWritesNothing() {
        logits(STORIES, options().withWarmStart(WarmStart.OFF));
        assertThat(directory.resolve("cache")).doesNotExist();
    }

    @Test
    void theUsualIsASystemProperty() {
        String before = System.getProperty(WarmStart.PROPERTY);
        try {
            System.setProperty(WarmStart.PROPERTY, "off");
            assertThat(LoadOptions.defaults().warmStart()).isEqualTo(WarmStart.OFF);
            System.clearProperty(WarmStart.PROPERTY);
            assertThat(LoadOptions.defaults().warmStart()).isEqualTo(WarmStart.ON);
            System.setProperty(WarmStart.PROPERTY, "perhaps");
            assertThatThrownBy(LoadOptions::defaults)
                    .hasMessage(
                            "system property slipstream.warm-start: expected on or off, found 'perhaps'");
        } finally {
            System.setProperty(WarmStart.PROPERTY, before == null ? "off" : before);
        }
    }
}
