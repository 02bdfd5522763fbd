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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/**
 * Drafts what followed the newest token where it came up before; the faults below let it misbehave
 * at its third draft.
 */
final class ScriptedDrafting implements Drafting {
    /** The drafter throws. */
    static final int THROWS = 1;

    /** The drafter throws an error. */
    static final int ERROR = 2;

    /** The drafter ends its request's session. */
    static final int TERMINATES = 3;

    /** The draft holds a token that the model does not have: the shared run fails. */
    static final int UNKNOWN_TOKEN = 4;

    /** The drafter cannot be opened. */
    static final int DOES_NOT_OPEN = 5;

    /** The drafter cannot be closed. */
    static final int DOES_NOT_CLOSE = 6;

    /** Returns a greedy request's options with a fault: min-p, in hundredths, changes no text. */
    static GenerationOptions with(int fault, GenerationOptions options) {
        return options.toBuilder().minP(fault / 100.0).build();
    }

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
        int fault = (int) Math.round(100 * options.minP());
        if (fault == DOES_NOT_OPEN) {
            throw new IllegalStateException("scripted: does not open");
        }
        open.incrementAndGet();
        return new Script(target, fault);
    }

    @Override
    public void close() {}

    private final class Script implements Drafter {
        private final DecoderSession target;
        private final int fault;
        private int[] text = new int[0];
        private int drafts;

        Script(DecoderSession target, int fault) {
            this.target = target;
            this.fault = fault;
        }

        @Override
        public void extend(int[] text, int from, int to) {
            this.text = Arrays.copyOf(text, to);
        }

        @Override
        public Draft propose(DraftLimit limit) {
            if (++drafts == 3) {
                if (fault == THROWS) {
                    throw new IllegalStateException("scripted: throws");
                }
                if (fault == ERROR) {
                    throw new StackOverflowError("scripted: error");
                }
                if (fault == TERMINATES) {
                    target.terminate();
                }
                if (fault == UNKNOWN_TOKEN) {
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
            if (fault == DOES_NOT_CLOSE) {
                throw new IllegalStateException("scripted: does not close");
            }
        }
    }
}
