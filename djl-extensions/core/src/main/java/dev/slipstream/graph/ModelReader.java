package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedSet;

/** Reads one model file. */
final class ModelReader {
    /** From this version on an initializer need not be listed as an input. */
    private static final long IR_WITH_FREE_INITIALIZERS = 4;

    private final Path file;
    private final TensorReader tensors;

    private ModelReader(Path file, ByteBuffer mapped) {
        this.file = file;
        this.tensors = new TensorReader(file, mapped);
    }

    static OnnxModel read(Path file) throws IOException {
        ByteBuffer mapped = map(file);
        return new ModelReader(file, mapped).read(mapped);
    }

    static SortedSet<String> externalFiles(Path file) throws IOException {
        ByteBuffer mapped = map(file);
        return ExternalFiles.of(new ModelReader(file, mapped).parse(mapped));
    }

    private static ByteBuffer map(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new GraphException(file + ": expected an ONNX model, found no such file");
        }
        try (FileChannel channel = FileChannel.open(file)) {
            if (channel.size() > Integer.MAX_VALUE) {
                throw new GraphException(
                        "%s: expected an ONNX model of at most 2 GiB, found %d bytes; save it with external data"
                                .formatted(file, channel.size()));
            }
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
        }
    }

    private ModelProto parse(ByteBuffer mapped) {
        try {
            byte[] skeleton =
                    RawDataSplitter.withoutRawData(mapped, String.valueOf(file.getFileName()));
            return ModelProto.parseFrom(skeleton);
        } catch (InvalidProtocolBufferException e) {
            throw new GraphException(
                    file
                            + ": expected an ONNX model, found damaged or other data ("
                            + e.getMessage()
                            + "); copy it again",
                    e);
        }
    }

    private OnnxModel read(ByteBuffer mapped) throws IOException {
        ModelProto proto = parse(mapped);
        if (!proto.hasGraph()) {
            throw new GraphException(file + ": expected an ONNX model, found one without a graph");
        }
        OnnxModel model = fill(proto);
        try {
            model.validate();
        } catch (GraphException e) {
            throw new GraphException(file + ": " + e.getMessage(), e);
        }
        return model;
    }

    private OnnxModel fill(ModelProto proto) throws IOException {
        GraphProto graph = proto.getGraph();
        if (graph.getSparseInitializerCount() > 0) {
            throw new GraphException(
                    "%s: initializer %s is sparse, which is not supported; make it dense"
                            .formatted(file, graph.getSparseInitializer(0).getValues().getName()));
        }
        OnnxModel model = new OnnxModel(header(proto));
        for (OperatorSetIdProto opset : proto.getOpsetImportList()) {
            String domain = ModelCheck.domain(opset.getDomain());
            if (opset.getVersion() <= 0 || opset.getVersion() > Integer.MAX_VALUE) {
                throw new GraphException(
                        "%s: expected a version of operator set '%s', found %d"
                                .formatted(file, domain, opset.getVersion()));
            }
            model.opsets().put(domain, (int) opset.getVersion());
        }
        for (TensorProto initializer : graph.getInitializerList()) {
            Tensor tensor = tensors.read(initializer);
            if (model.initializers().put(initializer.getName(), tensor) != null) {
                throw new GraphException(
                        "%s: two initializers are named %s; rename one"
                                .formatted(file, initializer.getName()));
            }
        }
        model.inputs().addAll(graph.getInputList());
        if (proto.getIrVersion() < IR_WITH_FREE_INITIALIZERS) {
            model.inputs().removeIf(i -> model.initializers().containsKey(i.getName()));
        }
        model.outputs().addAll(graph.getOutputList());
        for (NodeProto node : graph.getNodeList()) {
            model.nodes().add(withoutExternalData(node));
        }
        for (FunctionProto function : proto.getFunctionsList()) {
            FunctionProto.Builder builder = function.toBuilder();
            for (int i = 0; i < function.getNodeCount(); i++) {
                builder.setNode(i, withoutExternalData(function.getNode(i)));
            }
            model.functions().add(builder.build());
        }
        for (StringStringEntryProto entry : proto.getMetadataPropsList()) {
            model.metadata().put(entry.getKey(), entry.getValue());
        }
        return model;
    }

    private static ModelProto header(ModelProto proto) {
        return proto.toBuilder()
                .setIrVersion(Math.max(IR_WITH_FREE_INITIALIZERS, proto.getIrVersion()))
                .clearOpsetImport()
                .clearFunctions()
                .clearMetadataProps()
                .clearTrainingInfo()
                .setGraph(
                        proto.getGraph().toBuilder()
                                .clearInitializer()
                                .clearInput()
                                .clearOutput()
                                .clearNode()
                                .clearValueInfo()
                                .clearQuantizationAnnotation())
                .build();
    }

    /** Turns the external tensors in a node's attributes into mapped ones inside of it. */
    private NodeProto withoutExternalData(NodeProto node) throws IOException {
        NodeProto.Builder builder = node.toBuilder();
        for (int i = 0; i < node.getAttributeCount(); i++) {
            AttributeProto attribute = node.getAttribute(i);
            AttributeProto.Builder changed = attribute.toBuilder();
            if (attribute.hasT()) {
                changed.setT(withoutExternalData(attribute.getT()));
            }
            if (attribute.hasG()) {
                changed.setG(withoutExternalData(attribute.getG()));
            }
            for (int j = 0; j < attribute.getTensorsCount(); j++) {
                changed.setTensors(j, withoutExternalData(attribute.getTensors(j)));
            }
            for (int j = 0; j < attribute.getGraphsCount(); j++) {
                changed.setGraphs(j, withoutExternalData(attribute.getGraphs(j)));
            }
            builder.setAttribute(i, changed);
        }
        return builder.build();
    }

    private GraphProto withoutExternalData(GraphProto graph) throws IOException {
        GraphProto.Builder builder = graph.toBuilder();
        for (int i = 0; i < graph.getNodeCount(); i++) {
            builder.setNode(i, withoutExternalData(graph.getNode(i)));
        }
        for (int i = 0; i < graph.getInitializerCount(); i++) {
            builder.setInitializer(i, withoutExternalData(graph.getInitializer(i)));
        }
        return builder.build();
    }

    private TensorProto withoutExternalData(TensorProto tensor) throws IOException {
        if (tensor.getDataLocation() != DataLocation.EXTERNAL) {
            return tensor;
        }
        return tensor.toBuilder()
                .clearExternalData()
                .clearDataLocation()
                .setRawData(UnsafeByteOperations.unsafeWrap(tensors.read(tensor).data()))
                .build();
    }
}
