package dev.slipstream.decode.draft;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import java.util.Random;

/**
 * Lets a drafter draft after meaningless tokens when its model is opened, to learn what a draft
 * costs. Without it the first drafts of a fresh JVM, several times slower than later ones, were
 * what a cost model knew: it gave a drafter up that was worth its price, and came back to it some
 * hundred steps later.
 */
final class Rehearsal {
    private static final long BUDGET_NANOS = 300_000_000;
    private static final int TEXT = 64;
    private static final int[] LENGTHS = {1, 2, 4};

    private Rehearsal() {}

    /** Drafts for the first half of the time to get warm, for the second half to measure. */
    static void run(Drafting drafting, DecoderModel model, DraftingCost cost) {
        int length = Math.min(TEXT, model.contextLength() / 2);
        if (length < 2) {
            return;
        }
        int[] text = new Random(1).ints(length, 0, model.vocabularySize()).toArray();
        try (DecoderSession session = model.newSession(model.contextLength())) {
            session.forward(text, 0, length - 1, LogitRows.LAST);
            try (Drafter drafter = drafting.open(session, GenerationOptions.greedy())) {
                drafter.extend(text, 0, length);
                rehearse(drafter, cost);
            }
        }
    }

    private static void rehearse(Drafter drafter, DraftingCost cost) {
        long start = System.nanoTime();
        for (int i = 0; ; i++) {
            long before = System.nanoTime();
            Draft draft = drafter.propose(new DraftLimit(LENGTHS[i % LENGTHS.length], 0));
            long after = System.nanoTime();
            if (draft.length() == 0 || after - start > BUDGET_NANOS) {
                return;
            }
            if (after - start > BUDGET_NANOS / 2) {
                cost.observe(draft.length(), after - before);
            }
        }
    }
}
