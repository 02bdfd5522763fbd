package dev.slipstream.decode.draft;

import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLengths;
import dev.slipstream.decode.Drafting;
import dev.slipstream.runtime.DecoderModel;

/** What the requests of one model share under {@link CostModelLength}: where new ones start. */
final class CostModelLengths implements DraftLengths {
    /** What a confidence says weighs as much as so many trials: enough to try, not to insist. */
    private static final double PRIOR_TRIALS = 6;

    private static final double PACE_RATE = 1.0 / 256;

    private final int most;
    private final VerificationCosts costs;
    private final DraftingCost drafting = new DraftingCost();
    private final AcceptanceRates rates = new AcceptanceRates(null, PRIOR_TRIALS);
    private final RecentDrafts recent;
    private final Probes proposals = new Probes();
    private final Probes[] buckets = new Probes[AcceptanceRates.BUCKETS];
    private double pace = 1;

    CostModelLengths(int most, VerificationCosts costs) {
        this.most = most;
        this.costs = costs;
        // As many as a request keeps, so that a new one's are those of many texts.
        recent = RecentDrafts.unknown(most).copy();
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new Probes();
        }
    }

    @Override
    public DraftLength open() {
        return new CostModelRequest(this);
    }

    @Override
    public void measure(Drafting drafts, DecoderModel model) {
        Rehearsal.run(drafts, model, drafting);
    }

    int most() {
        return most;
    }

    VerificationCosts costs() {
        return costs;
    }

    DraftingCost drafting() {
        return drafting;
    }

    AcceptanceRates rates() {
        return rates;
    }

    RecentDrafts recent() {
        return recent;
    }

    Probes proposals() {
        return proposals;
    }

    Probes bucket(int index) {
        return buckets[index];
    }

    synchronized double pace() {
        return pace;
    }

    synchronized void paced(double newest) {
        pace += PACE_RATE * (newest - pace);
    }
}
