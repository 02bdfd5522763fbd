package dev.slipstream.evaluate;

import dev.slipstream.decode.SentenceEncoder;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Measures a changed sentence encoder against the original: the price in quality on pairs that
 * people judged, the gain in speed on their sentences, both encoders in turns in the same run.
 */
public final class EncoderAppraiser {
    private final SentenceSimilarity similarity;
    private final List<Evaluator> tasks;
    private final EmbeddingSpeedMeter speed;

    /**
     * Constructs an appraiser.
     *
     * @param similarity pairs that quality is judged by; never sentences that passes calibrate on
     * @param tasks that the encoders do besides
     * @param rounds how often all sentences are embedded to take the time
     */
    public EncoderAppraiser(SentenceSimilarity similarity, List<Evaluator> tasks, int rounds) {
        this.similarity = similarity;
        this.tasks = List.copyOf(tasks);
        this.speed = new EmbeddingSpeedMeter(similarity.sentences(), rounds);
    }

    /** Returns how many texts are embedded to take the time, for progress. */
    public int embedded() {
        return speed.embedded();
    }

    /**
     * Measures.
     *
     * @param original the untouched encoder
     * @param candidate of the same tokenizer and vectors as long
     * @param progress is told the number of texts embedded to take the time; what it throws ends
     *     the measurement
     * @throws IllegalArgumentException if the two are no forms of one encoder
     */
    public EncoderEvaluation appraise(
            OpenEncoder original, OpenEncoder candidate, IntConsumer progress) {
        requireSame(original.model(), candidate.model());
        double cosine =
                meanCosine(
                        original.model().embed(similarity.sentences()),
                        candidate.model().embed(similarity.sentences()));
        return new EncoderEvaluation(
                scores(similarity, original, candidate),
                cosine,
                speed.measure(original.model(), candidate.model(), progress),
                original.footprint(),
                candidate.footprint(),
                tasks.stream().map(task -> scores(task, original, candidate)).toList());
    }

    private static TaskScores scores(Evaluator task, OpenEncoder original, OpenEncoder candidate) {
        return new TaskScores(
                task.name(),
                task.evaluate(new Subject.Encoder(original.model())),
                task.evaluate(new Subject.Encoder(candidate.model())));
    }

    private static double meanCosine(float[][] original, float[][] candidate) {
        double sum = 0;
        for (int i = 0; i < original.length; i++) {
            sum += SentenceSimilarity.product(original[i], candidate[i]);
        }
        return sum / original.length;
    }

    private static void requireSame(SentenceEncoder original, SentenceEncoder candidate) {
        int size = size(original);
        if (!original.tokenizer().fingerprint().equals(candidate.tokenizer().fingerprint())
                || size != size(candidate)) {
            throw new IllegalArgumentException(
                    "%s: expected the tokenizer of %s and vectors of its %d numbers, found another; compare an encoder with the one it was made from"
                            .formatted(candidate.name(), original.name(), size));
        }
    }

    private static int size(SentenceEncoder encoder) {
        return encoder.embed(List.of(""))[0].length;
    }
}
