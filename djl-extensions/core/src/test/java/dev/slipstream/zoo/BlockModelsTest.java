package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.BlockWork;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.block.BlockDecoding;
import dev.slipstream.oracle.RandomModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which models write by blocks where the native operators are not, and what is refused. */
class BlockModelsTest {
    private static final String BLOCK_DIFFUSION =
            "{\"block_diffusion\": {\"block_size\": 8, \"mask_token_id\": 7, \"alignment\": \"shifted\"}}";

    private static final LoadOptions BLOCKS =
            LoadOptions.defaults().withBlocks(BlockOptions.of(DecoderKind.BLOCKS));

    @TempDir Path directory;

    private String taught = "";
    private String untaught = "";

    @BeforeEach
    void write() throws IOException {
        untaught = model("LlamaForCausalLM").write(directory.resolve("untaught")).toString();
        taught =
                model("LlamaForCausalLM")
                        .with("slipstream", BLOCK_DIFFUSION)
                        .write(directory.resolve("taught"))
                        .toString();
    }

    private static RandomModel model(String architecture) {
        return new RandomModel(architecture, 5).with("vocab_size", "270");
    }

    @Test
    void aTaughtModelWritesBlocksByItself() {
        for (LoadOptions options :
                List.of(
                        LoadOptions.defaults(),
                        BLOCKS,
                        with("context-reuse", "from=0"),
                        with("verification", "policy=always"))) {
            try (AutoregressiveGenerator opened = Models.open(taught, options)) {
                assertThat(opened.method()).isInstanceOf(BlockDecoding.class);
                BlockWork work = work(opened);
                assertThat(work.denoisingRuns()).isPositive();
                assertThat(work.keptContexts() > 0)
                        .isEqualTo(options.blocks().contextReuse() != null);
                assertThat(work.verificationRuns() > 0)
                        .isEqualTo(options.blocks().verification() != null);
            }
        }
    }

    @Test
    void singleTokensOtherwise() {
        LoadOptions single = with("decoder", "autoregressive");
        LoadOptions drafted =
                LoadOptions.defaults().withDrafting(DraftOptions.of(DrafterKind.PROMPT_LOOKUP));
        for (LoadOptions options : List.of(single, drafted)) {
            try (AutoregressiveGenerator opened = Models.open(taught, options)) {
                assertThat(work(opened)).isEqualTo(BlockWork.NONE);
            }
        }
        try (AutoregressiveGenerator opened = Models.open(untaught, LoadOptions.defaults())) {
            assertThat(work(opened)).isEqualTo(BlockWork.NONE);
        }
    }

    @Test
    void attentionWithAWindowStaysCausal() throws IOException {
        String windowed =
                model("MistralForCausalLM")
                        .with("sliding_window", "16")
                        .with("slipstream", BLOCK_DIFFUSION)
                        .write(directory.resolve("windowed"))
                        .toString();
        assertThatThrownBy(() -> Models.open(windowed, BLOCKS).close())
                .isInstanceOf(CheckpointException.class)
                .hasMessageContainingAll(
                        "windowed: expected attention in which new tokens see each other",
                        "slipstream-operators");
        try (AutoregressiveGenerator opened = Models.open(windowed, LoadOptions.defaults())) {
            assertThat(work(opened)).isEqualTo(BlockWork.NONE);
        }
    }

    @Test
    void delimitersHaveToBeInTheVocabulary() throws IOException {
        String small =
                model("LlamaForCausalLM")
                        .with("slipstream", BLOCK_DIFFUSION)
                        .with("vocab_size", "64")
                        .write(directory.resolve("small"))
                        .toString();
        LoadOptions lines = with("borders", "adablock:delimiters=newline");
        assertThatThrownBy(() -> Models.open(small, lines).close())
                .isInstanceOf(CheckpointException.class)
                .hasMessageStartingWith("small: delimiters: the tokenizer has no token");
    }

    private static LoadOptions with(String name, String text) {
        return LoadOptions.defaults().withBlocks(BlockOptions.parse(Map.of(name, text)::get));
    }

    private static BlockWork work(AutoregressiveGenerator opened) {
        Prompt prompt = new Prompt("", new int[] {9, 12, 15, 20});
        GenerationOptions options =
                GenerationOptions.builder().maxTokens(20).ignoreEndOfText(true).build();
        return opened.generate(prompt, options).statistics().work().blocks();
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
