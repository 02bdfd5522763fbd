package dev.slipstream.runtime;

import dev.slipstream.checkpoint.ForwardingWeights;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A checkpoint whose feed-forwards add nothing but what their first neurons do.
 *
 * @param widths neurons that are left in each layer
 */
record ZeroedWeights(Weights weights, List<Integer> widths) implements ForwardingWeights {
    @Override
    public Tensor tensor(String name) {
        Tensor whole = weights.tensor(name);
        if (!name.endsWith("mlp.down_proj.weight")) {
            return whole;
        }
        int width = widths.get(Integer.parseInt(name.split("\\.")[2]));
        int columns = Math.toIntExact(whole.shape().get(1));
        ByteBuffer kept =
                ByteBuffer.allocateDirect(whole.data().remaining()).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < whole.elements(); i++) {
            kept.putFloat(i % columns < width ? whole.data().getFloat(i * Float.BYTES) : 0);
        }
        return new Tensor(whole.type(), whole.shape(), kept.flip());
    }
}
