package dev.slipstream.schedule;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.DraftRound;
import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Speculation;
import dev.slipstream.runtime.DecoderSession;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/**
 * Drafts what followed the newest token where it came up before; the seeds below let it misbehave
 * at its third draft.
 */
final class ScriptedDrafting implements Drafting {
    /** The drafter throws. */
    static final long THROWS = -1;

    /** The drafter throws an error. */
    static final long ERROR = -2;

    /** The drafter ends its request's session. */
    static final long TERMINATES = -3;

    /** The draft holds a token that the model does not have: the shared run fails. */
    static final long UNKNOWN_TOKEN = -4;

    /** The drafter cannot be opened. */
    static final long DOES_NOT_OPEN = -5;

    /** The drafter cannot be closed. */
    static final long DOES_NOT_CLOSE = -6;

    final AtomicInteger open = new AtomicInteger();

    static Speculation speculation() {
        return new ScriptedDrafting().upTo(() -> 4);
    }

    Speculation upTo(IntSupplier tokens) {
        return new Speculation(
                this,
                () ->
                        new DraftLength() {
                            @Override
                            public DraftLimit limit(int otherRows) {
                                return new DraftLimit(tokens.getAsInt(), 0);
                            }

                            @Override
                            public void observe(DraftRound round) {}
                        });
    }

    @Override
    public String name() {
        return "scripted";
    }

    @Override
    public Drafter open(DecoderSession target, GenerationOptions options) {
        long seed = Objects.requireNonNullElse(options.seed(), 0L);
        if (seed == DOES_NOT_OPEN) {
            throw new IllegalStateException("scripted: does not open");
        }
        open.incrementAndGet();
        return new Script(target, seed);
    }

    @Override
    public void close() {}

    private final class Script implements Drafter {
        private final DecoderSession target;
        private final long seed;
        private int[] text = new int[0];
        private int drafts;

        Script(DecoderSession target, long seed) {
            this.target = target;
            this.seed = seed;
        }

        @Override
        public void extend(int[] text, int from, int to) {
            this.text = Arrays.copyOf(text, to);
        }

        @Override
        public Draft propose(DraftLimit limit) {
            if (++drafts == 3) {
                if (seed == THROWS) {
                    throw new IllegalStateException("scripted: throws");
                }
                if (seed == ERROR) {
                    throw new StackOverflowError("scripted: error");
                }
                if (seed == TERMINATES) {
                    target.terminate();
                }
                if (seed == UNKNOWN_TOKEN) {
                    return new Draft(new int[] {1 << 20}, new double[1], null);
                }
            }
            int last = text.length - 1;
            for (int i = last - 1; i >= 0; i--) {
                if (text[i] == text[last]) {
                    int[] tokens =
                            Arrays.copyOfRange(
                                    text, i + 1, Math.min(last + 1, i + 1 + limit.tokens()));
                    return new Draft(tokens, new double[tokens.length], null);
                }
            }
            return Draft.NONE;
        }

        @Override
        public void close() {
            open.decrementAndGet();
            if (seed == DOES_NOT_CLOSE) {
                throw new IllegalStateException("scripted: does not close");
            }
        }
    }
}
