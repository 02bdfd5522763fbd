package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.runtime.ContextAttention;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.runtime.Turn;
import dev.slipstream.runtime.Visibility;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * A denoising run of a block behind a text: its attention over the text computed, kept for the next
 * runs, or taken from an earlier one (FlashBlock, Chen and others 2026). Keys and values of the
 * text are drawn: what they are costs nothing, and to compute those of a long text takes minutes.
 */
public class Denoising extends ModelBenchmark {
    /** Tokens whose keys and values are drawn; those of a longer text repeat them. */
    private static final int DRAWN = 256;

    /** How weights are stored. */
    @Param("int4")
    public String weights;

    /** Threads of a run. */
    @Param("1")
    public int threads;

    /** Tokens before the block. */
    @Param({"64", "480"})
    public int past;

    /** Places of the block. */
    @Param({"8", "32"})
    public int block;

    private int[] text;
    private DecoderModel decoder;
    private DecoderSession session;

    /** Constructs a benchmark for JMH. */
    public Denoising() {}

    /**
     * Draws the text, and compares: kept and taken again, a block that stays has the logits of the
     * computed one, and one that changes has others.
     */
    @Setup
    public void draw() {
        int length = past + block;
        LoadOptions options = options(weights, threads).withContextLength(length);
        RuntimeOptions runtime =
                new RuntimeOptions(threads, Spinning.OFF, 1).withKeptContextRows(block);
        decoder = open(Models.graph(model, options), length, runtime);
        Random random = new Random(past);
        text = random.ints(length, 0, decoder.vocabularySize()).toArray();
        session = decoder.newSession();
        hold(random);
        float[][] expected = copy(computed());
        same("kept", expected, copy(kept()));
        same("reused", expected, copy(reused()));
        int first = text[past];
        text[past] = (first + 1) % decoder.vocabularySize();
        float[] taken = copy(reused())[0];
        LogitCheck.different("reused for another token", copy(computed())[0], taken);
        text[past] = first;
        kept();
    }

    private void hold(Random random) {
        long bytes = DRAWN * decoder.bytesPerToken();
        ByteBuffer drawn =
                ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
        FloatBuffer values = drawn.asFloatBuffer();
        while (values.hasRemaining()) {
            values.put((float) random.nextGaussian());
        }
        for (int from = 0; from < past; from += DRAWN) {
            session.restore(text, from, Math.min(past, from + DRAWN), drawn.rewind());
        }
    }

    private float[][] copy(Logits logits) {
        float[][] rows = new float[block][];
        for (int i = 0; i < block; i++) {
            rows[i] = LogitCheck.copy(logits.row(i));
        }
        return rows;
    }

    private static void same(String what, float[][] expected, float[][] found) {
        for (int i = 0; i < expected.length; i++) {
            LogitCheck.same(what + ", row " + i, expected[i], found[i]);
        }
    }

    private Logits run(ContextAttention context) {
        session.rollback(past);
        return decoder.forward(
                new Turn(session, text, past, past + block, LogitRows.ALL)
                        .withVisibility(Visibility.whole(block))
                        .withContext(context));
    }

    /** Computes attention over the text. */
    @Benchmark
    public Logits computed() {
        return run(ContextAttention.COMPUTED);
    }

    /** Computes it, and keeps it. */
    @Benchmark
    public Logits kept() {
        return run(ContextAttention.KEPT);
    }

    /** Takes what was kept, and reads nothing of the text. */
    @Benchmark
    public Logits reused() {
        return run(ContextAttention.REUSED);
    }
}
