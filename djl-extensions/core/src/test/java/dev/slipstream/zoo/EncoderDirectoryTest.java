package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.evaluate.TinyEncoder;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.oracle.OracleEncoder;
import dev.slipstream.pass.CalibrationText;
import dev.slipstream.pass.PassException;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.OnnxRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a plan makes of a sentence encoder is a directory of one. */
class EncoderDirectoryTest {
    private static final List<String> SENTENCES =
            List.of("a girl is styling her hair", "the dog", "a man playing the guitar", "guitar");

    private static final EncoderOptions OPTIONS = EncoderOptions.defaults().withThreads(1);

    @TempDir Path directory;

    private final long seed = System.nanoTime();
    private final OracleEncoder oracle = new OracleEncoder(3, 2, 4, new Random(seed));
    private Path file = Path.of("");
    private Path out = Path.of("");
    private CalibrationText text = new CalibrationText(Path.of("none"));

    @BeforeEach
    void places() throws IOException {
        file = directory.resolve("models/tiny.onnx");
        TinyEncoder.write(oracle, file, directory.resolve("models/tiny-tokenizer.json"));
        out = directory.resolve("out");
        Path sentences = directory.resolve("sentences.txt");
        // Of each two lines the first is taken.
        List<String> lines = new ArrayList<>(List.of(""));
        SENTENCES.forEach(sentence -> lines.addAll(List.of(sentence, "  ", "is is is")));
        Files.write(sentences, lines);
        text = new CalibrationText(List.of(sentences), SENTENCES.size(), 256, null);
    }

    private AcceleratedModel write(EncoderOptions options, String pass) throws IOException {
        AcceleratedModel model =
                Models.accelerateEncoder(file.toString(), options, plan(pass), made -> {});
        ModelDirectory.write(model, out, ModelDirectory.Existing.REFUSED);
        return model;
    }

    private Plan plan(String pass) {
        return Plan.of(List.of(pass), List.of(), text);
    }

    @Test
    void theDirectoryIsTheEncoderWithoutWhatWasRemoved() throws Exception {
        for (Pooling pooling : Pooling.values()) {
            out = directory.resolve(pooling.label());
            EncoderOptions options = OPTIONS.withPooling(pooling).withMaxTokens(7);
            write(options, "remove:sub-layers=(attention.1)");
            Set<SubLayerName> removed = Set.of(new SubLayerName(SubLayer.Kind.ATTENTION, 1));
            try (SentenceEncoder encoder = Models.encoder(out.toString(), OPTIONS)) {
                assertThat(encoder.encoder().pooling()).isEqualTo(pooling);
                assertThat(encoder.maxTokens()).isEqualTo(7);
                for (String sentence : SENTENCES) {
                    double[] expected =
                            oracle.embedding(
                                    encoder.tokens(sentence), pooling == Pooling.MEAN, removed);
                    float[] found = encoder.embed(List.of(sentence))[0];
                    for (int i = 0; i < found.length; i++) {
                        assertThat((double) found[i])
                                .as("seed %d", seed)
                                .isCloseTo(expected[i], within(1e-3));
                    }
                }
            }
            assertThat(Models.isEncoder(out.toString())).isTrue();
            assertThat(out)
                    .isDirectoryContaining("glob:**/plan.yml")
                    .isDirectoryContaining("glob:**/README.md");
            JsonObject report =
                    JsonParser.parseString(Files.readString(out.resolve("report.json")))
                            .getAsJsonObject();
            assertThat(report.get("pooling").getAsString()).isEqualTo(pooling.label());
            assertThat(Files.readString(out.resolve("1_Pooling/config.json")))
                    .contains("\"word_embedding_dimension\": 8");
        }
    }

    @Test
    void plainOnnxRuntimeOpensTheFile() throws Exception {
        write(OPTIONS, "remove:sub-layers=(attention.1)");
        OrtEnvironment environment = OnnxRuntime.start();
        try (OrtSession.SessionOptions none = new OrtSession.SessionOptions();
                OrtSession session =
                        environment.createSession(out.resolve("model.onnx").toString(), none)) {
            assertThat(session.getInputNames()).contains("input_ids", "attention_mask");
        }
    }

    /** By the angles of the oracle's vectors; with the other pooling they are others. */
    @Test
    void finerCutComparesTheVectorsOfTheModelsPooling() throws IOException {
        for (Pooling pooling : Pooling.values()) {
            out = directory.resolve(pooling.label());
            AcceleratedModel model = write(OPTIONS.withPooling(pooling), "finercut:count=1");
            List<?> order = (List<?>) model.reports().get(0).facts().get("order");
            Map<?, ?> step = (Map<?, ?>) order.get(0);
            SubLayerName removed = SubLayerName.parse(String.valueOf(step.get("sub-layer")));
            double score = Double.parseDouble(String.valueOf(step.get("score")));
            assertThat(score)
                    .as("seed %d, %s without %s", seed, pooling, removed)
                    .isCloseTo(angle(pooling, Set.of(removed)), within(2e-3));
            for (int layer = 0; layer < oracle.layers(); layer++) {
                for (SubLayer.Kind kind :
                        List.of(SubLayer.Kind.ATTENTION, SubLayer.Kind.FEED_FORWARD)) {
                    assertThat(angle(pooling, Set.of(new SubLayerName(kind, layer))))
                            .as("seed %d, %s", seed, pooling)
                            .isGreaterThan(score - 2e-3);
                }
            }
        }
    }

