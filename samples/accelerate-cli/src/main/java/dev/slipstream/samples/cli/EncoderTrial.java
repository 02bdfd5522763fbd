package dev.slipstream.samples.cli;

import dev.slipstream.evaluate.EncoderAppraiser;
import dev.slipstream.evaluate.EncoderEvaluation;
import dev.slipstream.evaluate.Evaluators;
import dev.slipstream.evaluate.OpenEncoder;
import dev.slipstream.evaluate.SentenceSimilarity;
import dev.slipstream.evaluate.Subject;
import dev.slipstream.pass.Plan;
import dev.slipstream.zoo.EncoderOptions;
import dev.slipstream.zoo.ModelCandidates;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Two sentence encoders side by side, for {@code evaluate}.
 *
 * @param model place of the candidate
 * @param against place of the original
 * @param options how both are opened
 * @param plan applied to the candidate
 * @param sts pairs of sentences with people's judgements
 * @param rounds how often all sentences are embedded
 */
record EncoderTrial(
        String model, String against, EncoderOptions options, Plan plan, Path sts, int rounds) {
    /**
     * Measures.
     *
     * @param terminal where a bar is drawn
     * @param interrupted whether to end
     * @throws CancellationException if it was ended
     */
    EncoderReport run(Terminal terminal, BooleanSupplier interrupted) throws IOException {
        SentenceSimilarity similarity = similarity();
        try (OpenEncoder original = ModelCandidates.encoder(against, options, Plan.NONE);
                OpenEncoder candidate = ModelCandidates.encoder(model, options, plan)) {
            EncoderAppraiser appraiser =
                    new EncoderAppraiser(
                            similarity,
                            Evaluators.suiting(new Subject.Encoder(original.model())),
                            rounds);
            try (Progress bar =
                    new Progress(terminal, "evaluate", " sentences", appraiser.embedded())) {
                EncoderEvaluation evaluation =
                        appraiser.appraise(
                                original,
                                candidate,
                                done -> {
                                    if (interrupted.getAsBoolean()) {
                                        throw new CancellationException();
                                    }
                                    bar.accept(done);
                                });
                return EncoderReport.of(
                        new EncoderReport.Setting(
                                named(candidate) + (plan.isEmpty() ? "" : ", " + plan.inOrder()),
                                named(original),
                                sts.toString(),
                                options.threads()),
                        evaluation);
            }
        }
    }

    private SentenceSimilarity similarity() throws IOException {
        try {
            return new SentenceSimilarity("sts", SentenceSimilarity.read(sts));
        } catch (IllegalArgumentException e) {
            throw new IOException(sts + ": " + e.getMessage(), e);
        }
    }

    private static String named(OpenEncoder opened) {
        return opened.model().name() + ", " + opened.model().encoder().pooling().label();
    }
}
