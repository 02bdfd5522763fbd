package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.runtime.DecoderSession;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Chooses its drafts by a script, and checks that it is told the whole text, once and in order. */
final class ScriptedDrafting implements Drafting {
    private final Script script;
    final List<GenerationOptions> opened = new ArrayList<>();
    int closed;

    ScriptedDrafting(Script script) {
        this.script = script;
    }

    /** What follows a text. */
    interface Script {
        int[] propose(int[] text, int tokens);
    }

    /** Always the same number of tokens at most. */
    static DraftLengths length(int tokens) {
        return () ->
                new DraftLength() {
                    @Override
                    public DraftLimit limit(int otherRows) {
                        return new DraftLimit(tokens, 0);
                    }

                    @Override
                    public void observe(DraftRound round) {
                        assertThat(round.accepted()).isBetween(0, round.verified());
                        assertThat(round.verified()).isBetween(0, tokens);
                        assertThat(round.rows()).isEqualTo(1 + round.verified());
                    }
                };
    }

    /** The text as it is known to go on; the last token again after its end. */
    static Script perfect(int[] known) {
        return (text, tokens) -> {
            int[] next = new int[tokens];
            for (int i = 0; i < tokens; i++) {
                next[i] = known[Math.min(text.length + i, known.length - 1)];
            }
            return next;
        };
    }

    /** Never the right token, so that even the first is refused. */
    static Script wrong(int[] known, int vocabulary) {
        return (text, tokens) ->
                Arrays.stream(perfect(known).propose(text, tokens))
                        .map(token -> (token + 1) % vocabulary)
                        .toArray();
    }

    /** Any tokens. */
    static Script random(long seed, int vocabulary) {
        Random random = new Random(seed);
        return (text, tokens) -> random.ints(tokens, 0, vocabulary).toArray();
    }

    /** Drafts of any length up to the limit, right in three of four tokens. */
    static Script partly(int[] known, long seed, int vocabulary) {
        Random random = new Random(seed);
        return (text, tokens) ->
                Arrays.stream(perfect(known).propose(text, random.nextInt(tokens + 1)))
                        .map(token -> random.nextInt(4) > 0 ? token : random.nextInt(vocabulary))
                        .toArray();
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public Drafter open(DecoderSession target, GenerationOptions options) {
        opened.add(options);
        return new Drafter() {
            private int[] known = new int[0];

            @Override
            public void extend(int[] text, int from, int to) {
                assertThat(from).isEqualTo(known.length);
                assertThat(to).isGreaterThan(from);
                assertThat(Arrays.copyOf(text, from)).isEqualTo(known);
                known = Arrays.copyOf(text, to);
            }

            @Override
            public Draft propose(DraftLimit limit) {
                // All but the newest token is in the session when a draft is due.
                assertThat(target.tokens()).isEqualTo(Arrays.copyOf(known, known.length - 1));
                int[] tokens = script.propose(known, limit.tokens());
                return new Draft(tokens, new double[tokens.length], null);
            }

            @Override
            public void close() {
                closed++;
            }
        };
    }

    @Override
    public void close() {}
}
