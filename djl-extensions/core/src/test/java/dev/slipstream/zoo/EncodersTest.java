package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.evaluate.TinyEncoder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.oracle.OracleEncoder;
import dev.slipstream.pass.Removal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncodersTest {
    private static final EncoderOptions OPTIONS = EncoderOptions.defaults().withThreads(1);
    private static final String TEXT = "A girl is playing the guitar";

    /** [CLS] a girl is play ##ing the guitar [SEP] */
    private static final int[] TOKENS = {2, 4, 5, 6, 11, 12, 14, 13, 3};

    private final OracleEncoder oracle = new OracleEncoder(2, 2, 4, new Random(1));

    @TempDir Path directory;

    @Test
    void opensADirectory() throws IOException {
        write("model.onnx", "tokenizer.json");
        assertOpens(directory.toString(), directory.getFileName().toString());
    }

    @Test
    void opensADirectoryWithItsGraphInAFolder() throws IOException {
        write("onnx/model.onnx", "tokenizer.json");
        assertOpens(directory.toString(), directory.getFileName().toString());
        assertOpens(
                directory.resolve("onnx/model.onnx").toString(),
                directory.getFileName().toString());
    }

    @Test
    void opensAFileWithATokenizerOfItsName() throws IOException {
        write("small.onnx", "small-tokenizer.json");
        assertOpens(directory.resolve("small.onnx").toString(), "small.onnx");
        assertOpens(directory.toString(), "small.onnx");
    }

    private void assertOpens(String location, String name) {
        try (SentenceEncoder encoder = Models.encoder(location, OPTIONS)) {
            assertThat(encoder.name()).isEqualTo(name);
            // Neither cut at 4 nor padded, as the tokenizer's file would have it.
            assertThat(encoder.tokens(TEXT)).isEqualTo(TOKENS);
            assertThat(encoder.tokens("dog")).isEqualTo(new int[] {2, 15, 3});
            assertThat(encoder.tokens("")).isEqualTo(new int[] {2, 3});
            assertThat(encoder.encoder().pooling()).isEqualTo(Pooling.MEAN);
            assertThat(encoder.maxTokens()).isEqualTo(512);
            assertNear(encoder.embed(List.of(TEXT))[0], oracle.embedding(TOKENS, true, Set.of()));
        }
    }

    private static void assertNear(float[] found, double[] expected) {
        double cosine = 0;
        for (int i = 0; i < found.length; i++) {
            cosine += found[i] * expected[i];
        }
        assertThat(cosine).isGreaterThan(1 - 1e-6);
    }

    @Test
    void opensAnotherGraphWithTheFiles() throws IOException {
        write("model.onnx", "tokenizer.json");
        Set<SubLayerName> removed = Set.of(new SubLayerName(SubLayer.Kind.FEED_FORWARD, 1));
        OnnxModel shorter = Removal.of(Models.encoderGraph(directory.toString()), removed);
        try (SentenceEncoder encoder = Models.encoder(shorter, directory.toString(), OPTIONS)) {
            assertNear(encoder.embed(List.of(TEXT))[0], oracle.embedding(TOKENS, true, removed));
        }
    }

    @Test
    void takesPoolingAndLengthFromTheFiles() throws IOException {
        write("model.onnx", "tokenizer.json");
        file("config.json", "{'model_type': 'roberta', 'max_position_embeddings': 24}");
        pooling("{'pooling_mode_cls_token': true, 'pooling_mode_mean_tokens': false}");
        try (SentenceEncoder encoder = Models.encoder(directory.toString(), OPTIONS)) {
            assertThat(encoder.maxTokens()).isEqualTo(22);
            assertThat(encoder.encoder().pooling()).isEqualTo(Pooling.CLS);
            assertNear(encoder.embed(List.of(TEXT))[0], oracle.embedding(TOKENS, false, Set.of()));
        }
        file("sentence_bert_config.json", "{'max_seq_length': 4}");
        try (SentenceEncoder encoder = Models.encoder(directory.toString(), OPTIONS)) {
            assertThat(encoder.tokens(TEXT)).isEqualTo(new int[] {2, 4, 5, 3});
        }
        EncoderOptions own = OPTIONS.withPooling(Pooling.MEAN).withMaxTokens(3);
        try (SentenceEncoder encoder = Models.encoder(directory.toString(), own)) {
            assertThat(encoder.tokens(TEXT)).isEqualTo(new int[] {2, 4, 3});
            assertThat(encoder.encoder().pooling()).isEqualTo(Pooling.MEAN);
        }
        assertRefused("at most the model's 4 tokens", OPTIONS.withMaxTokens(5));
    }

    @Test
    void refusesOtherPoolings() throws IOException {
        write("model.onnx", "tokenizer.json");
        for (String bad :
                List.of(
                        "{'pooling_mode_max_tokens': true}",
                        "{'pooling_mode_mean_tokens': true, 'pooling_mode_cls_token': true}",
                        "{'pooling_mode_mean_tokens': true, 'pooling_mode_lasttoken': true}",
                        "{'pooling_mode_mean_tokens': 1}")) {
            pooling(bad);
            assertRefused("pooling_mode_mean_tokens", OPTIONS);
        }
        Files.delete(directory.resolve("1_Pooling/config.json"));
        Files.createDirectories(directory.resolve("2_Dense"));
        file("2_Dense/config.json", "{}");
        assertRefused("further layer", OPTIONS);
    }

    @Test
    void saysWhatIsMissing() throws IOException {
        assertRefused("model.onnx, onnx/model.onnx or one other ONNX file, found none", OPTIONS);
        write("a.onnx", "wrong.json");
        assertRefused("tokenizer.json or a-tokenizer.json", OPTIONS);
        write("b.onnx", "tokenizer.json");
        assertRefused("[a.onnx, b.onnx]", OPTIONS);
        Files.writeString(directory.resolve("tokenizer.json"), "{}");
        Files.delete(directory.resolve("b.onnx"));
        assertRefused("take the file from the model's origin", OPTIONS);
        assertThatThrownBy(() -> Models.encoder("nowhere", OPTIONS))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("nowhere");
    }

    private void assertRefused(String reason, EncoderOptions options) {
        assertThatThrownBy(() -> Models.encoder(directory.toString(), options))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(reason);
    }

    private void write(String graph, String tokenizer) throws IOException {
        TinyEncoder.write(oracle, directory.resolve(graph), directory.resolve(tokenizer));
    }

    private void pooling(String json) throws IOException {
        Files.createDirectories(directory.resolve("1_Pooling"));
        file("1_Pooling/config.json", json);
    }

    private void file(String name, String json) throws IOException {
        Files.writeString(directory.resolve(name), json.replace('\'', '"'));
    }
}
