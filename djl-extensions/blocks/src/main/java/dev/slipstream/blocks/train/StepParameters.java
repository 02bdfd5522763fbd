package dev.slipstream.blocks.train;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * The parameters of one step: leaves of its own over the same memory, which take their gradients
 * with them when the step's manager is closed. Gradients of the parameters themselves would be
 * kept, have to be set to zeros, and leave one native handle for each time they are looked at.
 */
final class StepParameters extends ParameterStore {
    private final NDManager manager;
    private final Map<Parameter, NDArray> leaves = new IdentityHashMap<>();

    StepParameters(NDManager manager) {
        super(manager, false);
        this.manager = manager;
    }

    @Override
    public NDArray getValue(Parameter parameter, Device device, boolean training) {
        return leaves.computeIfAbsent(parameter, p -> leaf(p, training));
    }

    private NDArray leaf(Parameter parameter, boolean training) {
        NDArray leaf = parameter.getArray().stopGradient();
        leaf.attach(manager);
        if (training) {
            leaf.setRequiresGradient(true);
        }
        return leaf;
    }

    /** Returns the gradients of the parameters that took part. */
    Map<Parameter, NDArray> gradients() {
        Map<Parameter, NDArray> gradients = new IdentityHashMap<>();
        leaves.forEach((parameter, leaf) -> gradients.put(parameter, leaf.getGradient()));
        return gradients;
    }
}
