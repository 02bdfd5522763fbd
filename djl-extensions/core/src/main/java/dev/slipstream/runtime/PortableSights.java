package dev.slipstream.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;

/** The inputs that tell a graph with {@link PortableBlocks} what new rows see. */
final class PortableSights {
    private final DecoderInterface decoder;
    private final int tokens;
    private final ByteBuffer positions;
    private final ByteBuffer bias;
    private final ByteBuffer length = Buffers.allocate(Long.BYTES);
    private final ByteBuffer rows = Buffers.allocate(Long.BYTES);
    private final ByteBuffer contextBias = Buffers.allocate(Float.BYTES);
    private final ByteBuffer reused = Buffers.allocate(1);
    private final ByteBuffer kept = Buffers.allocate(Long.BYTES);

    /**
     * Constructs them.
     *
     * @param tokens new ones of every run
     */
    PortableSights(DecoderInterface decoder, int tokens) {
        this.decoder = decoder;
        this.tokens = tokens;
        positions = Buffers.allocate((long) tokens * Long.BYTES);
        bias = Buffers.allocate((long) tokens * tokens * Float.BYTES);
    }

    /** Puts them into a run's inputs. */
    void bind(RunInputs inputs) throws OrtException {
        inputs.put(PortableBlocks.POSITIONS, positions, OnnxJavaType.INT64, 1, tokens);
        inputs.put(PortableBlocks.BIAS, bias, OnnxJavaType.FLOAT, tokens, tokens);
        inputs.put(PortableBlocks.LENGTH, length, OnnxJavaType.INT64, 1);
        inputs.put(PortableBlocks.ROWS, rows, OnnxJavaType.INT64, 1);
        inputs.put(PortableBlocks.CONTEXT_BIAS, contextBias, OnnxJavaType.FLOAT, 1);
        if (decoder.keepsContext()) {
            inputs.put(PortableBlocks.REUSED, reused, OnnxJavaType.BOOL);
            inputs.put(PortableBlocks.KEPT, kept, OnnxJavaType.INT64, 1);
        }
    }

    /**
     * Fills what says which rows see which.
     *
     * @param visibility of as many rows, or causal
     */
    void fillSights(Visibility visibility) {
        for (int i = 0; i < tokens; i++) {
            for (int j = 0; j < tokens; j++) {
                float value = visibility.sees(i, j) ? 0 : Float.NEGATIVE_INFINITY;
                bias.putFloat((i * tokens + j) * Float.BYTES, value);
            }
        }
    }

    /**
     * Fills what is of this run.
     *
     * @param past tokens that are held
     */
    void fill(Visibility visibility, ContextAttention context, int past) {
        for (int i = 0; i < tokens; i++) {
            positions.putLong(i * Long.BYTES, past + visibility.place(i));
        }
        length.putLong(0, past);
        rows.putLong(0, Math.max(1, past));
        contextBias.putFloat(0, past == 0 ? PortableBlocks.NOTHING : 0);
        reused.put(0, (byte) (context == ContextAttention.REUSED ? 1 : 0));
        long pairs = (long) decoder.group() * tokens;
        kept.putLong(0, context == ContextAttention.KEPT ? pairs : 0);
    }
}
