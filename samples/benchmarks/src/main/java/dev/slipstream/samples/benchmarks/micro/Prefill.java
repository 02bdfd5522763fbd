package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** A prompt of 256 tokens, read by pieces: the time of one of its tokens. */
public class Prefill extends ModelBenchmark {
    private static final int PROMPT = 256;

    /** How weights are stored. */
    @Param({"fp32", "int8", "int4"})
    public String weights;

    /** Threads of a run. */
    @Param("1")
    public int threads;

    /** Tokens of a piece. */
    @Param({"16", "64", "256"})
    public int chunk;

    private int[] text;
    private DecoderSession session;

    /** Constructs a benchmark for JMH. */
    public Prefill() {}

    /** Opens the model, and compares the pieces with single tokens. */
    @Setup
    public void open() {
        if (chunk < 1) {
            throw new IllegalArgumentException("chunk: expected 1 or more, found " + chunk);
        }
        LanguageModel opened = open(options(weights, threads));
        text = SampleText.tokens(opened, PROMPT);
        session = opened.decoder().newSession(PROMPT);
        float[] byPieces = LogitCheck.copy(prompt().last());
        session.rollback(PROMPT - 1);
        Logits single = session.forward(text, PROMPT - 1, PROMPT, LogitRows.LAST);
        LogitCheck.same("prompt", LogitCheck.copy(single.last()), byPieces);
    }

    /** Reads the prompt. */
    @Benchmark
    @OperationsPerInvocation(PROMPT)
    public Logits prompt() {
        session.rollback(0);
        int from = 0;
        while (from + chunk < PROMPT) {
            session.forward(text, from, from + chunk, LogitRows.LAST);
            from += chunk;
        }
        return session.forward(text, from, PROMPT, LogitRows.LAST);
    }
}
