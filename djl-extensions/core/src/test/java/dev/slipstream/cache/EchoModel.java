package dev.slipstream.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.GraphBuilder;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.GrowingDecoder;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/**
 * A model whose keys and values are the ids of the tokens, so that what a session got tells where
 * it came from.
 */
final class EchoModel {
    static final int CONTEXT = 64;
    static final int VOCABULARY = 9;

    private EchoModel() {}

    static OnnxModel graph() {
        OnnxModel graph = GrowingDecoder.graph(VOCABULARY, ElementType.FLOAT, false);
        // So that the model can be asked to draft; its draft is as good as itself.
        new GraphBuilder(graph).input("draft", ElementType.BOOL);
        return graph;
    }

    static DecoderModel open() {
        return DecoderModel.open(graph(), CONTEXT, new RuntimeOptions(1, Spinning.OFF, 2));
    }

    /** Returns a text of few different tokens: texts often begin alike. */
    static int[] text(Random random, int length) {
        return random.ints(length, 1, 4).toArray();
    }

    /** Computes a text and stores it. */
    static void store(PrefixCache cache, DecoderModel model, int... text) {
        try (DecoderSession session = model.newSession()) {
            session.forward(text, LogitRows.LAST);
            cache.store(session);
        }
    }

    /** Restores into a new session, checks what it holds, and returns how many tokens it holds. */
    static int restored(PrefixCache cache, DecoderModel model, int[] text, int most) {
        try (DecoderSession session = model.newSession()) {
            int length = cache.restore(session, text, most);
            requireHeld(session, Arrays.copyOf(text, length));
            return length;
        }
    }

    static void requireHeld(DecoderSession session, int[] text) {
        assertThat(session.tokens()).isEqualTo(text);
        ByteBuffer saved = saved(session);
        for (int i = 0; i < text.length; i++) {
            if (saved.getFloat(4 * i) != text[i]
                    || saved.getFloat(4 * (text.length + i)) != -text[i]) {
                throw new AssertionError(
                        "token %d of %s: found keys of another one"
                                .formatted(i, Arrays.toString(text)));
            }
        }
    }

    /** Returns all keys and values of a session. */
    static ByteBuffer saved(DecoderSession session) {
        long bytes = session.length() * session.model().bytesPerToken();
        ByteBuffer saved = ByteBuffer.allocate((int) bytes).order(ByteOrder.nativeOrder());
        session.save(0, session.length(), saved);
        return saved.flip();
    }
}
