package dev.slipstream.samples.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.evaluate.ModelShape;
import dev.slipstream.evaluate.RandomModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every command from its arguments to the files, and what wrong arguments say. */
class CommandTreeTest {
    private static final ModelShape TINY =
            new ModelShape("tiny", 32, 2, 4, 2, 8, 48, 300, 64, 10000, null);

    @TempDir Path directory;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeEach
    void write() throws IOException {
        Path model = Files.createDirectory(directory.resolve("model"));
        new RandomModel(TINY, 1).write(model, written -> {});
        Files.writeString(directory.resolve("text.txt"), "She sells sea shells. ".repeat(50));
    }

    @Test
    void pretrainWritesAModelThatOpens() {
        assertThat(run("pretrain", "--steps", "3")).isZero();
        Path model = directory.resolve("out/model");
        assertThat(out.toString(StandardCharsets.UTF_8).strip()).isEqualTo(model.toString());
        ModelFiles files = ModelFiles.of(model);
        DecoderConfig.read(files).checkAgainst(SafeTensors.read(files));
        assertThat(directory.resolve("out/losses.svg")).exists();
        assertThat(directory.resolve("out/checkpoint-0000003")).exists();
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("tokens to train on", "step 3/3: next token ", "tokens/s", "0:00:00 left")
                .contains("validation after 3 steps: next token", "checkpoint after 3 steps");
    }

    @Test
    void aRunIsResumedOnlyIfAsked() {
        assertThat(run("pretrain", "--steps", "2", "--from-nothing")).isZero();
        assertThat(run("pretrain", "--steps", "2", "--from-nothing")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("expected a directory without checkpoints");
        assertThat(run("pretrain", "--steps", "2", "--from-nothing", "--resume")).isZero();
        assertThat(run("pretrain", "--steps", "3", "--from-nothing", "--resume")).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("expected the settings it was written with");
    }

    @Test
    void matFormerKeepsItsWidthsInTheConfiguration() {
        assertThat(run("matformer", "--steps", "2", "--widths", "12,48", "--mode", "joint"))
                .isZero();
        DecoderConfig config = DecoderConfig.read(ModelFiles.of(directory.resolve("out/model")));
        assertThat(config.feedForwardGranularities()).containsExactly(12, 48);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("width 12 ", "width 48 ");
    }

    @Test
    void distilLearnsFromATeacher() {
        String teacher = directory.resolve("model").toString();
        assertThat(run("distil", "--steps", "2", "--teacher", teacher, "--from-nothing")).isZero();
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("divergence ", "next token ");
    }

    @Test
    void adaptTellsBlockSizeAndMaskToken() throws IOException {
        assertThat(run("adapt", "--steps", "2", "--max-block", "4", "--arithmetic", "bfloat16"))
                .isZero();
        assertThat(Files.readString(directory.resolve("out/model/config.json")))
                .contains("\"block_diffusion\"", "\"block_size\": 4", "\"mask_token_id\": 257");
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("masked ", "autoregressive ", "masked in blocks of 4 ");
    }

    @Test
    void wrongArgumentsAreToldInOneLine() {
        assertThat(run("adapt", "--steps", "0")).isEqualTo(CommandTree.USAGE);
        assertThat(run("adapt", "--steps", "1", "--max-block", "64")).isEqualTo(2);
        assertThat(run("matformer", "--steps", "1", "--widths", "12,24")).isEqualTo(2);
        assertThat(run("pretrain", "--steps", "1", "--length", "65")).isEqualTo(2);
        assertThat(CommandTree.execute(stream(out), stream(err), false, "pretrain")).isEqualTo(2);
        assertThat(CommandTree.execute(stream(out), stream(err), false)).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8).lines())
                .contains(
                        "train adapt: steps: expected 1 or more, found 0 (see 'train adapt --help')",
                        "train adapt: largest block size: expected at most the 16 tokens of a"
                                + " sequence, found 64 (see 'train adapt --help')",
                        "train matformer: last width: expected the whole one, 48, found 24 (see"
                                + " 'train matformer --help')",
                        "train pretrain: length of a sequence: expected at most the model's 64"
                                + " tokens, found 65 (see 'train pretrain --help')",
                        "train: expected a command: pretrain, matformer, distil, adapt, synthetic (see"
                                + " 'train --help')");
    }

    private int run(String command, String... arguments) {
        List<String> all = new ArrayList<>(List.of(command));
        all.addAll(List.of("--model", directory.resolve("model").toString()));
        all.addAll(List.of("--text", directory.resolve("text.txt").toString()));
        all.addAll(List.of("--validation", directory.resolve("text.txt").toString()));
        all.addAll(List.of("--out", directory.resolve("out").toString(), "--batch", "2"));
        if (!List.of(arguments).contains("--length")) {
            all.addAll(List.of("--length", "16"));
        }
        all.addAll(List.of(arguments));
        return CommandTree.execute(stream(out), stream(err), false, all.toArray(new String[0]));
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
