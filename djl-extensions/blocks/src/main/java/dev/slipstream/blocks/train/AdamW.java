package dev.slipstream.blocks.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import dev.slipstream.blocks.DecoderBlock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019). Matrices decay, norms and biases
 * do not. Unlike DJL's own, its moments can be saved.
 */
final class AdamW {
    private final AdamOptions options;
    private final Map<String, Parameter> parameters;
    private final Map<String, NDArray> moments = new LinkedHashMap<>();

    /** Constructs an optimiser whose moments are zeros. */
    AdamW(NDManager manager, DecoderBlock decoder, AdamOptions options) {
        this.options = options;
        parameters = decoder.tensors();
        parameters.forEach(
                (name, parameter) -> {
                    moments.put(first(name), manager.zeros(parameter.getShape()));
                    moments.put(second(name), manager.zeros(parameter.getShape()));
                });
    }

    /** Returns the moments by name; their values are the optimiser's own. */
    Map<String, NDArray> moments() {
        return moments;
    }

    /**
     * Moves the parameters.
     *
     * @param gradients of all parameters that took part in the step
     * @param step from 0
     * @param rate of this step
     * @param scale of the gradients
     */
    void update(Map<Parameter, NDArray> gradients, int step, double rate, double scale) {
        parameters.forEach(
                (name, parameter) -> {
                    NDArray gradient = gradients.get(parameter);
                    if (gradient != null) {
                        update(name, parameter.getArray(), gradient, step, rate, scale);
                    }
                });
    }

    private void update(
            String name, NDArray weight, NDArray gradient, int step, double rate, double scale) {
        NDArray mean = moment(first(name));
        NDArray square = moment(second(name));
        double meanBias = 1 - Math.pow(options.beta1(), step + 1);
        double squareBias = 1 - Math.pow(options.beta2(), step + 1);
        // Results belong to the manager of the first operand, which lives as long as the model.
        try (NDArray scaled = gradient.mul(scale);
                NDArray fresh = scaled.mul(1 - options.beta1());
                NDArray freshSquare = scaled.square().muli(1 - options.beta2())) {
            mean.muli(options.beta1()).addi(fresh);
            square.muli(options.beta2()).addi(freshSquare);
        }
        try (NDArray root = square.sqrt();
                NDArray move =
                        mean.div(root.muli(1 / Math.sqrt(squareBias)).addi(options.epsilon()))) {
            if (weight.getShape().dimension() > 1) {
                weight.muli(1 - rate * options.decay());
            }
            weight.subi(move.muli(rate / meanBias));
        }
    }

    private NDArray moment(String name) {
        return Objects.requireNonNull(moments.get(name));
    }

    private static String first(String name) {
        return "first." + name;
    }

    private static String second(String name) {
        return "second." + name;
    }
}
