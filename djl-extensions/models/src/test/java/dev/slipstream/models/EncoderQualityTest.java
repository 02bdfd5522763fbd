package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.evaluate.Score;
import dev.slipstream.evaluate.SentenceSimilarity;
import dev.slipstream.evaluate.Subject;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.zoo.EncoderOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Encoders that others trained and exported score here as they do elsewhere. */
@Tag("thorough")
class EncoderQualityTest {
    @TempDir Path folder;

    /** The scores were taken with another runtime's bindings and other code around them. */
    @ParameterizedTest
    @CsvSource({"MINILM, 0.908, 6", "MINILM_INT8, 0.909, 6", "BGE, 0.894, 12"})
    void scoresOnTheBenchmarkAsElsewhere(RealEncoders encoder, double expected, int layers)
            throws IOException {
        SentenceSimilarity task = new SentenceSimilarity("sts-b", RealEncoders.pairs("test"));
        String location = encoder.in(folder);
        EncoderOptions options = EncoderOptions.defaults().withPooling(encoder.pooling);
        try (SentenceEncoder opened = Models.encoder(location, options)) {
            Score score = task.evaluate(new Subject.Encoder(opened));
            System.out.printf(
                    "%s, %s: Spearman %.4f on %d pairs%n",
                    encoder, encoder.pooling, score.value(), score.samples());
            assertThat(score.value()).isCloseTo(expected, within(0.0006));
        }
        Anatomy anatomy = Anatomy.of(Models.encoderGraph(location));
        assertThat(anatomy.unreadable()).isEmpty();
        assertThat(anatomy.layers()).hasSize(layers);
        for (Layer layer : anatomy.layers()) {
            assertThat(layer.subLayers())
                    .extracting(SubLayer::kind)
                    .containsExactly(SubLayer.Kind.ATTENTION, SubLayer.Kind.FEED_FORWARD);
        }
    }
}
