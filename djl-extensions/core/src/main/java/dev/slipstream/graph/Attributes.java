package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.Optional;

/** The numbers that a node carries as attributes. */
public final class Attributes {
    private Attributes() {}

    /** Returns a whole number of a node; what is given where the node does not have it. */
    public static long whole(NodeProto node, String name, long absent) {
        return find(node, name).map(AttributeProto::getI).orElse(absent);
    }

    /** Returns a float of a node; what is given where the node does not have it. */
    public static float real(NodeProto node, String name, float absent) {
        return find(node, name).map(AttributeProto::getF).orElse(absent);
    }

    private static Optional<AttributeProto> find(NodeProto node, String name) {
        return node.getAttributeList().stream()
                .filter(attribute -> attribute.getName().equals(name))
                .findFirst();
    }

    /** Returns an attribute that is a whole number. */
    public static AttributeProto of(String name, long value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeType.INT)
                .setI(value)
                .build();
    }

    /** Returns an attribute that is a float. */
    public static AttributeProto of(String name, float value) {
        return AttributeProto.newBuilder()
                .setName(name)
                .setType(AttributeType.FLOAT)
                .setF(value)
                .build();
    }
}
