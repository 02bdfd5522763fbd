package dev.slipstream.decode.draft;

import dev.slipstream.decode.Draft;
import java.util.Arrays;

/**
 * The confidences of the latest drafts, so that the next one can be valued before it is made: a
 * drafter's proposals come and go with the text, and only few may be worth anything.
 */
final class RecentDrafts {
    private static final int KEPT = 16;

    private final int most;
    private final int[][] buckets;
    private int next;

    private RecentDrafts(int most, int[][] buckets, int next) {
        this.most = most;
        this.buckets = buckets;
        this.next = next;
    }

    /** Returns one draft of middling confidence: what is assumed of an unknown drafter. */
    static RecentDrafts unknown(int most) {
        int[] middling = new int[most];
        Arrays.fill(middling, AcceptanceRates.bucket(0.6));
        return new RecentDrafts(most, new int[][] {middling}, 0);
    }

    /**
     * Adds a draft.
     *
     * @param asked tokens that it was limited to: a draft as long as that might have gone on
     */
    synchronized void add(Draft draft, int asked) {
        int length = Math.min(draft.length(), most);
        boolean mightGoOn = length > 0 && draft.length() >= asked;
        int[] before = buckets[(next + buckets.length - 1) % buckets.length];
        int[] added = new int[mightGoOn ? most : length];
        for (int i = 0; i < added.length; i++) {
            if (i < length) {
                added[i] = AcceptanceRates.bucket(draft.confidences()[i]);
            } else {
                added[i] = before.length > 0 ? before[(i - length) % before.length] : added[0];
            }
        }
        buckets[next] = added;
        next = (next + 1) % buckets.length;
    }

    /** Returns the same drafts, for another request. */
    synchronized RecentDrafts copy() {
        int[][] copied = new int[KEPT][];
        for (int i = 0; i < KEPT; i++) {
            copied[i] = buckets[(next + i) % buckets.length];
        }
        return new RecentDrafts(most, copied, 0);
    }

    /** Tells whether a token of this bucket was drafted. */
    synchronized boolean holds(int bucket) {
        for (int[] draft : buckets) {
            for (int token : draft) {
                if (token == bucket) {
                    return true;
                }
            }
        }
        return false;
    }

    /**
     * Returns for each limit of 0 to most tokens what a draft is worth on average, if it is cut
     * where that is best, less the price of its tokens.
     *
     * @param rates of acceptance, by bucket
     * @param prices of the first, second, ... further row
     * @param leastBucket a draft ends before a token of a lower one
     * @param tokenPrice of drafting a token
     */
    synchronized double[] values(
            double[] rates, double[] prices, int leastBucket, double tokenPrice) {
        double[] result = new double[most + 1];
        for (int[] draft : buckets) {
            double survival = 1;
            double gain = 0;
            double best = 0;
            int drafted = 0;
            for (int i = 0; i < most; i++) {
                if (i == drafted && i < draft.length && draft[i] >= leastBucket) {
                    drafted++;
                    survival *= rates[draft[i]];
                    gain += survival - prices[i];
                    best = Math.max(best, gain);
                }
                result[i + 1] += (best - tokenPrice * drafted) / buckets.length;
            }
        }
        return result;
    }
}
