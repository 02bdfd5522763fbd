package dev.slipstream.evaluate;

import dev.slipstream.pass.PipelineProgress;

/** Opens one model in the forms that candidates ask for. */
@FunctionalInterface
public interface CandidateOpener {
    /**
     * Applies a candidate's passes and opens the result; the caller closes it.
     *
     * @param candidate what to do to the model
     * @param progress hears of the passes; what it throws ends them
     * @throws RuntimeException if a pass refuses the model, or the result cannot be opened: the
     *     message says why
     */
    OpenCandidate open(Candidate candidate, PipelineProgress progress);
}
