package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The beginning of a prompt that came before: computed again, against copied from the cache; and
 * what it costs to remember it.
 */
public class PrefixCaching extends ModelBenchmark {
    private static final long BUDGET = 64L << 20;

    /** How weights are stored; keys and values are 32-bit floats in all of them. */
    @Param("int8")
    public String weights;

    /** Tokens that are remembered. */
    @Param({"64", "256"})
    public int tokens;

    private int[] text;
    private DecoderSession whole;
    private DecoderSession session;
    private PrefixCache full;
    private PrefixCache empty;

    /** Constructs a benchmark for JMH. */
    public PrefixCaching() {}

    /** Fills a cache, and compares a token behind what it gives with one behind all tokens. */
    @Setup
    public void fill() {
        LanguageModel opened = open(options(weights, 1));
        text = SampleText.tokens(opened, tokens + 1);
        whole = opened.decoder().newSession(tokens + 1);
        session = opened.decoder().newSession(tokens + 1);
        full = new PrefixCache(opened.decoder(), BUDGET);
        empty = new PrefixCache(opened.decoder(), BUDGET);
        whole.forward(text, 0, tokens, LogitRows.LAST);
        full.store(whole);
        requireAll("hit", hit());
        float[] copied = LogitCheck.copy(last(session).last());
        LogitCheck.same("hit", LogitCheck.copy(last(whole).last()), copied);
        whole.rollback(tokens);
        store();
        session.rollback(0);
        requireAll("store", empty.restore(session, text, tokens));
    }

    private Logits last(DecoderSession behind) {
        return behind.forward(text, tokens, tokens + 1, LogitRows.LAST);
    }

    private void requireAll(String what, int found) {
        if (found != tokens) {
            throw new IllegalStateException(
                    "%s: expected %d tokens from the cache, found %d"
                            .formatted(what, tokens, found));
        }
    }

    /** Forgets what is remembered. */
    @TearDown
    public void closeCaches() {
        full.close();
        empty.close();
    }

    /** Runs the tokens through the model. */
    @Benchmark
    public Logits compute() {
        session.rollback(0);
        return session.forward(text, 0, tokens, LogitRows.LAST);
    }

    /** Looks the tokens up and copies their keys and values into a session. */
    @Benchmark
    public int hit() {
        session.rollback(0);
        return full.restore(session, text, tokens);
    }

    /** Empties a cache, whose pages stay allocated, and copies the tokens' keys and values in. */
    @Benchmark
    public void store() {
        empty.clear();
        empty.store(whole);
    }
}
