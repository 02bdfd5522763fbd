package dev.slipstream.runtime;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The inputs that tell the native attention which of each other new rows see. Where all are causal
 * two of them are empty.
 */
final class SightBuffers {
    private final DecoderInterface decoder;
    private final ByteBuffer modes;
    private ByteBuffer places = Buffers.allocate(0);
    private ByteBuffer sights = Buffers.allocate(0);
    private int tokens;
    private int words;

    SightBuffers(DecoderInterface decoder) {
        this.decoder = decoder;
        this.modes = Buffers.allocate(decoder.sequences() * (long) Integer.BYTES);
    }

    /** Fills them for a run of turns, whose rows lie one turn after the other. */
    void fill(List<Turn> turns) {
        tokens = 0;
        int most = 0;
        for (Turn turn : turns) {
            tokens += turn.length();
            most = turn.causal() ? most : Math.max(most, turn.length());
        }
        words = (most + Long.SIZE - 1) / Long.SIZE;
        tokens = words == 0 ? 0 : tokens;
        places = Buffers.fitting(places, (long) tokens * Integer.BYTES);
        sights = Buffers.fitting(sights, (long) tokens * words * Long.BYTES);
        int row = 0;
        for (int i = 0; i < turns.size(); i++) {
            Turn turn = turns.get(i);
            modes.putInt(i * Integer.BYTES, turn.causal() ? 0 : 1 + turn.context().ordinal());
            if (!turn.causal()) {
                fill(turn, row);
            }
            row += turn.length();
        }
        for (int i = turns.size(); i < decoder.sequences(); i++) {
            modes.putInt(i * Integer.BYTES, 0);
        }
    }

    private void fill(Turn turn, int first) {
        Visibility visibility = turn.visibility();
        for (int i = 0; i < turn.length(); i++) {
            int row = first + i;
            places.putInt(row * Integer.BYTES, visibility.place(i));
            for (int word = 0; word < words; word++) {
                long seen = visibility.word(i, word);
                sights.putLong((row * words + word) * Long.BYTES, seen);
            }
        }
    }

    /** Puts them into a run's inputs. */
    void bind(RunInputs inputs) throws OrtException {
        inputs.put(RaggedAttention.MODES, modes, OnnxJavaType.INT32, decoder.sequences());
        inputs.put(RaggedAttention.PLACES, places, OnnxJavaType.INT32, tokens);
        inputs.put(RaggedAttention.SIGHTS, sights, OnnxJavaType.INT64, tokens, words);
    }
}
