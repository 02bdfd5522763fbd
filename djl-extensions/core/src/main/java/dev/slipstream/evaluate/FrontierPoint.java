package dev.slipstream.evaluate;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a sweep found at one candidate: either an evaluation, or why there is none.
 *
 * @param candidate what was tried
 * @param methods the names of the methods that it is made of
 * @param evaluation what was measured; null if it failed
 * @param failure why it failed; null if it did not
 * @param seconds that it took, the passes included
 */
public record FrontierPoint(
        Candidate candidate,
        List<String> methods,
        @Nullable Evaluation evaluation,
        @Nullable String failure,
        double seconds) {
    /** Copies the list and checks that there is one outcome. */
    public FrontierPoint {
        methods = List.copyOf(methods);
        if ((evaluation == null) == (failure == null)) {
            throw new IllegalArgumentException(
                    candidate.plan() + ": expected an evaluation or a failure, found both or none");
        }
    }

    /** Returns price and gain; null if the point failed. */
    @Nullable Worth worth() {
        return evaluation == null
                ? null
                : new Worth(evaluation.quality().natsLost(), evaluation.speed().ratio().median());
    }
}
