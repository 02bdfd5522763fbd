package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.decode.BlockWork;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.block.BorderRule;
import dev.slipstream.decode.block.ContextReuse;
import dev.slipstream.decode.block.Delimiter;
import dev.slipstream.decode.block.SelfVerification;
import dev.slipstream.decode.block.StaticUnmasking;
import dev.slipstream.decode.block.Storing;
import dev.slipstream.decode.block.WindowRule;
import dev.slipstream.zoo.BlockOptions;
import dev.slipstream.zoo.DecoderKind;
import dev.slipstream.zoo.LoadOptions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blocks on the command line: what reaches the model, and what it tells. */
class BlockFlagsTest {
    @TempDir Path directory;

    private final ScriptedGenerator generator = new ScriptedGenerator("Es war ", "einmal.");
    private LoadOptions loading = LoadOptions.defaults();
    private final Shell shell =
            new Shell(
                    Libraries.scripted(
                            (location, options) -> {
                                loading = options;
                                return generator;
                            }));

    @Test
    void handsEveryFlagToTheModel() {
        String command =
                "generate --decoder blocks --block-size 8 --block-steps 3 --unmasking static"
                        + " --block-borders adablock:usual=4,delimiters=period --verification"
                        + " policy=always --context-reuse from=64 --block-storing whole";

        assertThat(shell.run(command.split(" "))).as(shell.err()).isZero();

        assertThat(loading.blocks())
                .isEqualTo(
                        new BlockOptions(
                                DecoderKind.BLOCKS,
                                8,
                                3,
                                new StaticUnmasking(),
                                new BorderRule.AtDelimiters(
                                        4, 0.3, Set.of(Delimiter.PERIOD), WindowRule.RELEASED),
                                SelfVerification.parse("policy=always"),
                                new ContextReuse(64),
                                Storing.WHOLE));
    }

    @Test
    void leavesItToTheModelWhereNothingIsGiven() {
        shell.run("generate");
        assertThat(loading.blocks()).isEqualTo(BlockOptions.AUTO);
        shell.run("generate", "--decoder", "autoregressive");
        assertThat(loading.blocks()).isEqualTo(BlockOptions.of(DecoderKind.AUTOREGRESSIVE));
    }

    @ParameterizedTest
    @CsvSource({
        "--decoder diffusion, --decoder: expected one of",
        "--block-size 1, --block-size: expected a whole number of 2",
        "--block-steps 0, --block-steps: expected a whole number of 1",
        "--unmasking most, --unmasking: expected confidence:0.9",
        "--block-borders lines, --block-borders: expected fixed",
        "--verification maybe, --verification: ",
        "--context-reuse from=x, --context-reuse: ",
        "--block-storing twice, --block-storing: expected one of",
        "--decoder autoregressive --block-size 4, --block-size: expected the decoder blocks",
        "--decoder blocks --drafter prompt-lookup, --decoder: expected no blocks",
        "--unmasking static --drafter prompt-lookup, --decoder: expected no blocks",
    })
    void refusesWrongFlagsByTheirNames(String arguments, String message) {
        assertThat(shell.run(("generate " + arguments).split(" "))).isEqualTo(2);
        assertThat(shell.err().lines()).hasSize(1);
        assertThat(shell.err()).startsWith("slipstream generate: " + message.strip());
    }

    @Test
    void tellsWhatTheBlocksTook() throws IOException {
        Path file = directory.resolve("report.json");
        generator.work = said -> work(new BlockWork(2, 16, 5, 2, 1, 3, 4, 1));

        shell.run("generate", "--json", file.toString());

        assertThat(shell.err())
                .contains("blocks         2 of 16 tokens in all, 2.00 a run")
                .contains("runs           5 denoising, 2 verifying, 1 storing")
                .contains("verified       3 tokens")
                .contains("context        kept by 4 runs, reused by 1");
        JsonObject blocks =
                JsonParser.parseString(Files.readString(file))
                        .getAsJsonObject()
                        .getAsJsonObject("blocks");
        assertThat(blocks.get("denoisingRuns").getAsInt()).isEqualTo(5);
        assertThat(blocks.get("tokensPerRun").getAsDouble()).isEqualTo(2);
    }

    @Test
    void tellsNothingOfBlocksWhereThereAreNone() {
        shell.run("generate");
        assertThat(shell.err()).doesNotContain("blocks", "denoising");
        generator.work = said -> work(new BlockWork(1, 8, 2, 0, 1, 0, 0, 0));
        shell.run("generate");
        assertThat(shell.err()).contains("2 denoising").doesNotContain("verified", "context");
    }

    private static Statistics.Work work(BlockWork blocks) {
        return new Statistics.Work(
                0, 0, 0, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO, 0, 0, blocks);
    }

    @Test
    void generatesInspectsAndMeasuresWithATaughtModel() throws IOException {
        String model = taught();
        Shell real = new Shell(Library.slipstream());
        Path json = directory.resolve("report.json");

        assertThat(real.run("generate", "-m", model, "-n", "12", "--json", json.toString()))
                .as(real.err())
                .isZero();
        JsonObject report = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        assertThat(report.getAsJsonObject("blocks").get("denoisingRuns").getAsInt()).isPositive();

        assertThat(real.run("inspect", "-m", model)).isZero();
        assertThat(real.out())
                .containsPattern("blocks +of 8 tokens at most, mask token 3, shifted\n");

        String measured = "throughput --streams=2 --rounds=1 --block-size=4 --max-tokens=6 -m ";
        assertThat(real.run((measured + model).split(" "))).as(real.err()).isZero();

        assertThat(real.run("generate", "-m", "storyteller-7m", "--decoder", "blocks")).isOne();
        assertThat(real.err()).contains("expected a model that was taught to write blocks");
    }

    /** A decoder of single tokens whose configuration says that it writes blocks. */
    private String taught() throws IOException {
        Path target = Files.createDirectory(directory.resolve("taught"));
        for (String name : List.of("config.json", "tokenizer.json", "model.safetensors")) {
            String resource = "META-INF/slipstream/models/storyteller-7m/" + name;
            try (InputStream from =
                    Objects.requireNonNull(
                            BlockFlagsTest.class.getClassLoader().getResourceAsStream(resource))) {
                Files.copy(from, target.resolve(name));
            }
        }
        Path config = target.resolve("config.json");
        String blocks =
                "\"slipstream\": {\"block_diffusion\": {\"block_size\": 8, \"mask_token_id\": 3},";
        Files.writeString(
                config, Files.readString(config).replaceFirst("\"slipstream\": \\{", blocks));
        return target.toString();
    }
}
