package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.graph.Attributes;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Lets the new rows of a model that writes blocks see each other where the native operators are
 * not: ONNX Runtime's {@code GroupQueryAttention} is causal by nature, and a {@link BlockFunction}
 * of operators that it has everywhere stands in its place. Keys and values are written in place, as
 * before. Unlike with {@link PairedRows}, a row's last bits depend on how many rows share its run.
 */
final class PortableBlocks {
    /** Where each new row stands, {@code [1, n]}. */
    static final String POSITIONS = "row_positions";

    /** By row, 0 for each new row that it sees and minus infinity for others, {@code [n, n]}. */
    static final String BIAS = "row_bias";

    /** Tokens that are held, {@code [1]}. */
    static final String LENGTH = "context_length";

    /** The same, but 1 where nothing is held: there is always something to reduce. */
    static final String ROWS = "context_rows";

    /** What is added to the scores of what is held, {@code [1]}: 0, or {@link #NOTHING}. */
    static final String CONTEXT_BIAS = "context_bias";

    /** Whether what was kept is used, a scalar. */
    static final String REUSED = "context_reused";

    /** Rows that are kept behind the new ones, {@code [1]}: as many as queries, or 0. */
    static final String KEPT = "context_kept_rows";

    /**
     * A score that weighs nothing beside any other; finite, as two infinities have no difference.
     */
    static final float NOTHING = -1e30f;

    /** Of what the nodes compute. */
    static final String VERSION = "blocks-1";

    private static final int OPSET = 24;
    private static final String PAST = "past_key_values.";
    private static final Set<String> DROPPED = Set.of("seqlens_k", "total_sequence_length");

    // Inputs of a GroupQueryAttention.
    private static final int PAST_KEY = 3;
    private static final int LENGTHS = 5;
    private static final int COSINES = 7;
    private static final int SINES = 8;

    private final OnnxModel graph;
    private final int keptRows;
    private final Map<BlockFunction, String> functions = new LinkedHashMap<>();
    private final Map<String, Long> headSizes = new TreeMap<>();
    private boolean fits = true;
    private long group = 1;

    private PortableBlocks(OnnxModel graph, int keptRows) {
        this.graph = graph;
        this.keptRows = keptRows;
    }

    /**
     * Returns the graph with its attention replaced; null if it is not of a model that writes
     * blocks, its attention is of another form, or has a window.
     *
     * @param graph not changed
     * @param keptRows for how many new tokens of a turn attention may be kept
     */
    static @Nullable OnnxModel of(OnnxModel graph, int keptRows) {
        if (!graph.metadata().containsKey(DecoderGraphs.BLOCK_DIFFUSION)) {
            return null;
        }
        PortableBlocks rewrite = new PortableBlocks(graph.copy(), keptRows);
        return rewrite.rewrite() ? rewrite.graph : null;
    }

    private boolean rewrite() {
        Set<String> inputs = new HashSet<>();
        for (ValueInfoProto input : graph.inputs()) {
            inputs.add(input.getName());
            TensorShapeProto shape = input.getType().getTensorType().getShape();
            boolean floats =
                    input.getType().getTensorType().getElemType() == ElementType.FLOAT.code();
            if (input.getName().startsWith(PAST) && floats && shape.getDimCount() == 4) {
                headSizes.put(input.getName(), shape.getDim(3).getDimValue());
            }
        }
        graph.replaceNodes(node -> List.of(replaced(node, inputs)));
        if (!fits || functions.isEmpty()) {
            return false;
        }
        functions.forEach((function, name) -> graph.functions().add(proto(function, name)));
        graph.opsets().merge("", OPSET, Math::max);
        graph.opsets().put(BlockFunction.DOMAIN, 1);
        graph.inputs().removeIf(input -> DROPPED.contains(input.getName()));
        GraphBuilder builder = new GraphBuilder(graph);
        builder.input(POSITIONS, ElementType.INT64, 1, "sequence");
        builder.input(BIAS, ElementType.FLOAT, "sequence", "sequence");
        builder.input(LENGTH, ElementType.INT64, 1);
        builder.input(ROWS, ElementType.INT64, 1);
        builder.input(CONTEXT_BIAS, ElementType.FLOAT, 1);
        if (keptRows > 0) {
            builder.input(REUSED, ElementType.BOOL);
            builder.input(KEPT, ElementType.INT64, 1);
        }
        graph.metadata().put(RaggedAttention.GROUP, String.valueOf(group));
        return true;
    }

    private NodeProto replaced(NodeProto node, Set<String> inputs) {
        if (!node.getOpType().equals("GroupQueryAttention")) {
            return node;
        }
        List<String> read = node.getInputList();
        boolean known =
                read.size() > SINES
                        && inputs.contains(read.get(LENGTHS))
                        && inputs.contains(read.get(LENGTHS + 1))
                        && read.stream().skip(SINES + 1L).allMatch(String::isEmpty)
                        && headSizes.containsKey(read.get(PAST_KEY))
                        && node.getAttributeList().stream()
                                .anyMatch(attribute -> attribute.getName().equals("scale"))
                        && Attributes.whole(node, "do_rotary", 0) == 1
                        && Attributes.whole(node, "rotary_interleaved", 0) == 0
                        && Attributes.real(node, "softcap", 0) == 0
                        && Attributes.whole(node, "local_window_size", -1) < 0;
        if (!known) {
            fits = false;
            return node;
        }
        BlockFunction function = function(node);
        group = Math.max(group, function.group());
        String name =
                functions.computeIfAbsent(function, one -> "BlockAttention" + functions.size());
        NodeProto.Builder result =
                NodeProto.newBuilder()
                        .setName(node.getName())
                        .setOpType(name)
                        .setDomain(BlockFunction.DOMAIN)
                        .addAllInput(read.subList(0, function.packed() ? 1 : PAST_KEY))
                        .addAllInput(read.subList(PAST_KEY, LENGTHS))
                        .addInput(read.get(COSINES))
                        .addInput(read.get(SINES))
                        .addAllInput(List.of(POSITIONS, BIAS, LENGTH, ROWS, CONTEXT_BIAS))
                        .addAllOutput(node.getOutputList().subList(0, 3));
        if (keptRows > 0) {
            result.addInput(REUSED).addInput(KEPT);
        }
        return result.build();
    }

    private BlockFunction function(NodeProto node) {
        return new BlockFunction(
                Math.toIntExact(Attributes.whole(node, "num_heads", 1)),
                Math.toIntExact(Attributes.whole(node, "kv_num_heads", 1)),
                Math.toIntExact(headSizes.getOrDefault(node.getInput(PAST_KEY), 0L)),
                Attributes.real(node, "scale", 1),
                node.getInput(1).isEmpty()
                        ? BlockFunction.Layout.PACKED
                        : BlockFunction.Layout.SEPARATE,
                keptRows > 0 ? BlockFunction.Context.KEPT : BlockFunction.Context.COMPUTED);
    }

    private static FunctionProto proto(BlockFunction function, String name) {
        return function.body().toBuilder()
                .setName(name)
                .setDomain(BlockFunction.DOMAIN)
                .addOpsetImport(opset("", OPSET))
                .addOpsetImport(opset("com.microsoft", 1))
                .build();
    }

    private static OperatorSetIdProto opset(String domain, int version) {
        return OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(version).build();
    }
}
