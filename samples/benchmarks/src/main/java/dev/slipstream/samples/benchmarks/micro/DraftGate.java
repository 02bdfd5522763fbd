package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.LoadOptions;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * One token through a model that drafts with a part of itself: all of it, and the part that drafts,
 * against the same model without that part.
 */
public class DraftGate extends ModelBenchmark {
    /** How weights are stored. */
    @Param({"fp32", "int8", "int4"})
    public String weights;

    /** What drafts: {@code slice}, for models with nested feed-forwards, or {@code layer-skip}. */
    @Param({"slice", "layer-skip"})
    public String drafter;

    /** Tokens before the one that is run. */
    @Param("64")
    public int past;

    private int[] text;
    private DecoderSession plain;
    private DecoderSession gated;

    /** Constructs a benchmark for JMH. */
    public DraftGate() {}

    /** Opens both, and compares: all of the model is the plain one, its part is not. */
    @Setup
    public void open() {
        LoadOptions options = options(weights, 1);
        // A constant length: by measured costs, a part that does not pay would be left out.
        Map<String, String> draft = Map.of("drafter", drafter, "length", "constant:4");
        LanguageModel opened = open(options);
        LanguageModel drafting = open(options.withDrafting(DraftOptions.parse(draft::get)));
        text = SampleText.tokens(opened, past + 1);
        plain = opened.decoder().newSession();
        gated = drafting.decoder().newSession();
        plain.forward(text, 0, past, LogitRows.LAST);
        gated.forward(text, 0, past, LogitRows.LAST);
        float[] expected = LogitCheck.copy(plain().last());
        LogitCheck.same("full", expected, LogitCheck.copy(full().last()));
        LogitCheck.different("draft", expected, LogitCheck.copy(draft().last()));
    }

    /** Runs the token through the model that does not draft. */
    @Benchmark
    public Logits plain() {
        plain.rollback(past);
        return plain.forward(text, past, past + 1, LogitRows.LAST);
    }

    /** Runs the token through all of the model that drafts. */
    @Benchmark
    public Logits full() {
        gated.rollback(past);
        return gated.forward(text, past, past + 1, LogitRows.LAST);
    }

    /** Runs the token through the part that drafts. */
    @Benchmark
    public Logits draft() {
        gated.rollback(past);
        return gated.forward(text, past, past + 1, LogitRows.LAST, Depth.DRAFT);
    }
}
