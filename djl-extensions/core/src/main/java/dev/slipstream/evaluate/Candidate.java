package dev.slipstream.evaluate;

import dev.slipstream.pass.PassSpec;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A way to make a model faster that is to be measured: the passes to apply to the original.
 *
 * @param passes in their order; none is the original itself
 */
public record Candidate(List<PassSpec> passes) {
    /** The untouched model. */
    public static final Candidate ORIGINAL = new Candidate(List.of());

    /** Copies the list. */
    public Candidate {
        passes = List.copyOf(passes);
    }

    /** Returns the passes as their text forms, joined by plus signs. */
    public String plan() {
        return passes.isEmpty()
                ? "original"
                : passes.stream().map(PassSpec::toString).collect(Collectors.joining(" + "));
    }
}
