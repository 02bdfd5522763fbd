package dev.slipstream.blocks.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import dev.slipstream.blocks.DecoderBlock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The passes of one step, forward and back, portion by portion. */
final class Step implements AutoCloseable {
    private final NDManager manager;
    private final StepParameters parameters;
    private final Map<String, Double> losses = new LinkedHashMap<>();

    private Step(NDManager owner) {
        manager = owner.newSubManager();
        parameters = new StepParameters(manager);
    }

    /**
     * Runs the passes and keeps their gradients until it is closed.
     *
     * @param batch number of sequences
     * @param portion sequences that go through the decoder at once
     */
    static Step run(
            NDManager owner, DecoderBlock decoder, Objective objective, int batch, int portion) {
        Step step = new Step(owner);
        try (GradientCollector collector = Engine.getEngine("PyTorch").newGradientCollector()) {
            for (int from = 0; from < batch; from += portion) {
                int to = Math.min(batch, from + portion);
                step.portion(collector, decoder, objective, from, to);
            }
            return step;
        } catch (RuntimeException e) {
            step.close();
            throw e;
        }
    }

    private void portion(
            GradientCollector collector,
            DecoderBlock decoder,
            Objective objective,
            int from,
            int to) {
        try (NDManager own = manager.newSubManager()) {
            LossPass pass =
                    new LossPass(own, decoder, parameters, true, part -> back(collector, part));
            objective.compute(pass, from, to);
        }
    }

    private void back(GradientCollector collector, List<Loss> part) {
        NDArray total = part.get(0).sum().mul(part.get(0).weight() / part.get(0).count());
        for (Loss loss : part.subList(1, part.size())) {
            total = total.add(loss.sum().mul(loss.weight() / loss.count()));
        }
        collector.backward(total);
        for (Loss loss : part) {
            losses.merge(loss.name(), loss.sum().getFloat() / loss.count(), Double::sum);
        }
    }

    /** Returns the losses by name, of all portions. */
    Map<String, Double> losses() {
        return losses;
    }

    /** Returns the gradients of the parameters that took part, until it is closed. */
    Map<Parameter, NDArray> gradients() {
        return parameters.gradients();
    }

    @Override
    public void close() {
        manager.close();
    }
}
