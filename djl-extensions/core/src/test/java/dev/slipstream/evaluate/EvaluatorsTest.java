package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.oracle.OracleEncoder;
import dev.slipstream.zoo.EncoderOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatorsTest {
    @TempDir Path directory;

    @Test
    void findsTheTasksThatSuit() throws IOException {
        TinyEncoder.write(
                new OracleEncoder(2, 2, 4, new Random(1)),
                directory.resolve("model.onnx"),
                directory.resolve("tokenizer.json"));
        try (SentenceEncoder encoder =
                Models.encoder(directory.toString(), EncoderOptions.defaults())) {
            Subject subject = new Subject.Encoder(encoder);
            List<Evaluator> found = Evaluators.suiting(subject);
            assertThat(found).extracting(Evaluator::name).containsExactly("nearest-word");
            assertThat(found.get(0).evaluate(subject).value()).isEqualTo(1);
        }
        try (var generator =
                Models.open("src/test/resources/stories260k", LoadOptions.defaults())) {
            Subject subject = new Subject.Decoder(generator.model());
            assertThat(Evaluators.suiting(subject)).isEmpty();
            assertThat(subject.name()).isEqualTo("stories260k");
        }
    }
}
