package dev.slipstream.decode.draft;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.DraftRound;
import dev.slipstream.decode.draft.AcceptanceRates.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * {@link CostModelLength} for one request. All values are in tokens: a row's price is its time
 * times the tokens that such a time gives on average.
 */
final class CostModelRequest implements DraftLength {
    /** Trials of other requests that weigh as much as one of this. */
    private static final double START_TRIALS = 4;

    /** The text changes: what was learned 64 steps ago counts a third. */
    private static final double KEPT = 1 - 1.0 / 64;

    private static final double SHARED_KEPT = 1 - 1.0 / 1024;

    /** Drafts that take less than this part of a step are made anyway, and cut afterwards. */
    private static final double NEARLY_FREE = 0.002;

    /** Each so many drafts, one goes on past tokens that the drafter does not trust. */
    private static final int UNTRUSTED_EVERY = 32;

    private static final int UNTRUSTED_MOST = 4;

    private final CostModelLengths shared;
    private final AcceptanceRates rates;
    private final RecentDrafts recent;
    private final Probes proposals;
    private final Probes[] buckets = new Probes[AcceptanceRates.BUCKETS];
    private double gained;
    private double spent;
    private int asked;
    private int drafts;
    private boolean probing;
    private @Nullable Probes probed;

    CostModelRequest(CostModelLengths shared) {
        this.shared = shared;
        rates = new AcceptanceRates(shared.rates(), START_TRIALS);
        recent = shared.recent().copy();
        proposals = new Probes(shared.proposals());
        for (int i = 0; i < buckets.length; i++) {
            buckets[i] = new Probes(shared.bucket(i));
        }
    }

    @Override
    public DraftLimit limit(int otherRows) {
        probing = false;
        asked = shared.most();
        double pace = tokensPerNano(otherRows);
        DraftingCost drafting = shared.drafting();
        if (pace * drafting.nanos(asked) <= NEARLY_FREE) {
            return new DraftLimit(asked, 0);
        }
        double[] prices = prices(otherRows, asked, pace);
        double[] accepted = rates.rates();
        double tokenPrice = pace * drafting.perToken();
        double best = Double.NEGATIVE_INFINITY;
        int least = 0;
        int buckets = tokenPrice <= NEARLY_FREE ? 1 : AcceptanceRates.BUCKETS;
        for (int bucket = 0; bucket < buckets; bucket++) {
            if (bucket > 0 && !recent.holds(bucket - 1)) {
                continue;
            }
            double[] values = recent.values(accepted, prices, bucket, tokenPrice);
            for (int n = 1; n <= shared.most(); n++) {
                if (values[n] > best) {
                    best = values[n];
                    asked = n;
                    least = bucket;
                }
            }
        }
        // A drafter of dear tokens that had better stop before each first one has no value, either.
        if (best - pace * drafting.nanos(0) < -NEARLY_FREE || buckets > 1 && best <= 0) {
            double price = pace * drafting.nanos(asked) + prices[0];
            probing = proposals.due(price / (otherRows + 1));
            if (!probing) {
                asked = 0;
                return DraftLimit.NOTHING;
            }
        }
        if (probing) {
            least = 0;
        } else if (least > 0 && ++drafts % UNTRUSTED_EVERY == 0) {
            least = 0;
            asked = Math.min(asked, UNTRUSTED_MOST);
        }
        return new DraftLimit(asked, AcceptanceRates.edge(least));
    }

    @Override
    public int worth(Draft draft, int otherRows) {
        int length = Math.min(draft.length(), shared.most());
        double[] prices = prices(otherRows, length, tokensPerNano(otherRows));
        double[] accepted = rates.rates();
        double survival = 1;
        double gain = 0;
        double best = 0;
        int worth = 0;
        for (int i = 0; i < length; i++) {
            survival *= accepted[bucket(draft, i)];
            gain += survival - prices[i];
            if (gain > best) {
                best = gain;
                worth = i + 1;
            }
        }
        if (worth < length) {
            Probes blocking = buckets[bucket(draft, worth)];
            if (blocking.due(prices[worth] / (otherRows + 1))) {
                probed = blocking;
                worth++;
            } else if (probing && worth == 0) {
                worth++;
            }
        }
        return worth;
    }

    @Override
    public void observe(DraftRound round) {
        int others = Math.max(0, round.rows() - 1 - round.verified());
        VerificationCosts costs = shared.costs();
        double step = costs.nanos(others + 1);
        double draftNanos = 0;
        if (asked > 0) {
            if (round.draftNanos() > 0) {
                shared.drafting().observe(round.draft().length(), round.draftNanos());
            }
            draftNanos = shared.drafting().nanos(round.draft().length());
            recent.add(round.draft(), asked);
            shared.recent().add(round.draft(), asked);
            proposals.tried(round.accepted(), usual(round.draft()));
        }
        double nanos = costs.nanos(others + 1 + round.verified()) + draftNanos;
        double steps = nanos / step * (others + 1);
        gained = KEPT * gained + others + 1 + round.accepted();
        spent = KEPT * spent + steps;
        shared.paced((others + 1 + round.accepted()) / steps);
        for (int i = 0; i < buckets.length; i++) {
            rates.fade(i, KEPT);
        }
        learn(round);
        if (probed != null) {
            probed.missed();
            probed = null;
        }
        costs.observe(round.rows(), round.runNanos());
        asked = 0;
    }

    private double usual(Draft draft) {
        return draft.length() == 0 ? 0 : shared.rates().rates()[bucket(draft, 0)];
    }

    private void learn(DraftRound round) {
        double[] usual = shared.rates().rates();
        for (int i = 0; i < round.verified() && i <= round.accepted(); i++) {
            Outcome outcome = i < round.accepted() ? Outcome.ACCEPTED : Outcome.REJECTED;
            int bucket = bucket(round.draft(), i);
            rates.add(bucket, outcome);
            shared.rates().fade(bucket, SHARED_KEPT);
            shared.rates().add(bucket, outcome);
            buckets[bucket].tried(outcome == Outcome.ACCEPTED ? 1 : 0, usual[bucket]);
        }
    }

    /** Returns the tokens that a nanosecond is worth: those of plain decoding, or of late. */
    private double tokensPerNano(int otherRows) {
        double pace = (gained + START_TRIALS * Math.max(1, shared.pace())) / (spent + START_TRIALS);
        return Math.max(1, pace) * (otherRows + 1) / shared.costs().nanos(otherRows + 1);
    }

    private double[] prices(int otherRows, int count, double pace) {
        double[] result = new double[count];
        double before = shared.costs().nanos(otherRows + 1);
        for (int i = 0; i < count; i++) {
            double after = shared.costs().nanos(otherRows + 2 + i);
            result[i] = pace * (after - before);
            before = after;
        }
        return result;
    }

    private static int bucket(Draft draft, int index) {
        return AcceptanceRates.bucket(draft.confidences()[index]);
    }
}
