package dev.slipstream.samples.benchmarks.weights;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.RotaryScaling;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Writes a model of the Llama family as GGUF, version 3, for llama.cpp's architecture {@code
 * llama}: every matrix in one format, embedding and head too, norms and biases in F32. A tied head
 * is not stored twice.
 */
public final class Gguf {
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;

    private Gguf() {}

    /**
     * Returns a file, written first if it is not there.
     *
     * @param checkpoint a directory that {@link Checkpoint#read} takes
     * @param format of the matrices
     * @param folder of such files of this checkpoint
     * @throws IOException if it cannot be written
     */
    public static Path once(Path checkpoint, WeightFormat format, Path folder) throws IOException {
        Path file = folder.resolve(format.label() + ".gguf");
        if (!Files.exists(file)) {
            write(Checkpoint.read(checkpoint.toString()), format, file);
        }
        return file;
    }

    /**
     * Writes a file; it appears complete or not at all. Needs memory for a few million weights,
     * however large the model is.
     *
     * @param checkpoint the model
     * @param format of the matrices; one whose rows do not fill blocks of 32 stays F32
     * @param file its place; replaced if it is there
     * @throws CheckpointException if llama.cpp's architecture has no place for a part of the model:
     *     norms of queries and keys, sliding windows, YaRN, unknown tokenizers
     * @throws IOException if it cannot be written
     */
    public static void write(Checkpoint checkpoint, WeightFormat format, Path file)
            throws IOException {
        List<GgufTensor> tensors = GgufTensors.of(checkpoint, format);
        GgufMetadata metadata = metadata(checkpoint, format);
        Path unfinished = file.resolveSibling(file.getFileName() + ".part");
        try {
            try (FileChannel channel =
                    FileChannel.open(
                            unfinished,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.WRITE)) {
                drain(channel, header(tensors, metadata));
                for (GgufTensor tensor : tensors) {
                    align(channel);
                    GgufValues values = new GgufValues(tensor);
                    while (values.hasNext()) {
                        drain(channel, values.next());
                    }
                }
                align(channel);
            }
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private static GgufMetadata metadata(Checkpoint checkpoint, WeightFormat format) {
        DecoderConfig config = checkpoint.config();
        GgufMetadata metadata = new GgufMetadata();
        metadata.text("general.architecture", "llama");
        metadata.text("general.name", checkpoint.name());
        metadata.number("general.file_type", format.fileType());
        metadata.number("general.quantization_version", 2);
        metadata.number("general.alignment", ALIGNMENT);
        metadata.number("llama.context_length", config.contextLength());
        metadata.number("llama.embedding_length", config.hiddenSize());
        metadata.number("llama.block_count", config.layers());
        metadata.number("llama.feed_forward_length", config.intermediateSize());
        metadata.number("llama.vocab_size", config.vocabularySize());
        metadata.number("llama.attention.head_count", config.heads());
        metadata.number("llama.attention.head_count_kv", config.keyValueHeads());
        metadata.number("llama.attention.key_length", config.headSize());
        metadata.number("llama.attention.value_length", config.headSize());
        metadata.real("llama.attention.layer_norm_rms_epsilon", config.normEpsilon());
        metadata.number("llama.rope.dimension_count", config.headSize());
        metadata.real("llama.rope.freq_base", config.rotary().theta());
        if (config.rotary() instanceof RotaryScaling.Linear linear) {
            metadata.text("llama.rope.scaling.type", "linear");
            metadata.real("llama.rope.scaling.factor", linear.factor());
        }
        GgufTokenizer.of(checkpoint).write(metadata);
        return metadata;
    }

    private static ByteBuffer header(List<GgufTensor> tensors, GgufMetadata metadata) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        GgufMetadata.int32(out, VERSION);
        GgufMetadata.int64(out, tensors.size());
        GgufMetadata.int64(out, metadata.count());
        out.writeBytes(metadata.toBytes());
        long offset = 0;
        for (GgufTensor tensor : tensors) {
            GgufMetadata.string(out, tensor.name());
            GgufMetadata.int32(out, tensor.shape().size());
            for (int i = tensor.shape().size() - 1; i >= 0; i--) {
                GgufMetadata.int64(out, tensor.shape().get(i));
            }
            GgufMetadata.int32(out, tensor.format().tensorType());
            GgufMetadata.int64(out, offset);
            offset += tensor.bytes() + padding(tensor.bytes());
        }
        return ByteBuffer.wrap(out.toByteArray());
    }

    private static void align(FileChannel channel) throws IOException {
        drain(channel, ByteBuffer.allocate((int) padding(channel.position())));
    }

    private static long padding(long position) {
        return Math.floorMod(-position, ALIGNMENT);
    }

    private static void drain(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
