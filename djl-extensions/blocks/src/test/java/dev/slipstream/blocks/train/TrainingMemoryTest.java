package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.Arithmetic;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.TinyDecoder;
import dev.slipstream.evaluate.ResidentMemory;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs give back what they took. */
class TrainingMemoryTest {
    /**
     * Less than half of what a hundred times the weights or a hundred gradients take, more than the
     * 60 MB that a JVM's own memory was seen to move by.
     */
    private static final long LIMIT = 150 << 20;

    @TempDir Path directory;

    @Test
    @Tag("thorough")
    void aHundredTrainingsOfTenStepsTakeNoMoreThanTwenty() throws IOException {
        for (int i = 0; i < 20; i++) {
            train(i);
        }
        Long before = ResidentMemory.now();
        assumeThat(before).as("resident memory is known on Linux alone").isNotNull();
        for (int i = 20; i < 120; i++) {
            train(i);
        }
        assertThat(ResidentMemory.now()).isLessThan(before + LIMIT);
    }

    private void train(int number) throws IOException {
        TrainingOptions usual = Runs.options(10);
        TrainingOptions options =
                new TrainingOptions(
                        10,
                        usual.batch(),
                        usual.portion(),
                        usual.length(),
                        usual.rate(),
                        usual.adam(),
                        number,
                        number % 2 == 0 ? Arithmetic.FLOAT32 : Arithmetic.BFLOAT16,
                        5,
                        2,
                        10);
        try (NDManager manager = TinyDecoder.manager();
                DecoderBlock decoder =
                        new TinyDecoder("LlamaForCausalLM")
                                .with("hidden_size", "128")
                                .with("intermediate_size", "1024")
                                .draw(manager, directory.resolve("model"), 1);
                Training training =
                        new Training(
                                decoder,
                                new NextBlock(
                                        Visibility.CONTEXT_CAUSAL, BlockGrowth.none(4), 0.5, 60),
                                options,
                                Runs.text(400),
                                Runs.text(100),
                                directory.resolve("run" + number))) {
            training.run(new TrainingWatch() {});
        }
    }
}
