package dev.slipstream.oracle;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads llama2.c's version-0 checkpoints: seven int32 and float32 tensors, layers stacked. */
final class OracleLlama2c {
    private OracleLlama2c() {}

    static OracleModel read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int hidden = bytes.getInt();
        int intermediate = bytes.getInt();
        int layerCount = bytes.getInt();
        int heads = bytes.getInt();
        int keyValueHeads = bytes.getInt();
        int signedVocabulary = bytes.getInt();
        int context = bytes.getInt();
        int headSize = hidden / heads;
        int keyValue = keyValueHeads * headSize;

        float[] embedding = take(bytes, Math.abs(signedVocabulary) * hidden);
        float[][] attentionNorms = stack(bytes, layerCount, hidden);
        float[][] queries = stack(bytes, layerCount, hidden * hidden);
        float[][] keys = stack(bytes, layerCount, keyValue * hidden);
        float[][] values = stack(bytes, layerCount, keyValue * hidden);
        float[][] outputs = stack(bytes, layerCount, hidden * hidden);
        float[][] feedForwardNorms = stack(bytes, layerCount, hidden);
        float[][] gates = stack(bytes, layerCount, intermediate * hidden);
        float[][] downs = stack(bytes, layerCount, hidden * intermediate);
        float[][] ups = stack(bytes, layerCount, intermediate * hidden);
        float[] finalNorm = take(bytes, hidden);
        take(bytes, context * headSize); // cosines and sines, recomputed here
        float[] head = signedVocabulary > 0 ? embedding : take(bytes, -signedVocabulary * hidden);
        if (bytes.hasRemaining()) {
            throw new IllegalArgumentException(file + ": " + bytes.remaining() + " bytes too many");
        }

        List<OracleLayer> layers = new ArrayList<>();
        for (int i = 0; i < layerCount; i++) {
            layers.add(
                    new OracleLayer(
                            attentionNorms[i],
                            linear(queries[i], hidden),
                            linear(keys[i], hidden),
                            linear(values[i], hidden),
                            linear(outputs[i], hidden),
                            null,
                            null,
                            feedForwardNorms[i],
                            linear(gates[i], hidden),
                            linear(ups[i], hidden),
                            linear(downs[i], intermediate),
                            Integer.MAX_VALUE));
        }
        OracleRope rope = OracleRope.plain(10000, headSize, OracleRope.Pairing.NEIGHBOURS);
        return new OracleModel(
                new OracleShape(heads, keyValueHeads, headSize, 1e-5, rope),
                embedding,
                layers,
                finalNorm,
                linear(head, hidden));
    }

    private static OracleLinear linear(float[] weight, int inputs) {
        return new OracleLinear(weight, null, inputs);
    }

    private static float[][] stack(ByteBuffer bytes, int layers, int size) {
        float[][] stacked = new float[layers][];
        for (int i = 0; i < layers; i++) {
            stacked[i] = take(bytes, size);
        }
        return stacked;
    }

    private static float[] take(ByteBuffer bytes, int size) {
        float[] values = new float[size];
        bytes.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        bytes.position(bytes.position() + size * Float.BYTES);
        return values;
    }
}
