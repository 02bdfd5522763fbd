package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.block.BlockDecoding;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which models are written by blocks where the native operators are not, and what is refused. */
class BlockModelsTest {
    private static final LoadOptions BLOCKS =
            LoadOptions.defaults().withBlocks(BlockOptions.of(DecoderKind.BLOCKS));

    @TempDir Path directory;

    private String taught = "";
    private String untaught = "";

    @BeforeEach
    void write() throws IOException {
        RandomModel model = new RandomModel("LlamaForCausalLM", 5).with("vocab_size", "270");
        untaught = model.write(directory.resolve("untaught")).toString();
        taught =
                model.with(
                                "slipstream",
                                "{\"block_diffusion\": {\"block_size\": 8, \"mask_token_id\": 7, \"alignment\": \"shifted\"}}")
                        .write(directory.resolve("taught"))
                        .toString();
    }

    @Test
    void blocksWithoutTheirAttentionAreRefused() {
        assertThatThrownBy(() -> Models.open(taught, BLOCKS).close())
                .isInstanceOf(CheckpointException.class)
                .hasMessageContainingAll(
                        "taught: expected attention in which new tokens see each other",
                        "slipstream-operators");
    }

    @Test
    void autoTakesSingleTokensThen() {
        for (String model : new String[] {taught, untaught}) {
            try (AutoregressiveGenerator opened = Models.open(model, LoadOptions.defaults())) {
                assertThat(opened.method()).isNotInstanceOf(BlockDecoding.class);
            }
        }
    }

    @Test
    void modelsThatWereNotTaughtAreRefused() throws IOException {
        assertUntaught(untaught, "untaught: ");
        Path file = directory.resolve("untaught").resolve("model.onnx");
        Models.graph(untaught, LoadOptions.defaults()).write(file);
        assertUntaught(file.toString(), "model.onnx: ");
    }

    private static void assertUntaught(String model, String name) {
        assertThatThrownBy(() -> Models.open(model, BLOCKS).close())
                .isInstanceOf(CheckpointException.class)
                .hasMessageStartingWith(name + "expected a model that was taught to write blocks")
                .hasMessageContaining("adapt the model first");
    }
}
