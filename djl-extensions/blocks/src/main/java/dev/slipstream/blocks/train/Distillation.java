package dev.slipstream.blocks.train;

import ai.djl.ndarray.NDArray;
import com.google.gson.JsonObject;
import dev.slipstream.blocks.Attending;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.checkpoint.DecoderConfig;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Knowledge distillation (Hinton and others, 2015): a student learns the probabilities that a
 * teacher gives to all tokens, beside the tokens themselves. The loss is {@code share *
 * temperature^2 * KL(teacher, student) + (1 - share) * next token}, the divergence between
 * probabilities of logits divided by the temperature.
 */
public final class Distillation implements Recipe {
    private static final String DIVERGENCE = "divergence";

    private final DecoderBlock teacher;
    private final String name;
    private final double share;
    private final double temperature;

    /**
     * Constructs a recipe.
     *
     * @param teacher with the student's vocabulary; belongs to the caller
     * @param name of the teacher: a run goes on only with the same
     * @param share of the teacher in the loss, more than 0 to 1
     * @param temperature more than 0; higher ones show more of what the teacher thinks unlikely
     */
    public Distillation(DecoderBlock teacher, String name, double share, double temperature) {
        Check.positive("share of the teacher", share);
        Check.fraction("share of the teacher", share);
        Check.positive("temperature", temperature);
        this.teacher = teacher;
        this.name = name;
        this.share = share;
        this.temperature = temperature;
    }

    @Override
    public String description() {
        return "Distillation[teacher=%s, share=%s, temperature=%s]"
                .formatted(name, share, temperature);
    }

    @Override
    public void check(DecoderConfig config, TrainingOptions options) {
        int known = teacher.config().vocabularySize();
        if (known != config.vocabularySize()) {
            throw Check.wrong(
                    "vocabulary of the teacher",
                    "the student's, of %d tokens".formatted(config.vocabularySize()),
                    known);
        }
        teacher.freezeParameters(true);
        teacher.setArithmetic(options.arithmetic());
    }

    @Override
    public Objective objective(int step, int[][] windows, SplittableRandom random) {
        return taught(windows);
    }

    @Override
    public List<Objective> validation(int[][] windows) {
        return List.of(taught(windows));
    }

    private Objective taught(int[][] windows) {
        double count = (double) windows.length * (windows[0].length - 1);
        return (pass, from, to) -> {
            int[][] ids = Arrays.copyOfRange(windows, from, to);
            Predictions predictions = Causal.predictions(windows, from, to);
            NDArray wanted = logits(pass.of(teacher), ids, predictions);
            NDArray found = logits(pass, ids, predictions);
            pass.take(
                    new Loss(
                            DIVERGENCE,
                            share * temperature * temperature,
                            divergence(wanted, found),
                            count),
                    new Loss(
                            LanguageModelling.LOSS,
                            1 - share,
                            pass.surprise(found, predictions.targets()),
                            count));
        };
    }

    private static NDArray logits(LossPass pass, int[][] ids, Predictions predictions) {
        Attending causal = Attending.causal(pass.manager(), pass.decoder().config(), ids[0].length);
        return pass.logits(pass.hidden(ids, causal), predictions.rows());
    }

    private NDArray divergence(NDArray wanted, NDArray found) {
        NDArray teaching = wanted.div(temperature).logSoftmax(-1);
        NDArray learnt = found.div(temperature).logSoftmax(-1);
        return teaching.exp().mul(teaching.sub(learnt)).sum();
    }

    @Override
    public JsonObject configuration() {
        return new LanguageModelling().configuration();
    }
}
