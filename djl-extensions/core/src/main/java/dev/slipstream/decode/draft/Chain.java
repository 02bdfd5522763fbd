package dev.slipstream.decode.draft;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.runtime.DecoderSession;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks several drafters in turn, so that an expensive one works only where the cheap ones have no
 * good idea: the first that trusts its first token enough is followed. If none does, the most
 * confident proposal is taken, as it has been paid for; of equal ones, the later drafter's.
 *
 * <p>All drafters are told of every token, whoever proposed it. So that one that is not asked costs
 * nothing, {@link Drafter#extend} must be cheap: a draft model only notes the tokens there, and
 * reads them when {@link Drafter#propose} is called.
 */
public final class Chain implements Drafting {
    /** The confidence that a first token needs, unless said otherwise. */
    public static final double ENOUGH = 0.3;

    private final List<Drafting> links;
    private final double enough;

    /**
     * Constructs a chain with {@link #ENOUGH} as the threshold.
     *
     * @param links cheap ones first; owned
     */
    public Chain(List<? extends Drafting> links) {
        this(links, ENOUGH);
    }

    /**
     * Constructs a chain.
     *
     * @param links cheap ones first, at least one; owned
     * @param enough how much a drafter must trust its first token so that no later one is asked, 0
     *     to 1
     */
    public Chain(List<? extends Drafting> links, double enough) {
        if (links.isEmpty()) {
            throw new IllegalArgumentException("links: expected one drafting or more, found none");
        }
        if (!(enough >= 0 && enough <= 1)) {
            throw new IllegalArgumentException("enough: expected 0 to 1, found " + enough);
        }
        this.links = List.copyOf(links);
        this.enough = enough;
    }

    @Override
    public String name() {
        return "chain";
    }

    @Override
    public Drafter open(DecoderSession target, GenerationOptions options) {
        List<Drafter> opened = new ArrayList<>();
        try {
            for (Drafting link : links) {
                opened.add(link.open(target, options));
            }
        } catch (RuntimeException | Error e) {
            closeAfter(opened, e);
            throw e;
        }
        return new Asking(opened, enough);
    }

    @Override
    public void close() {
        closeAll(links);
    }

    private static void closeAfter(List<? extends AutoCloseable> owned, Throwable cause) {
        try {
            closeAll(owned);
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
        }
    }

    /** In reverse order, and the others too if one fails. */
    private static void closeAll(List<? extends AutoCloseable> owned) {
        RuntimeException failure = null;
        for (int i = owned.size() - 1; i >= 0; i--) {
            try {
                owned.get(i).close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = e instanceof RuntimeException r ? r : new IllegalStateException(e);
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** The drafters of one request. */
    private record Asking(List<Drafter> drafters, double enough) implements Drafter {
        @Override
        public void extend(int[] text, int from, int to) {
            for (Drafter drafter : drafters) {
                drafter.extend(text, from, to);
            }
        }

        @Override
        public Draft propose(DraftLimit limit) {
            Draft best = Draft.NONE;
            for (Drafter drafter : drafters) {
                Draft draft = drafter.propose(limit);
                if (draft.length() > 0) {
                    if (draft.confidences()[0] >= enough) {
                        return draft;
                    }
                    best = moreConfident(best, draft);
                }
            }
            return best;
        }

        private static Draft moreConfident(Draft earlier, Draft later) {
            return earlier.length() > 0 && earlier.confidences()[0] > later.confidences()[0]
                    ? earlier
                    : later;
        }

        @Override
        public void close() {
            closeAll(drafters);
        }
    }
}
