package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * What some nodes do, their subgraphs and the functions that they call included.
 *
 * @param weighs whether a weight is multiplied with what comes in
 * @param attends whether positions look at each other by softmax attention
 * @param mixes whether positions are mixed by other means
 */
record Contents(boolean weighs, boolean attends, boolean mixes) {
    private static final Contents NOTHING = new Contents(false, false, false);

    private static final Set<String> PRODUCTS =
            Set.of(
                    "MatMul",
                    "Gemm",
                    "Einsum",
                    "FusedMatMul",
                    "FusedMatMulActivation",
                    "TransposeMatMul",
                    "FusedGemm",
                    "GemmFastGelu",
                    "MatMulNBits",
                    "MatMulBnb4",
                    "MatMulInteger",
                    "MatMulInteger16",
                    "MatMulIntegerToFloat",
                    "DynamicQuantizeMatMul",
                    "QLinearMatMul",
                    "QGemm",
                    "Conv",
                    "FusedConv",
                    "ConvInteger",
                    "QLinearConv",
                    "CausalConvWithState",
                    "Attention",
                    "QAttention");
    private static final Set<String> EXPERTS = Set.of("MoE", "QMoE");
    private static final Set<String> MIXERS =
            Set.of(
                    "Conv",
                    "FusedConv",
                    "ConvInteger",
                    "QLinearConv",
                    "CausalConvWithState",
                    "Scan",
                    "LSTM",
                    "GRU",
                    "RNN");
    private static final Set<String> VIEWS =
            Set.of(
                    "Cast",
                    "Identity",
                    "Dropout",
                    "Reshape",
                    "Transpose",
                    "Where",
                    "Slice",
                    "Squeeze",
                    "Unsqueeze",
                    "QuantizeLinear",
                    "DequantizeLinear",
                    "DynamicQuantizeLinear");

    /** Functions that call each other deeper than this call themselves, which ONNX forbids. */
    private static final int DEEPEST = 16;

    /** Looks through nodes in the context of a model. */
    static final class Scanner {
        private final Map<String, FunctionProto> functions;

        Scanner(List<FunctionProto> functions) {
            this.functions =
                    functions.stream()
                            .collect(
                                    Collectors.toMap(
                                            f -> key(f.getDomain(), f.getName()),
                                            Function.identity(),
                                            (one, other) -> one));
        }

        /**
         * Says what some nodes do.
         *
         * @param nodes nodes of one graph
         * @param constant whether a value from outside of them is constant
         */
        Contents scan(List<NodeProto> nodes, Predicate<String> constant) {
            return scan(nodes, constant, 0);
        }

        private Contents scan(List<NodeProto> nodes, Predicate<String> constant, int depth) {
            if (depth > DEEPEST) {
                throw new GraphException(
                        "functions call each other without end: "
                                + String.join(", ", functions.keySet()));
            }
            DataFlow flow = new DataFlow(nodes, constant);
            Contents contents = NOTHING;
            for (int i = 0; i < flow.nodes().size(); i++) {
                contents = contents.or(own(flow, i));
                NodeProto node = flow.node(i);
                for (GraphProto graph : Values.subgraphs(node)) {
                    Set<String> inner =
                            graph.getInitializerList().stream()
                                    .map(TensorProto::getName)
                                    .collect(Collectors.toSet());
                    Set<String> fed = new HashSet<>();
                    graph.getInputList().forEach(input -> fed.add(input.getName()));
                    contents =
                            contents.or(
                                    scan(
                                            graph.getNodeList(),
                                            v ->
                                                    inner.contains(v)
                                                            || !fed.contains(v) && flow.constant(v),
                                            depth + 1));
                }
                FunctionProto function = functions.get(key(node.getDomain(), node.getOpType()));
                if (function != null) {
                    Set<String> fixed = new HashSet<>();
                    int given = Math.min(node.getInputCount(), function.getInputCount());
                    for (int j = 0; j < given; j++) {
                        if (flow.constant(node.getInput(j))) {
                            fixed.add(function.getInput(j));
                        }
                    }
                    contents =
                            contents.or(scan(function.getNodeList(), fixed::contains, depth + 1));
                }
            }
            return contents;
        }

        private static String key(String domain, String name) {
            return domain + ":" + name;
        }
    }

    private Contents or(Contents other) {
        return new Contents(weighs || other.weighs, attends || other.attends, mixes || other.mixes);
    }

    private static Contents own(DataFlow flow, int index) {
        String operator = flow.node(index).getOpType();
        boolean linear = operator.endsWith("LinearAttention");
        return new Contents(
                EXPERTS.contains(operator) || product(operator) && !ofActivations(flow, index),
                operator.endsWith("Attention") && !linear
                        || operator.equals("Softmax") && betweenProducts(flow, index),
                linear || MIXERS.contains(operator));
    }

    /** A router's softmax has a product with weights before it; only attention's has none. */
    private static boolean betweenProducts(DataFlow flow, int softmax) {
        boolean before =
                meets(
                        flow,
                        softmax,
                        node ->
                                flow.used(node).stream()
                                        .map(flow::producer)
                                        .filter(producer -> producer >= 0)
                                        .toList(),
                        operator -> true);
        return before && meets(flow, softmax, flow::users, VIEWS::contains);
    }

    /** Searches a product of two activations, through nodes that are no products. */
    private static boolean meets(
            DataFlow flow,
            int start,
            Function<Integer, List<Integer>> neighbours,
            Predicate<String> through) {
        Deque<Integer> open = new ArrayDeque<>(neighbours.apply(start));
        Set<Integer> seen = new HashSet<>();
        while (!open.isEmpty()) {
            int node = open.remove();
            String operator = flow.node(node).getOpType();
            if (!seen.add(node)) {
                continue;
            }
            if (product(operator)) {
                if (ofActivations(flow, node)) {
                    return true;
                }
            } else if (through.test(operator)) {
                open.addAll(neighbours.apply(node));
            }
        }
        return false;
    }

    private static boolean product(String operator) {
        return PRODUCTS.contains(operator);
    }

    private static boolean ofActivations(DataFlow flow, int index) {
        NodeProto node = flow.node(index);
        // With quantised activations a scale and a zero point stand between the operands.
        int second = node.getOpType().startsWith("Q") && !isAttention(node) ? 3 : 1;
        return node.getInputCount() <= second
                || !flow.constant(node.getInput(0)) && !flow.constant(node.getInput(second));
    }

    private static boolean isAttention(NodeProto node) {
        return node.getOpType().endsWith("Attention");
    }
}
