package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/** The files that a model keeps tensors in, besides its own. */
final class ExternalFiles {
    private final SortedSet<String> locations = new TreeSet<>();

    private ExternalFiles() {}

    /** Returns the locations that tensors name, wherever in the model they stand. */
    static SortedSet<String> of(ModelProto model) {
        ExternalFiles files = new ExternalFiles();
        files.add(model.getGraph());
        model.getFunctionsList().forEach(function -> files.add(function.getNodeList()));
        return files.locations;
    }

    private void add(GraphProto graph) {
        graph.getInitializerList().forEach(this::add);
        add(graph.getNodeList());
    }

    private void add(List<NodeProto> nodes) {
        for (NodeProto node : nodes) {
            for (AttributeProto attribute : node.getAttributeList()) {
                add(attribute.getT());
                attribute.getTensorsList().forEach(this::add);
                add(attribute.getG());
                attribute.getGraphsList().forEach(this::add);
            }
        }
    }

    private void add(TensorProto tensor) {
        if (tensor.getDataLocation() == DataLocation.EXTERNAL) {
            tensor.getExternalDataList().stream()
                    .filter(entry -> entry.getKey().equals("location"))
                    .forEach(entry -> locations.add(entry.getValue()));
        }
    }
}
