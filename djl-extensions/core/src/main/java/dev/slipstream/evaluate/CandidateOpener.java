package dev.slipstream.evaluate;

/** Opens one model in the forms that candidates ask for. */
@FunctionalInterface
public interface CandidateOpener {
    /**
     * Applies a candidate's passes and opens the result; the caller closes it.
     *
     * @throws RuntimeException if a pass refuses the model, or the result cannot be opened: the
     *     message says why
     */
    OpenCandidate open(Candidate candidate);
}
