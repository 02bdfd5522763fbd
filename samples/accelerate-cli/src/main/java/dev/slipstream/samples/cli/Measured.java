package dev.slipstream.samples.cli;

import dev.slipstream.evaluate.Evaluation;
import dev.slipstream.evaluate.Footprint;
import dev.slipstream.evaluate.Perplexity;
import dev.slipstream.evaluate.Spread;
import dev.slipstream.evaluate.TaskScores;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What was measured of one of two models, flat, for programs.
 *
 * @param natsPerToken mean cross-entropy in nats a token
 * @param perplexity e to the power of it
 * @param bitsPerCharacter mean cross-entropy in bits a character
 * @param tokensPerSecond of decoding, after the first token
 * @param firstTokenSeconds from a request to its first token
 * @param storedBytes of all weights
 * @param residentBytes by which the process grew; null where that is not told
 * @param tasks scores by the task's name
 */
record Measured(
        double natsPerToken,
        double perplexity,
        double bitsPerCharacter,
        Spread tokensPerSecond,
        Spread firstTokenSeconds,
        long storedBytes,
        @Nullable Long residentBytes,
        Map<String, Double> tasks) {
    static Measured original(Evaluation evaluation) {
        return of(
                evaluation.quality().original(),
                evaluation.speed().originalTokensPerSecond(),
                evaluation.speed().originalFirstToken(),
                evaluation.originalFootprint(),
                scores(evaluation.tasks(), Side.ORIGINAL));
    }

    static Measured candidate(Evaluation evaluation) {
        return of(
                evaluation.quality().candidate(),
                evaluation.speed().tokensPerSecond(),
                evaluation.speed().firstToken(),
                evaluation.footprint(),
                scores(evaluation.tasks(), Side.CANDIDATE));
    }

    private enum Side {
        ORIGINAL,
        CANDIDATE
    }

    private static Map<String, Double> scores(List<TaskScores> tasks, Side side) {
        Map<String, Double> scores = new TreeMap<>();
        for (TaskScores task : tasks) {
            scores.put(
                    task.task(),
                    (side == Side.ORIGINAL ? task.original() : task.candidate()).value());
        }
        return scores;
    }

    private static Measured of(
            Perplexity perplexity,
            Spread rate,
            Spread first,
            Footprint footprint,
            Map<String, Double> tasks) {
        return new Measured(
                perplexity.natsPerToken(),
                perplexity.perplexity(),
                perplexity.bitsPerCharacter(),
                rate,
                first,
                footprint.storedBytes(),
                footprint.residentBytes(),
                tasks);
    }
}
