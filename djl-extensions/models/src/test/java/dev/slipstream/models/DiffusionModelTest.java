package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.BlockWork;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.block.BlockDecoding;
import dev.slipstream.decode.block.ConfidenceUnmasking;
import dev.slipstream.decode.block.SelfVerification;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import dev.slipstream.runtime.Visibility;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The embedded model that writes by blocks. */
class DiffusionModelTest {
    private static final int BLOCK = 8;

    /** Of no book that the model has seen. */
    private static final String PASSAGE =
            "The two children ran down to the shore as soon as the storm was over, for they wanted to"
                    + " see what the sea had brought. There was a long plank with three letters on it,"
                    + " and a basket without a bottom, and a great heap of brown weed. \"Let us look under"
                    + " it,\" said the boy; but his sister was afraid of crabs, and would not come nearer."
                    + " So he took a stick and turned the weed over, and there lay a little glass bottle,"
                    + " with a cork in it, and inside the bottle was a piece of paper.";

    private static AutoregressiveGenerator generator;
    private static DecoderModel decoder;

    @BeforeAll
    static void open() {
        generator =
                Models.open(
                        "storyteller-7m-diffusion",
                        LoadOptions.defaults().withPrecision(Precision.FP32));
        decoder = generator.model().decoder();
    }

    @AfterAll
    static void close() {
        generator.close();
    }

    @Test
    void writesByBlocksWithoutBeingAsked() {
        assertThat(decoder.metadata())
                .containsEntry(DecoderGraphs.BLOCK_DIFFUSION, "16,256,SHIFTED");
        assertThat(generator.method()).isInstanceOf(BlockDecoding.class);
        assertThat(((BlockDecoding) generator.method()).diffusion())
                .isEqualTo(new BlockDiffusion(16, 256, BlockDiffusion.Alignment.SHIFTED));
    }

    /** S2D2 with the likeliest tokens as judge: the text is that token by token, in fewer runs. */
    @Test
    void verifiedTextsArePlainDecodingInFewerRuns() {
        Prompt prompt = generator.prompt("There was once a little princess whose father");
        GenerationOptions options = GenerationOptions.builder().maxTokens(64).build();
        // The generators close nothing: the model stays this test's.
        Generation plain = new AutoregressiveGenerator(generator.model()).generate(prompt, options);
        Generation verified =
                new AutoregressiveGenerator(
                                generator.model(),
                                BlockDecoding.of(decoder)
                                        .withVerification(
                                                SelfVerification.parse(
                                                        "policy=always,rule=likeliest")))
                        .generate(prompt, options);
        assertThat(verified.text()).isEqualTo(plain.text());
        BlockWork work = verified.statistics().work().blocks();
        assertThat(work.tokensPerRun()).isGreaterThan(1);
        assertThat(work.verifiedTokens()).isGreaterThan(10);
    }

    @Test
    void neverWritesTheMask() {
        Prompt prompt = generator.prompt("Once");
        GenerationOptions hot =
                GenerationOptions.builder().maxTokens(96).temperature(5).seed(3L).build();
        Generation text =
                new AutoregressiveGenerator(
                                generator.model(),
                                BlockDecoding.of(decoder).withUnmasking(new ConfidenceUnmasking(0)))
                        .generate(prompt, hot);
        assertThat(text.tokens()).noneMatch(token -> token.id() == 256);
        assertThat(text.statistics().work().blocks().tokensPerRun()).isGreaterThan(5);
    }

    /** What adaptation taught: 5.8 nats before it in blocks of 8, 4.5 after it, on other books. */
    @Test
    void foretellsMaskedTokens() {
        int[] text = generator.prompt(PASSAGE).ids();
        Random random = new Random(11);
        double nats = 0;
        int masked = 0;
        try (DecoderSession session = decoder.newSession()) {
            for (int start = 0; start + BLOCK <= text.length; start += BLOCK) {
                int[] noised = text.clone();
                for (int place = start + 1; place < start + BLOCK; place++) {
                    noised[place] = random.nextBoolean() ? 256 : text[place];
                }
                Logits logits =
                        decoder.forward(
                                new Turn(session, noised, start, start + BLOCK, LogitRows.ALL)
                                        .withVisibility(Visibility.whole(BLOCK)));
                for (int place = start + 1; place < start + BLOCK; place++) {
                    if (noised[place] == 256) {
                        nats += surprise(logits.row(place - 1 - start), text[place]);
                        masked++;
                    }
                }
                session.rollback(start);
                session.forward(text, start, start + BLOCK, LogitRows.LAST);
            }
        }
        assertThat(masked).isGreaterThan(30);
        assertThat(nats / masked).isBetween(3.0, 5.2);
    }

    private static double surprise(FloatBuffer row, int token) {
        double sum = 0;
        for (int i = 0; i < row.limit(); i++) {
            sum += Math.exp(row.get(i));
        }
        return Math.log(sum) - row.get(token);
    }
}
