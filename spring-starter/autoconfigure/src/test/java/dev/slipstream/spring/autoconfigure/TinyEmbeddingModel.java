package dev.slipstream.spring.autoconfigure;

import ai.onnx.proto.OnnxMl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The smallest files that Spring AI's embedding model opens: a table of vectors, and words. */
final class TinyEmbeddingModel {
    private static final int WORDS = 4;
    private static final int WIDTH = 2;

    private TinyEmbeddingModel() {}

    static void write(Path directory) throws IOException {
        Files.write(directory.resolve("model.onnx"), model().toByteArray());
        Files.writeString(
                directory.resolve("tokenizer.json"),
                """
                {
                  "version": "1.0",
                  "truncation": null,
                  "padding": null,
                  "added_tokens": [],
                  "normalizer": null,
                  "pre_tokenizer": {"type": "Whitespace"},
                  "post_processor": null,
                  "decoder": null,
                  "model": {
                    "type": "WordLevel",
                    "vocab": {"[UNK]": 0, "once": 1, "upon": 2, "time": 3},
                    "unk_token": "[UNK]"
                  }
                }
                """);
    }

    private static OnnxMl.ModelProto model() {
        OnnxMl.TensorProto.Builder table =
                OnnxMl.TensorProto.newBuilder()
                        .setName("table")
                        .setDataType(OnnxMl.TensorProto.DataType.FLOAT.getNumber())
                        .addDims(WORDS)
                        .addDims(WIDTH);
        for (int i = 0; i < WORDS * WIDTH; i++) {
            table.addFloatData(i);
        }
        return OnnxMl.ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(
                        OnnxMl.GraphProto.newBuilder()
                                .setName("tiny")
                                .addInitializer(table)
                                .addInput(
                                        tensor(
                                                "input_ids",
                                                OnnxMl.TensorProto.DataType.INT64,
                                                List.of("batch", "length")))
                                .addOutput(
                                        tensor(
                                                "last_hidden_state",
                                                OnnxMl.TensorProto.DataType.FLOAT,
                                                List.of("batch", "length", "width")))
                                .addNode(
                                        OnnxMl.NodeProto.newBuilder()
                                                .setOpType("Gather")
                                                .addInput("table")
                                                .addInput("input_ids")
                                                .addOutput("last_hidden_state")))
                .build();
    }

    private static OnnxMl.ValueInfoProto tensor(
            String name, OnnxMl.TensorProto.DataType type, List<String> dimensions) {
        OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder();
        for (String dimension : dimensions) {
            shape.addDim(OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimParam(dimension));
        }
        return OnnxMl.ValueInfoProto.newBuilder()
                .setName(name)
                .setType(
                        OnnxMl.TypeProto.newBuilder()
                                .setTensorType(
                                        OnnxMl.TypeProto.Tensor.newBuilder()
                                                .setElemType(type.getNumber())
                                                .setShape(shape)))
                .build();
    }
}
