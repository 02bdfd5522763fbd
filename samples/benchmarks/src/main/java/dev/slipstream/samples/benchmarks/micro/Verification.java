package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** A run over several tokens with the logits of each: what it costs to verify a draft. */
public class Verification extends ModelBenchmark {
    /** How weights are stored. */
    @Param({"fp32", "int8", "int4"})
    public String weights;

    /** Threads of a run. */
    @Param("1")
    public int threads;

    /** Tokens before those that are run. */
    @Param("64")
    public int past;

    /** Tokens of the run: the drafted ones and the one before them. */
    @Param({"1", "2", "4", "8", "16"})
    public int tokens;

    private int[] text;
    private DecoderSession session;

    /** Constructs a benchmark for JMH. */
    public Verification() {}

    /** Reads the tokens before, and compares each row with that of the token run alone. */
    @Setup
    public void read() {
        LanguageModel opened = open(options(weights, threads));
        text = SampleText.tokens(opened, past + tokens);
        session = opened.decoder().newSession();
        session.forward(text, 0, past, LogitRows.LAST);
        float[][] alone = new float[tokens][];
        for (int i = 0; i < tokens; i++) {
            int at = past + i;
            alone[i] = LogitCheck.copy(session.forward(text, at, at + 1, LogitRows.LAST).last());
        }
        Logits together = verify();
        for (int i = 0; i < tokens; i++) {
            LogitCheck.same("row " + i, alone[i], LogitCheck.copy(together.row(i)));
        }
    }

    /** Runs all of the tokens at once. */
    @Benchmark
    public Logits verify() {
        session.rollback(past);
        return session.forward(text, past, past + tokens, LogitRows.ALL);
    }
}