    private double angle(Pooling pooling, Set<SubLayerName> removed) {
        boolean mean = pooling == Pooling.MEAN;
        double sum = 0;
        try (SentenceEncoder encoder = Models.encoder(file.toString(), OPTIONS)) {
            for (String sentence : SENTENCES) {
                int[] tokens = encoder.tokens(sentence);
                double[] whole = oracle.embedding(tokens, mean, Set.of());
                double[] cut = oracle.embedding(tokens, mean, removed);
                double cosine = 0;
                for (int i = 0; i < whole.length; i++) {
                    cosine += whole[i] * cut[i];
                }
                sum += Math.acos(Math.max(0, Math.min(1, cosine)));
            }
        }
        return sum / SENTENCES.size();
    }

    @Test
    void theFilesPoolingIsTheDefault() throws IOException {
        Path pooling = file.resolveSibling("1_Pooling/config.json");
        Files.createDirectories(pooling.getParent());
        Files.writeString(
                pooling,
                "{\"pooling_mode_cls_token\": true, \"pooling_mode_mean_tokens\": false, \"x\": 1}");
        Files.writeString(
                file.resolveSibling("config.json"),
                "{\"model_type\": \"bert\", \"max_position_embeddings\": 24}");
        write(OPTIONS, "finercut:count=2");
        Path declared = out;
        Files.delete(pooling);
        out = directory.resolve("asked");
        write(OPTIONS.withPooling(Pooling.CLS), "finercut:count=2");
        assertThat(declared.resolve("model.onnx"))
                .hasSameBinaryContentAs(out.resolve("model.onnx"));
        assertThat(declared.resolve("1_Pooling/config.json"))
                .content()
                .contains("\"x\": 1", "\"pooling_mode_cls_token\": true");
        assertThat(declared.resolve("config.json")).content().contains("bert");
        try (SentenceEncoder encoder = Models.encoder(declared.toString(), OPTIONS)) {
            assertThat(encoder.encoder().pooling()).isEqualTo(Pooling.CLS);
            assertThat(encoder.maxTokens()).isEqualTo(24);
        }
        // Without its files the graph still knows.
        Files.delete(declared.resolve("1_Pooling/config.json"));
        try (SentenceEncoder encoder = Models.encoder(declared.toString(), OPTIONS)) {
            assertThat(encoder.encoder().pooling()).isEqualTo(Pooling.CLS);
        }
    }

    @Test
    void nothingIsAppliedTwice() throws IOException {
        write(OPTIONS, "finercut:count=1");
        assertThatThrownBy(
                        () ->
                                Models.accelerateEncoder(
                                        out.toString(), OPTIONS, plan("finercut:count=1"), p -> {}))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("begin with the original model");
    }

    @Test
    void thePlanMakesTheSameAgain() throws IOException {
        write(OPTIONS, "finercut:count=2");
        Path first = out;
        out = directory.resolve("again");
        AcceleratedModel again =
                Models.accelerateEncoder(
                        file.toString(), OPTIONS, Plan.read(first.resolve("plan.yml")), p -> {});
        ModelDirectory.write(again, out, ModelDirectory.Existing.REFUSED);
        assertThat(out.resolve("model.onnx")).hasSameBinaryContentAs(first.resolve("model.onnx"));
        assertThat(out.resolve("plan.yml")).hasSameTextualContentAs(first.resolve("plan.yml"));
    }

    @Test
    void refusesWhatOnlyDecodersCanDo() {
        Plan gated = Plan.of(List.of(), List.of("ffn-skip"), text);
        assertThatThrownBy(
                        () -> Models.accelerateEncoder(file.toString(), OPTIONS, gated, pass -> {}))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("without gates");
        CalibrationText more =
                new CalibrationText(text.files(), 2 * SENTENCES.size() + 1, 256, null);
        Plan greedy = Plan.of(List.of("finercut"), List.of(), more);
        assertThatThrownBy(
                        () ->
                                Models.accelerateEncoder(
                                        file.toString(), OPTIONS, greedy, pass -> {}))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("at least 9 sentences, one a line, found 8");
    }

    @Test
    void knowsEncodersFromOthers() throws IOException {
        assertThat(Models.isEncoder(file.toString())).isTrue();
        assertThat(Models.isEncoder(file.getParent().toString())).isTrue();
        assertThat(Models.isEncoder("stories260k")).isFalse();
        assertThat(Models.isEncoder("nowhere")).isFalse();
        assertThat(Models.isEncoder("src/test/resources/stories260k")).isFalse();
        assertThat(Models.isEncoder("src/test/resources/tiny-onnx-decoders/lfm2")).isFalse();
        Path damaged = directory.resolve("damaged.onnx");
        Files.write(damaged, new byte[] {1, 2, 3});
        assertThat(Models.isEncoder(damaged.toString())).isFalse();
        Files.delete(file.resolveSibling("tiny-tokenizer.json"));
        assertThat(Models.isEncoder(file.toString())).isTrue();
        assertThat(Models.encoderGraph(file.toString()).nodes()).isNotEmpty();
    }
}
