package dev.slipstream.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A random model's tokenizer is one that real tokenizer code reads. */
class RandomTokenizerTest {
    @Test
    void bytesComeBack(@TempDir Path directory) throws IOException {
        new RandomModel("LlamaForCausalLM", 1).with("vocab_size", "300").write(directory);
        try (HuggingFaceTokenizer tokenizer =
                HuggingFaceTokenizer.newInstance(directory.resolve("tokenizer.json"))) {
            String text = "Grüße, \t\n 東京 🙂";
            long[] ids = tokenizer.encode(text).getIds();
            assertThat(ids).hasSize(text.getBytes(StandardCharsets.UTF_8).length);
            assertThat(LongStream.of(ids)).allMatch(id -> id > RandomModel.EOS && id < 258);
            assertThat(tokenizer.decode(ids)).isEqualTo(text);
            assertThat(tokenizer.encode("<|eos|>").getIds()).containsExactly(RandomModel.EOS);
        }
    }
}
