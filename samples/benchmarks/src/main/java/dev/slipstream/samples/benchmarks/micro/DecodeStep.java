package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** One token through the model, behind tokens that it holds: what plain decoding costs a token. */
public class DecodeStep extends ModelBenchmark {
    /** How weights are stored. */
    @Param({"fp32", "int8", "int4"})
    public String weights;

    /** Threads of a run. */
    @Param({"1", "2"})
    public int threads;

    /** Tokens before the one that is run; a model of longer context takes more. */
    @Param({"64", "480"})
    public int past;

    private int[] text;
    private DecoderSession session;

    /** Constructs a benchmark for JMH. */
    public DecodeStep() {}

    /** Reads the tokens before, and compares the step with reading all at once. */
    @Setup
    public void read() {
        LanguageModel opened = open(options(weights, threads));
        text = SampleText.tokens(opened, past + 1);
        session = opened.decoder().newSession();
        float[] atOnce = LogitCheck.copy(session.forward(text, LogitRows.LAST).last());
        LogitCheck.same("step", atOnce, LogitCheck.copy(step().last()));
    }

    /** Runs the token, again and again at the same place. */
    @Benchmark
    public Logits step() {
        session.rollback(past);
        return session.forward(text, past, past + 1, LogitRows.LAST);
    }
}
