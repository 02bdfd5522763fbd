package dev.slipstream.decode.block;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TextDecoder;
import dev.slipstream.decode.TextRequest;
import dev.slipstream.decode.Token;
import dev.slipstream.oracle.OracleModel;
import dev.slipstream.runtime.ContextAttention;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Drives a block decoder by hand, with logits from wherever a test wants them. */
final class BlockRuns {
    /** Where logits come from. */
    interface Source {
        /**
         * Returns a row for each new token.
         *
         * @param held tokens that the session holds
         * @param turn what is run
         */
        float[][] rows(int[] held, Turn turn);
    }

    /** What came out. */
    record Result(
            String text,
            List<Token> tokens,
            FinishReason finish,
            List<Integer> chunks,
            List<Turn> turns,
            List<Integer> held,
            Statistics.Work work) {
        List<Integer> ids() {
            return tokens.stream().map(Token::id).toList();
        }

        List<ContextAttention> contexts() {
            return turns.stream()
                    .filter(turn -> !turn.visibility().isCausal())
                    .map(Turn::context)
                    .toList();
        }
    }

    private BlockRuns() {}

    /**
     * Decodes a text, the prompt three tokens at a time. The session runs all turns causally, so
     * that it holds what it has to; the logits that it gives are thrown away.
     */
    static Result decode(
            LanguageModel model,
            BlockDecoding method,
            int[] prompt,
            GenerationOptions options,
            Source source) {
        int capacity = model.capacity(new Prompt("", prompt), options, method.scratch());
        try (DecoderSession session = model.decoder().newSession(capacity);
                TextDecoder decoder =
                        new BlockDecoder(
                                new TextRequest(
                                        model, new Prompt("", prompt), options, session, null),
                                method)) {
            StringBuilder text = new StringBuilder();
            List<Token> tokens = new ArrayList<>();
            List<Integer> chunks = new ArrayList<>();
            List<Turn> turns = new ArrayList<>();
            List<Integer> held = new ArrayList<>();
            while (decoder.finishReason() == null) {
                Turn turn = decoder.next(3, 0);
                turns.add(turn);
                held.add(session.length());
                float[][] rows = source.rows(session.tokens(), turn);
                session.forward(turn.tokens(), turn.from(), turn.to(), LogitRows.LAST);
                decoder.take(logits(rows, turn.rows()), 1);
                for (TextChunk chunk = decoder.poll(); chunk != null; chunk = decoder.poll()) {
                    text.append(chunk.text());
                    tokens.addAll(chunk.tokens());
                    chunks.add(chunk.tokens().size());
                }
            }
            return new Result(
                    text.toString(),
                    tokens,
                    decoder.finishReason(),
                    chunks,
                    turns,
                    held,
                    decoder.work());
        }
    }

    /** Computes every turn from nothing, with all tokens that are held, as they were run. */
    static Source of(OracleModel model) {
        return new Source() {
            private final List<BitSet> sights = new ArrayList<>();
            private final List<Integer> places = new ArrayList<>();

            @Override
            public float[][] rows(int[] held, Turn turn) {
                int count = turn.length();
                sights.subList(held.length, sights.size()).clear();
                places.subList(held.length, places.size()).clear();
                for (int row = 0; row < count; row++) {
                    BitSet sight = new BitSet();
                    sight.set(0, held.length);
                    for (int other = 0; other < count; other++) {
                        sight.set(held.length + other, turn.visibility().sees(row, other));
                    }
                    sights.add(sight);
                    places.add(held.length + turn.visibility().place(row));
                }
                int[] tokens = Arrays.copyOf(held, held.length + count);
                System.arraycopy(turn.tokens(), turn.from(), tokens, held.length, count);
                int[] positions = places.stream().mapToInt(Integer::intValue).toArray();
                float[][] logits =
                        model.logits(tokens, positions, (row, other) -> sights.get(row).get(other));
                return Arrays.copyOfRange(logits, held.length, logits.length);
            }
        };
    }

    private static Logits logits(float[][] rows, LogitRows wanted) {
        int from = wanted == LogitRows.ALL ? 0 : rows.length - 1;
        int vocabulary = rows[0].length;
        FloatBuffer values = FloatBuffer.allocate((rows.length - from) * vocabulary);
        for (int i = from; i < rows.length; i++) {
            values.put(rows[i]);
        }
        return new Logits(values.rewind(), rows.length - from, vocabulary);
    }
}
