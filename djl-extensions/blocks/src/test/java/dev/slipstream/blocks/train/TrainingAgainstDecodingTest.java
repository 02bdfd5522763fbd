package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.DecoderDirectory;
import dev.slipstream.blocks.StoredType;
import dev.slipstream.blocks.TinyDecoder;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Turn;
import dev.slipstream.runtime.Visibility;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Proof 3 of NBDiff: a block is decoded with the logits that it was trained with. */
class TrainingAgainstDecodingTest {
    private static final int MASK = 60;
    private static final int VOCABULARY = 61;
    private static final int LENGTH = 16;
    private static final int BLOCK = 4;

    @TempDir Path directory;

    @Test
    void trainAndInferenceConsistency() throws IOException {
        long seed = 31;
        Random random = new Random(seed);
        int[] clean = Passes.windows(1, LENGTH)[0];
        int[] noised = clean.clone();
        for (int place = 0; place < LENGTH; place++) {
            noised[place] = place % BLOCK != 0 && random.nextBoolean() ? MASK : noised[place];
        }
        float[] trained;
        Path saved = directory.resolve("saved");
        try (NDManager manager = TinyDecoder.manager()) {
            TinyDecoder tiny =
                    new TinyDecoder("LlamaForCausalLM")
                            .with(
                                    "slipstream",
                                    "{\"block_diffusion\": {\"block_size\": %d, \"mask_token_id\": %d}}"
                                            .formatted(BLOCK, MASK));
            Path origin = directory.resolve("origin");
            DecoderBlock decoder = tiny.draw(manager, origin, 5);
            NextBlock recipe =
                    new NextBlock(
                            dev.slipstream.blocks.train.Visibility.CONTEXT_CAUSAL,
                            new BlockGrowth(BLOCK, BLOCK, 2, 0, 1),
                            0.5,
                            MASK);
            int[] both = IntStream.concat(Arrays.stream(clean), Arrays.stream(noised)).toArray();
            trained =
                    Passes.logits(
                            manager,
                            decoder,
                            both,
                            recipe.attending(manager, decoder, LENGTH, BLOCK));
            DecoderDirectory.write(
                    saved, decoder, ModelFiles.of(origin), new JsonObject(), StoredType.FLOAT32);
        }
        try (DecoderModel model = open(saved);
                DecoderSession session = model.newSession()) {
            assertThat(model.seesBlocks()).isTrue();
            for (int start = 0; start < LENGTH; start += BLOCK) {
                session.rollback(0);
                if (start > 0) {
                    session.forward(clean, 0, start, LogitRows.LAST);
                }
                Logits logits =
                        model.forward(
                                new Turn(session, noised, start, start + BLOCK, LogitRows.ALL)
                                        .withVisibility(Visibility.whole(BLOCK)));
                for (int row = 0; row < BLOCK; row++) {
                    float[] decoded = new float[VOCABULARY];
                    logits.row(row).get(decoded);
                    int at = (LENGTH + start + row) * VOCABULARY;
                    assertThat(decoded)
                            .as("seed %d, block at %d, row %d", seed, start, row)
                            .containsExactly(
                                    Arrays.copyOfRange(trained, at, at + VOCABULARY),
                                    within(1e-4f));
                }
            }
        }
    }

    private static DecoderModel open(Path directory) {
        ModelFiles files = ModelFiles.of(directory);
        return DecoderModel.open(
                DecoderGraphs.write(
                        "saved",
                        DecoderConfig.read(files),
                        SafeTensors.read(files),
                        Precision.FP32,
                        64),
                64,
                RuntimeOptions.defaults());
    }
}
