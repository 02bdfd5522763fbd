package dev.slipstream.evaluate;

import dev.slipstream.pass.PassSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A way to make a model faster that is to be measured.
 *
 * @param passes what changes the original's graph for good, in order
 * @param gates passes that make parts of it optional, in order; none of both is the original itself
 */
public record Candidate(List<PassSpec> passes, List<PassSpec> gates) {
    /** The untouched model. */
    public static final Candidate ORIGINAL = new Candidate(List.of(), List.of());

    /** Copies the lists. */
    public Candidate {
        passes = List.copyOf(passes);
        gates = List.copyOf(gates);
    }

    /** Returns the text forms of passes and gates, joined by plus signs. */
    public String plan() {
        List<PassSpec> all = new ArrayList<>(passes);
        all.addAll(gates);
        return all.isEmpty()
                ? "original"
                : all.stream().map(PassSpec::toString).collect(Collectors.joining(" + "));
    }
}
