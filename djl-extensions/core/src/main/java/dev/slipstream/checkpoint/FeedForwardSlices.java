package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Weights whose feed-forwards can also be had in parts along their neurons: {@code
 * model.layers.0.mlp.draft.gate_proj.weight} is the part that drafts, {@code mlp.rest.…} what the
 * whole model has beyond it. Rows are views of the whole matrix. Columns, of {@code down_proj}, do
 * not lie together: those that draft are copied, and the whole model keeps the matrix in one, for
 * its sums must be added up in the order in which it adds them without a draft.
 *
 * @param weights the model's own
 * @param config its shape
 * @param shape where to cut
 */
record FeedForwardSlices(Weights weights, DecoderConfig config, SelfDraftShape shape)
        implements ForwardingWeights {
    private static final Pattern PART =
            Pattern.compile(
                    "(model\\.layers\\.(\\d+)\\.mlp\\.)(draft|rest(?!\\.down))\\.((gate|up|down)_proj\\.weight)");

    @Override
    public boolean contains(String name) {
        return PART.matcher(name).matches() || weights.contains(name);
    }

    @Override
    public List<Long> shape(String name) {
        return PART.matcher(name).matches() ? tensor(name).shape() : weights.shape(name);
    }

    @Override
    public ElementType type(String name) {
        Matcher part = PART.matcher(name);
        return weights.type(part.matches() ? part.group(1) + part.group(4) : name);
    }

    @Override
    public Tensor tensor(String name) {
        Matcher part = PART.matcher(name);
        if (!part.matches()) {
            return weights.tensor(name);
        }
        Tensor whole = weights.tensor(part.group(1) + part.group(4));
        int width = shape.feedForwardWidth(Integer.parseInt(part.group(2)), config);
        boolean drafts = part.group(3).equals("draft");
        int from = drafts ? 0 : width;
        int to = drafts ? width : config.intermediateSize();
        return part.group(5).equals("down") ? columns(whole, to) : rows(whole, from, to);
    }

    private static Tensor rows(Tensor whole, int from, int to) {
        long columns = whole.shape().get(1);
        int row = Math.toIntExact(whole.type().bytes(columns));
        return new Tensor(
                whole.type(),
                List.of((long) to - from, columns),
                whole.data().slice(from * row, (to - from) * row));
    }

    private static Tensor columns(Tensor whole, int to) {
        int rows = Math.toIntExact(whole.shape().get(0));
        int row = Math.toIntExact(whole.type().bytes(whole.shape().get(1)));
        int bytes = Math.toIntExact(whole.type().bytes(to));
        ByteBuffer part = DirectBytes.allocate((long) rows * bytes);
        for (int i = 0; i < rows; i++) {
            part.put(i * bytes, whole.data(), i * row, bytes);
        }
        return new Tensor(whole.type(), List.of((long) rows, (long) to), part);
    }
}
