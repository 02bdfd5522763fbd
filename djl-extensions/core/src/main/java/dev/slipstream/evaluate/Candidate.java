package dev.slipstream.evaluate;

import dev.slipstream.decode.EffortRequest;
import dev.slipstream.pass.PassSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A way to make a model faster that is to be measured.
 *
 * @param passes what changes the original's graph for good, in order
 * @param gates passes that make parts of it optional, in order; none of both is the original itself
 * @param effort the level at which it is measured; null for the whole model
 */
public record Candidate(List<PassSpec> passes, List<PassSpec> gates, @Nullable String effort) {
    /** The untouched model. */
    public static final Candidate ORIGINAL = new Candidate(List.of(), List.of(), null);

    /** Copies the lists. */
    public Candidate {
        passes = List.copyOf(passes);
        gates = List.copyOf(gates);
    }

    /** Returns the text forms of passes and gates, joined by plus signs, and the level. */
    public String plan() {
        List<PassSpec> all = new ArrayList<>(passes);
        all.addAll(gates);
        String joined =
                all.isEmpty()
                        ? "original"
                        : all.stream().map(PassSpec::toString).collect(Collectors.joining(" + "));
        return effort == null ? joined : joined + " @" + effort;
    }

    /** Returns what requests ask for. */
    public EffortRequest request() {
        return effort == null ? EffortRequest.NONE : EffortRequest.of(effort);
    }
}
