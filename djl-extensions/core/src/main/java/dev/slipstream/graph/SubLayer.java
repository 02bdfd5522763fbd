package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.List;

/**
 * One step of the residual stream: {@code output = input + branch(norm(input))}; in an encoder of
 * BERT's kind, which norms behind the add, {@code output = input + branch(input)}, and the next
 * input is {@code norm(output)}. Either way the branch is skipped by who takes the input for the
 * output, and the norm stays on the stream.
 *
 * @param kind what the branch does
 * @param input the value of the stream before; where norms stand behind the adds, the norm's result
 * @param output the value of the stream behind: the sum, or its norm where that is fused into the
 *     add and the sum is not shown
 * @param nodes the branch in topological order, the residual add left out: what lies between the
 *     stream and the add, what serves nothing else (such as a weight's transposition) and what only
 *     leads to outputs of the graph (such as the new keys and values). A norm that is fused into
 *     the residual add before belongs to that add. A node with subgraphs stands for all in them
 * @param residualAdd the node that adds the branch to the stream: {@code Add}, or a fused {@code
 *     SkipLayerNormalization} or {@code SkipSimplifiedLayerNormalization}
 * @param weights the names of the initializers that the nodes use, sorted; one that others use too
 *     is here and there
 * @param parameters the number of trained values in the weights: an int4 matrix counts its
 *     elements, not its bytes; scales, zero points, tables of sines and whole numbers count none
 * @param bytes the size of the weights, everything counted
 */
public record SubLayer(
        Kind kind,
        String input,
        String output,
        List<NodeProto> nodes,
        NodeProto residualAdd,
        List<String> weights,
        long parameters,
        long bytes) {

    /** What a branch of the residual stream does. */
    public enum Kind {
        /** Lets positions look at each other by softmax attention. */
        ATTENTION,
        /** Works on each position alone. */
        FEED_FORWARD,
        /** Mixes positions by other means: convolution, linear attention, recurrence. */
        OTHER
    }

    /** Copies the lists. */
    public SubLayer {
        nodes = List.copyOf(nodes);
        weights = List.copyOf(weights);
    }
}
