package dev.slipstream.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.oracle.ExportedDecoder;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A session that got its beginning is one that computed it, to the last bit. */
class PrefixCacheModelsTest {
    private static final String EMBEDDED =
            "../models/src/main/resources/META-INF/slipstream/models/";
    private static final int STORED = 75;
    private static final int LENGTH = 90;

    @TempDir Path directory;

    @ParameterizedTest
    @CsvSource({
        "stories260k, FP32",
        "stories260k, INT8",
        "babyllama105, FP32",
        "babyllama105, INT8"
    })
    void embeddedModels(String name, Precision precision) throws IOException {
        LoadOptions options = LoadOptions.defaults().withPrecision(precision).withThreads(1);
        try (AutoregressiveGenerator generator = Models.open(EMBEDDED + name, options)) {
            DecoderModel model = generator.model().decoder();
            check(model, CacheKey.of(Models.graph(EMBEDDED + name, options), model));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2/past", "qwen35-gqa-fp16/decoder"})
    void imports(String export) throws IOException {
        Path file = Path.of("src/test/resources/tiny-onnx-decoders", export + ".onnx");
        try (DecoderModel model = DecoderModel.open(file, 128, RuntimeOptions.defaults())) {
            check(model, new CacheKey(export, "1"));
        }
    }

    @Test
    void importsOfAnotherForm() throws IOException {
        RandomModel random = new RandomModel("LlamaForCausalLM", 21);
        random.write(directory);
        Path file = directory.resolve("model.onnx");
        ExportedDecoder.write(
                directory, file, EnumSet.of(ExportedDecoder.Variant.ATTENTION_OPERATOR));
        try (DecoderModel model = DecoderModel.open(file, 128, RuntimeOptions.defaults())) {
            check(model, new CacheKey("exported", "1"));
        }
    }

    private void check(DecoderModel model, CacheKey key) throws IOException {
        int vocabulary = Math.min(500, model.vocabularySize());
        PrefixCache cache = new PrefixCache(model, 8L * 32 * model.bytesPerToken());
        PrefixCache loaded = new PrefixCache(model, 8L * 32 * model.bytesPerToken());
        Path file = directory.resolve("prefixes");
        int[] text = new Random(7).ints(LENGTH, 0, vocabulary).toArray();
        try (DecoderSession computed = model.newSession()) {
            computed.forward(text, 0, STORED, LogitRows.LAST);
            cache.store(computed);
            cache.save(file, key);
            assertThat(loaded.load(file, key)).isEqualTo(3);
            for (int known : new int[] {STORED, 64, 50, 1}) {
                computed.rollback(known);
                ByteBuffer keysAndValues = EchoModel.saved(computed);
                ByteBuffer logits = bits(computed.forward(text, known, LENGTH, LogitRows.ALL));
                assertThat(logits.capacity()).isPositive();
                for (PrefixCache from : new PrefixCache[] {cache, loaded}) {
                    try (DecoderSession restored = model.newSession()) {
                        assertThat(from.restore(restored, text, known)).isEqualTo(known);
                        assertThat(EchoModel.saved(restored).equals(keysAndValues)).isTrue();
                        Logits rest = restored.forward(text, known, LENGTH, LogitRows.ALL);
                        assertThat(bits(rest).equals(logits)).isTrue();
                    }
                }
            }
        }
    }

    private static ByteBuffer bits(Logits logits) {
        ByteBuffer bits =
                ByteBuffer.allocate(Float.BYTES * logits.rows() * logits.vocabularySize());
        for (int row = 0; row < logits.rows(); row++) {
            for (int id = 0; id < logits.vocabularySize(); id++) {
                bits.putFloat(logits.row(row).get(id));
            }
        }
        return bits.flip();
    }
}
