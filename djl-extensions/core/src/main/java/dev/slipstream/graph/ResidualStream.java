package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the residual stream of a model: from the last residual add before its output back to the
 * embedding.
 *
 * <p>An add is residual when one operand, the stream, also leads to the other, the branch, through
 * a product with a weight. That leaves out a bias and an attention mask (not made from the other
 * operand), rotary position (both operands from a third value) and the polynomial inside of a GELU
 * (no weight between).
 */
final class ResidualStream {
    private static final Set<String> FUSED =
            Set.of("SkipLayerNormalization", "SkipSimplifiedLayerNormalization");

    /** Give the normalised sum and the sum itself: two names of one place in the stream. */
    private static final Set<String> SUM_AND_NORM =
            Set.of(
                    "SkipLayerNormalization",
                    "SkipSimplifiedLayerNormalization",
                    "EmbedLayerNormalization");

    private static final int FUSED_SUM = 3;
    private static final Set<String> COPIES = Set.of("Identity", "Cast", "Dropout");
    private static final Set<String> NORMS =
            Set.of("LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization");

    private final DataFlow flow;
    private final Contents.Scanner scanner;

    ResidualStream(DataFlow flow, Contents.Scanner scanner) {
        this.flow = flow;
        this.scanner = scanner;
    }

    /**
     * A residual add.
     *
     * @param node its number
     * @param stream the stream before
     * @param output the stream behind
     * @param path the nodes from stream to branch
     * @param contents what they do
     * @param parallel whether attention and feed-forward are both in the branch, side by side
     */
    record Residual(
            int node,
            String stream,
            String output,
            BitSet path,
            Contents contents,
            boolean parallel) {}

    /**
     * One add and what lies before it on the stream.
     *
     * @param gap the nodes between the residual add before and this stream, where they have
     *     weights: a place that could not be read
     */
    record Step(Residual residual, @Nullable BitSet gap) {}

    /**
     * Returns the steps in order, the first behind the embedding.
     *
     * @param logits the value that the stream leads to
     */
    List<Step> steps(String logits) {
        List<Step> steps = new ArrayList<>();
        Residual residual = last(logits);
        while (residual != null) {
            String source = residual.stream();
            int producer = flow.producer(source);
            while (producer >= 0 && passes(flow.node(producer))) {
                source = flow.node(producer).getInput(0);
                producer = flow.producer(source);
            }
            Residual before = producer < 0 ? null : residual(producer);
            BitSet gap = null;
            if (before == null) {
                before = last(source);
                if (before != null) {
                    BitSet between = flow.between(names(before.output()), residual.stream());
                    gap = scan(between).weighs() ? between : null;
                }
            }
            steps.add(new Step(residual, gap));
            residual = before;
        }
        Collections.reverse(steps);
        return steps;
    }

    /** Returns the last residual add that a value depends on. */
    private @Nullable Residual last(String value) {
        BitSet ancestors = flow.ancestors(value);
        for (int i = ancestors.length() - 1; i >= 0; i = ancestors.previousSetBit(i - 1)) {
            Residual residual = residual(i);
            if (residual != null) {
                return residual;
            }
            if (i == 0) {
                break;
            }
        }
        return null;
    }

    private @Nullable Residual residual(int index) {
        NodeProto node = flow.node(index);
        if (!adds(node)) {
            return null;
        }
        Residual plain = plain(index);
        if (plain != null) {
            return plain;
        }
        // (stream + attention) + feed-forward, the latter from the stream and not from the sum
        for (int i = 0; i < 2; i++) {
            int first = flow.producer(node.getInput(i));
            Residual inner = first < 0 || !adds(flow.node(first)) ? null : plain(first);
            if (inner != null) {
                Residual second = branch(index, inner.stream(), node.getInput(1 - i));
                if (second != null && second.contents().attends() != inner.contents().attends()) {
                    BitSet path = (BitSet) second.path().clone();
                    path.or(inner.path());
                    path.set(first);
                    return new Residual(
                            index, inner.stream(), second.output(), path, scan(path), true);
                }
            }
        }
        return null;
    }

    private @Nullable Residual plain(int index) {
        NodeProto node = flow.node(index);
        for (int i = 0; i < 2; i++) {
            String stream = node.getInput(i);
            while (true) {
                Residual residual = branch(index, stream, node.getInput(1 - i));
                if (residual != null) {
                    return residual;
                }
                int producer = flow.producer(stream);
                if (producer < 0 || !COPIES.contains(flow.node(producer).getOpType())) {
                    break;
                }
                stream = flow.node(producer).getInput(0);
            }
        }
        return null;
    }

    private @Nullable Residual branch(int index, String stream, String branch) {
        BitSet path = flow.between(names(stream), branch);
        if (path.isEmpty()) {
            return null;
        }
        Contents contents = scan(path);
        return contents.weighs()
                ? new Residual(
                        index,
                        stream,
                        sum(flow.node(index)),
                        path,
                        contents,
                        parallel(stream, branch))
                : null;
    }

    /** stream + (attention + feed-forward) */
    private boolean parallel(String stream, String branch) {
        int producer = flow.producer(branch);
        while (producer >= 0 && COPIES.contains(flow.node(producer).getOpType())) {
            producer = flow.producer(flow.node(producer).getInput(0));
        }
        if (producer < 0 || !adds(flow.node(producer))) {
            return false;
        }
        NodeProto add = flow.node(producer);
        Contents one = scan(flow.between(names(stream), add.getInput(0)));
        Contents other = scan(flow.between(names(stream), add.getInput(1)));
        return one.weighs() && other.weighs() && one.attends() != other.attends();
    }

    private Contents scan(BitSet path) {
        return scanner.scan(flow.nodes(path), flow::constant);
    }

    /** Returns a value of the stream with the other names of its place. */
    private Set<String> names(String stream) {
        Set<String> names = new LinkedHashSet<>(List.of(stream));
        int producer = flow.producer(stream);
        if (producer >= 0 && SUM_AND_NORM.contains(flow.node(producer).getOpType())) {
            names.addAll(flow.node(producer).getOutputList());
            names.remove("");
        }
        return names;
    }

    private boolean adds(NodeProto node) {
        boolean sum =
                (node.getOpType().equals("Add") || node.getOpType().equals("Sum"))
                        && node.getInputCount() == 2;
        return (sum || FUSED.contains(node.getOpType()) && node.getInputCount() > 2)
                && !flow.constant(node.getInput(0))
                && !flow.constant(node.getInput(1));
    }

    private static String sum(NodeProto node) {
        boolean kept = node.getOutputCount() > FUSED_SUM && !node.getOutput(FUSED_SUM).isEmpty();
        return node.getOutput(FUSED.contains(node.getOpType()) && kept ? FUSED_SUM : 0);
    }

    private static boolean passes(NodeProto node) {
        return COPIES.contains(node.getOpType()) || NORMS.contains(node.getOpType());
    }
}
