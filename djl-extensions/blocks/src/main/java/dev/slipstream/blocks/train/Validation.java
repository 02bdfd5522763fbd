package dev.slipstream.blocks.train;

import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.DecoderBlock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The losses of a recipe on text that is not trained on. */
final class Validation {
    private final DecoderBlock decoder;
    private final List<Objective> objectives;
    private final int windows;
    private final int portion;

    Validation(DecoderBlock decoder, Recipe recipe, int[][] windows, int portion) {
        this.decoder = decoder;
        this.objectives = recipe.validation(windows);
        this.windows = windows.length;
        this.portion = portion;
    }

    Map<String, Double> measure(NDManager manager) {
        Map<String, Double> losses = new LinkedHashMap<>();
        for (Objective objective : objectives) {
            for (int from = 0; from < windows; from += portion) {
                try (NDManager own = manager.newSubManager()) {
                    LossPass pass =
                            new LossPass(
                                    own,
                                    decoder,
                                    new StepParameters(own),
                                    false,
                                    part -> add(losses, part));
                    objective.compute(pass, from, Math.min(windows, from + portion));
                }
            }
        }
        return losses;
    }

    private static void add(Map<String, Double> losses, List<Loss> part) {
        for (Loss loss : part) {
            losses.merge(loss.name(), loss.sum().getFloat() / loss.count(), Double::sum);
        }
    }
}
