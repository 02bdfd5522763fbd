package dev.slipstream.samples.benchmarks.weights;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The ONNX graphs that the peers on ONNX Runtime are given; the weights in them are the same. */
public enum OnnxForm {
    /** Our portable graph as it is: keys and values may be written in place. */
    IN_PLACE("onnx-"),
    /**
     * The same nodes behind the inputs that transformers.js and Optimum have: {@code input_ids},
     * {@code attention_mask}, a past that grows by each run. Logits of the last position only.
     */
    GROWING("onnx-growing-");

    /** Rotary tables for more than this would outweigh a small model. */
    private static final int LONGEST = 8192;

    private final String label;

    OnnxForm(String label) {
        this.label = label;
    }

    /**
     * Returns a directory with a model, written first if it is not there.
     *
     * @param checkpoint a directory that {@link Checkpoint#read} takes
     * @param precision of its matrices
     * @param folder of such directories of this checkpoint
     * @throws IOException if it cannot be written
     */
    public Path once(Path checkpoint, Precision precision, Path folder) throws IOException {
        return WrittenOnce.at(
                folder.resolve(label + precision.name().toLowerCase(Locale.ROOT)),
                directory -> write(Checkpoint.read(checkpoint.toString()), precision, directory));
    }

    /**
     * Writes {@code model.onnx} with its data and {@code tokenizer.json}.
     *
     * @param checkpoint the model
     * @param precision of its matrices
     * @param directory an empty or new one
     * @throws IOException if it cannot be written
     */
    public void write(Checkpoint checkpoint, Precision precision, Path directory)
            throws IOException {
        Files.createDirectories(directory);
        DecoderConfig config = checkpoint.config();
        OnnxModel model =
                DecoderGraphs.write(
                        checkpoint.name(),
                        config,
                        checkpoint.weights(),
                        precision,
                        Math.min(config.contextLength(), LONGEST));
        if (this == GROWING) {
            grow(model);
        }
        Files.writeString(directory.resolve("tokenizer.json"), checkpoint.tokenizerJson());
        model.write(directory.resolve("model.onnx"));
    }

    private static void grow(OnnxModel model) {
        List<String> own = List.of("seqlens_k", "total_sequence_length", "logit_positions");
        model.inputs().removeIf(input -> own.contains(input.getName()));
        GraphBuilder graph = new GraphBuilder(model);
        graph.input("attention_mask", ElementType.INT64, "batch", "total");
        graph.initializer("form.one", number(1));
        graph.initializer("form.last", number(-1));
        String tokens =
                graph.node("ReduceSum", "attention_mask", "form.one")
                        .attribute("keepdims", 0)
                        .output("form.tokens");
        String lastKey = graph.node("Sub", tokens, "form.one").output("form.last_key");
        graph.node("Cast", lastKey).attribute("to", ElementType.INT32.code()).output("seqlens_k");
        String shape = graph.node("Shape", "attention_mask").output("form.shape");
        String total = graph.node("Gather", shape, "form.one").output("form.total");
        graph.node("Cast", total)
                .attribute("to", ElementType.INT32.code())
                .output("total_sequence_length");
        graph.node("Identity", "form.last").output("logit_positions");
        model.sort();
    }

    private static Tensor number(long value) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return new Tensor(ElementType.INT64, List.of(1L), bytes.putLong(value).flip());
    }
}
