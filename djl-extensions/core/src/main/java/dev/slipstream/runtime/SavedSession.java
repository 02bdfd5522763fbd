package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.graph.OnnxModel;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An optimised graph with its weights and what ONNX Runtime packed of them for its kernels, as it
 * writes them while it opens a model. They suit the processor and the version that wrote them.
 *
 * @param model the graph's file
 * @param name of the model, for messages
 * @param operators marks of what native operators do in it
 */
record SavedSession(Path model, String name, String operators) {
    private static final String MODEL = "model.onnx";
    private static final String WEIGHTS = "model.bin";
    private static final String FACTS = "session.properties";

    /** Of those that read matrices, the ones that pack them well, or not at all. */
    private static final Set<String> WRITTEN_WHOLE =
            Set.of(
                    "MatMul",
                    "FusedMatMul",
                    "Gemm",
                    "Gather",
                    "GatherBlockQuantized",
                    "GroupQueryAttention");

    /** Below this, tensors stay within the graph. */
    private static final int SMALLEST_EXTERNAL = 1024;

    /**
     * Has ONNX Runtime write the session that is opened with these settings.
     *
     * @param directory where to; null writes nothing
     * @param graph that is opened; null if it is opened unseen, so that nothing packed is written
     */
    static void save(
            @Nullable Path directory,
            OrtSession.SessionOptions settings,
            @Nullable OnnxModel graph,
            String name,
            String operators)
            throws OrtException {
        if (directory == null) {
            return;
        }
        settings.setOptimizedModelFilePath(directory.resolve(MODEL).toString());
        settings.addConfigEntry("session.optimized_model_external_initializers_file_name", WEIGHTS);
        settings.addConfigEntry(
                "session.optimized_model_external_initializers_min_size_in_bytes",
                Integer.toString(SMALLEST_EXTERNAL));
        if (graph != null && canBePacked(graph)) {
            settings.addConfigEntry("session.save_external_prepacked_constant_initializers", "1");
        }
        Properties facts = new Properties();
        facts.setProperty("name", name);
        facts.setProperty("operators", operators);
        try (Writer out = Files.newBufferedWriter(directory.resolve(FACTS))) {
            facts.store(out, null);
        } catch (IOException e) {
            throw new InferenceException(directory + " cannot be written: " + e, e);
        }
    }

    /**
     * Tells whether what ONNX Runtime packs of the matrices is all that their kernels need. Of
     * {@code MatMulNBits} it writes a part (1.29.0): reopened so, logits of 8-bit weights are NaN,
     * those of 4-bit ones have other bits. Kernels that were not tried are left out, too.
     */
    private static boolean canBePacked(OnnxModel graph) {
        Set<String> matrices = new HashSet<>();
        graph.initializers()
                .forEach(
                        (name, tensor) -> {
                            if (tensor.shape().size() > 1) {
                                matrices.add(name);
                            }
                        });
        List<NodeProto> wrong = new ArrayList<>();
        // Replacing visits branches too.
        graph.copy()
                .replaceNodes(
                        node -> {
                            if (!isWrittenWhole(node)
                                    && node.getInputList().stream().anyMatch(matrices::contains)) {
                                wrong.add(node);
                            }
                            return List.of(node);
                        });
        return wrong.isEmpty();
    }

    private static boolean isWrittenWhole(NodeProto node) {
        return node.getDomain().equals("dev.slipstream")
                || WRITTEN_WHOLE.contains(node.getOpType());
    }

    static SavedSession read(Path directory) {
        Properties facts = new Properties();
        try (Reader in = Files.newBufferedReader(directory.resolve(FACTS))) {
            facts.load(in);
        } catch (IOException e) {
            throw new InferenceException(directory + " cannot be read: " + e, e);
        }
        return new SavedSession(
                directory.resolve(MODEL),
                facts.getProperty("name", directory.toString()),
                facts.getProperty("operators", ""));
    }
}
