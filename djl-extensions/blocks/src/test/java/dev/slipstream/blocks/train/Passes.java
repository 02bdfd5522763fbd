package dev.slipstream.blocks.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.TinyDecoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Steps of a recipe without a run around them. */
final class Passes {
    private Passes() {}

    /** Returns a decoder of 61 tokens and 64 positions. */
    static DecoderBlock decoder(NDManager manager, Path directory) throws IOException {
        return new TinyDecoder("LlamaForCausalLM").draw(manager, directory, 21);
    }

    /** Returns sequences without token 60, which serves as mask. */
    static int[][] windows(int count, int length) {
        int[][] windows = new int[count][];
        for (int i = 0; i < count; i++) {
            windows[i] = TinyDecoder.tokens(length, 60, 100 + i);
        }
        return windows;
    }

    /** Returns the gradients of a step by the names of the tensors. */
    static Map<String, float[]> gradients(
            NDManager manager, DecoderBlock decoder, Objective objective, int batch, int portion) {
        Map<String, float[]> gradients = new LinkedHashMap<>();
        try (Step step = Step.run(manager, decoder, objective, batch, portion)) {
            var found = step.gradients();
            decoder.tensors()
                    .forEach(
                            (name, parameter) -> {
                                NDArray gradient = found.get(parameter);
                                gradients.put(
                                        name,
                                        gradient == null
                                                ? new float[(int) parameter.getShape().size()]
                                                : gradient.toFloatArray());
                            });
        }
        return gradients;
    }

    /** Returns the losses of a step by their names. */
    static Map<String, Double> losses(
            NDManager manager, DecoderBlock decoder, Objective objective, int batch, int portion) {
        try (Step step = Step.run(manager, decoder, objective, batch, portion)) {
            return step.losses();
        }
    }

    /** Returns the logits of ids under what they see, {@code [n * vocabulary]}. */
    static float[] logits(
            NDManager manager,
            DecoderBlock decoder,
            int[] ids,
            dev.slipstream.blocks.Attending attending) {
        try (NDManager own = manager.newSubManager()) {
            LossPass pass =
                    new LossPass(own, decoder, new StepParameters(own), false, losses -> {});
            NDArray hidden = pass.hidden(new int[][] {ids}, attending);
            long[] rows = new long[ids.length];
            for (int i = 0; i < rows.length; i++) {
                rows[i] = i;
            }
            return pass.logits(hidden, rows).toFloatArray();
        }
    }

    /** Returns the surprise of a token at a row of logits. */
    static double surprise(float[] logits, int vocabulary, int row, int target) {
        double sum = 0;
        for (int id = 0; id < vocabulary; id++) {
            sum += Math.exp(logits[row * vocabulary + id]);
        }
        return Math.log(sum) - logits[row * vocabulary + target];
    }
}
