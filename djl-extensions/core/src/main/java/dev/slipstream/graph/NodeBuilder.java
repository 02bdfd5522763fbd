package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.List;

/**
 * One node of a {@link GraphBuilder}: its attributes, then its outputs, which end it and put it
 * into the graph. The node is named as its first output.
 */
public final class NodeBuilder {
    private final GraphBuilder graph;
    private final NodeProto.Builder node;

    NodeBuilder(GraphBuilder graph, String operator, String domain, List<String> inputs) {
        this.graph = graph;
        this.node =
                NodeProto.newBuilder().setOpType(operator).setDomain(domain).addAllInput(inputs);
    }

    /** Sets an attribute to a whole number. */
    public NodeBuilder attribute(String name, long value) {
        node.addAttribute(of(name, AttributeType.INT).setI(value));
        return this;
    }

    /** Sets an attribute to a number with a fraction. */
    public NodeBuilder attribute(String name, float value) {
        node.addAttribute(of(name, AttributeType.FLOAT).setF(value));
        return this;
    }

    /** Sets an attribute to a text. */
    public NodeBuilder attribute(String name, String value) {
        node.addAttribute(of(name, AttributeType.STRING).setS(ByteString.copyFromUtf8(value)));
        return this;
    }

    /** Sets an attribute to a tensor, which is kept, not copied. */
    public NodeBuilder attribute(String name, Tensor value) {
        TensorProto tensor =
                TensorProto.newBuilder()
                        .setDataType(value.type().code())
                        .addAllDims(value.shape())
                        .setRawData(UnsafeByteOperations.unsafeWrap(value.data()))
                        .build();
        node.addAttribute(of(name, AttributeType.TENSOR).setT(tensor));
        return this;
    }

    /** Sets an attribute to a graph, such as {@link GraphBuilder#graph}. */
    public NodeBuilder attribute(String name, GraphProto value) {
        node.addAttribute(of(name, AttributeType.GRAPH).setG(value));
        return this;
    }

    /** Sets an attribute to a list of whole numbers. */
    public NodeBuilder ints(String name, long... values) {
        AttributeProto.Builder attribute = of(name, AttributeType.INTS);
        for (long value : values) {
            attribute.addInts(value);
        }
        node.addAttribute(attribute);
        return this;
    }

    /** Sets an attribute to a list of numbers with a fraction. */
    public NodeBuilder floats(String name, float... values) {
        AttributeProto.Builder attribute = of(name, AttributeType.FLOATS);
        for (float value : values) {
            attribute.addFloats(value);
        }
        node.addAttribute(attribute);
        return this;
    }

    /**
     * Ends the node with one output.
     *
     * @param name what to call it
     * @return the name that it got
     */
    public String output(String name) {
        return outputs(name).get(0);
    }

    /**
     * Ends the node.
     *
     * @param names what to call its outputs; "" for an optional one that is left out
     * @return the names that they got
     */
    public List<String> outputs(String... names) {
        List<String> unique = new ArrayList<>();
        for (String name : names) {
            unique.add(name.isEmpty() ? "" : graph.unique(name));
        }
        String first =
                unique.stream()
                        .filter(name -> !name.isEmpty())
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "node %s: expected the name of an output, found none"
                                                        .formatted(node.getOpType())));
        graph.add(node.setName(first).addAllOutput(unique).build());
        return List.copyOf(unique);
    }

    private static AttributeProto.Builder of(String name, AttributeType type) {
        return AttributeProto.newBuilder().setName(name).setType(type);
    }
}
