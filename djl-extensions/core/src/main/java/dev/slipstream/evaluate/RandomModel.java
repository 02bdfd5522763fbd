package dev.slipstream.evaluate;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;

/**
 * Writes a model that was never trained, as a Hugging Face directory: it costs what a trained one
 * of its shape costs, and says nothing. Weights are normally distributed as a Llama's are before
 * its training, in BF16.
 */
public final class RandomModel {
    private static final double DEVIATION = 0.02;
    private static final int CHUNK = 1 << 20;

    /** Normal values to choose from: the rarest is beyond four deviations. */
    private static final int VALUES = 1 << 16;

    private final ModelShape shape;
    private final SplittableRandom random;
    private final float[] normal = new float[VALUES];
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK);

    /**
     * Constructs a model.
     *
     * @param shape its numbers
     * @param seed of the weights: the same seed gives the same files
     */
    public RandomModel(ModelShape shape, long seed) {
        this.shape = shape;
        this.random = new SplittableRandom(seed);
        Random values = new Random(seed);
        for (int i = 0; i < VALUES; i++) {
            normal[i] = (float) values.nextGaussian();
        }
        chunk.order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Returns the number of weights. */
    public long parameters() {
        return shape.tensors().values().stream().mapToLong(RandomModel::elements).sum();
    }

    /**
     * Writes the files.
     *
     * @param directory an existing one
     * @param written hears how many weights are written
     * @throws IOException if a file cannot be written, or the weights are there already
     */
    public void write(Path directory, LongConsumer written) throws IOException {
        Files.writeString(directory.resolve("config.json"), shape.config() + "\n");
        RandomTokenizer.write(
                Files.newBufferedWriter(directory.resolve("tokenizer.json")), shape.vocabulary());
        try (FileChannel file =
                FileChannel.open(
                        directory.resolve("model.safetensors"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE)) {
            byte[] header = header();
            chunk.clear().putLong(header.length);
            flush(file);
            drain(file, ByteBuffer.wrap(header));
            long done = 0;
            for (Map.Entry<String, int[]> tensor : shape.tensors().entrySet()) {
                short[] values = values(tensor.getKey(), tensor.getValue());
                write(file, elements(tensor.getValue()), values);
                done += elements(tensor.getValue());
                written.accept(done);
            }
        }
    }

    private byte[] header() {
        JsonObject header = new JsonObject();
        long offset = 0;
        for (Map.Entry<String, int[]> entry : shape.tensors().entrySet()) {
            JsonArray dimensions = new JsonArray();
            for (int dimension : entry.getValue()) {
                dimensions.add(dimension);
            }
            JsonArray offsets = new JsonArray();
            offsets.add(offset);
            offset += elements(entry.getValue()) * Short.BYTES;
            offsets.add(offset);
            JsonObject tensor = new JsonObject();
            tensor.addProperty("dtype", "BF16");
            tensor.add("shape", dimensions);
            tensor.add("data_offsets", offsets);
            header.add(entry.getKey(), tensor);
        }
        String text = header.toString();
        // The weights after it begin at a multiple of eight.
        return (text + " ".repeat(-text.length() & 7)).getBytes(StandardCharsets.US_ASCII);
    }

    /** Returns the values that a tensor's weights are drawn from, as BF16. */
    private short[] values(String name, int[] dimensions) {
        // What is added to the residual stream is smaller the more of it there is.
        boolean added = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
        double deviation = added ? DEVIATION / Math.sqrt(2.0 * shape.layers()) : DEVIATION;
        short[] values = new short[VALUES];
        for (int i = 0; i < VALUES; i++) {
            float value = dimensions.length == 1 ? 1 : (float) (normal[i] * deviation);
            values[i] = (short) (Float.floatToIntBits(value) >>> 16);
        }
        return values;
    }

    private void write(FileChannel file, long elements, short[] values) throws IOException {
        chunk.clear();
        for (long i = 0; i < elements; ) {
            long draws = random.nextLong();
            for (int part = 0; part < 4 && i < elements; part++, i++) {
                chunk.putShort(values[(int) (draws >>> 16 * part) & VALUES - 1]);
                if (!chunk.hasRemaining()) {
                    flush(file);
                }
            }
        }
        flush(file);
    }

    private void flush(FileChannel file) throws IOException {
        drain(file, chunk.flip());
        chunk.clear();
    }

    private static void drain(FileChannel file, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }

    private static long elements(int[] dimensions) {
        long elements = 1;
        for (int dimension : dimensions) {
            elements *= dimension;
        }
        return elements;
    }
}
