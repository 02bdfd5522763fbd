package dev.slipstream.decode.draft;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.DraftRound;
import java.util.Arrays;
import java.util.TreeMap;

/**
 * A scripted machine, drafter and text: whether the drafter guesses a token of the text right, and
 * how sure it is, is written down for every position, so all rules decode the very same text. Time
 * is added up from a table.
 */
record LengthWorld(double[] rowNanos, double draftNanos, double tokenNanos) {
    static final double STEP = 1e6;

    /** Measured: fp32, one thread. */
    static final double[] FLAT = curve(1, 1.16, 2, 1.23, 3, 1.27, 7, 1.63, 15, 2.33, 31, 4.0);

    /** Measured: int8, one thread. */
    static final double[] BENT = curve(1, 1.03, 2, 1.23, 3, 1.47, 7, 2.57, 15, 4.74, 31, 9.4);

    /** Measured: int4, one thread. */
    static final double[] STEEP = curve(1, 1.14, 3, 1.75, 7, 3.14, 15, 5.96, 31, 11.6);

    static final double[] LINEAR = curve(31, 32);

    /** What can be known of a text: for each position whether the guess is right, and how sure. */
    record Text(boolean[] right, double[] confidence) {
        int length() {
            return right.length;
        }
    }

    /** What decoding took. */
    record Spent(double nanos, int tokens, int runs, int drafts, int verified) {
        double perToken() {
            return nanos / tokens;
        }
    }

    VerificationCosts costs() {
        TreeMap<Integer, Double> known = new TreeMap<>();
        for (int rows = 1; rows <= 32; rows++) {
            known.put(rows, rowNanos[rows - 1]);
        }
        return VerificationCosts.of(known);
    }

    double nanos(int rows) {
        int last = rowNanos.length;
        return rows <= last
                ? rowNanos[rows - 1]
                : rowNanos[last - 1] + (rows - last) * (rowNanos[last - 1] - rowNanos[last - 2]);
    }

    /** Decodes a text from one position to another, with rows of other requests in each run. */
    Spent decode(DraftLength length, Text text, int from, int to, int otherRows) {
        double nanos = 0;
        int runs = 0;
        int drafts = 0;
        int verifiedTokens = 0;
        int at = from;
        while (at < to) {
            DraftLimit limit = length.limit(otherRows).atMost(to - at - 1);
            Draft draft = Draft.NONE;
            int verified = 0;
            double drafting = 0;
            if (limit.tokens() > 0) {
                draft = draft(text, at, limit);
                verified = length.worth(draft, otherRows);
                drafting = draftNanos + tokenNanos * draft.length();
                drafts++;
                if (verified < 0 || verified > draft.length()) {
                    throw new AssertionError(verified + " of " + draft.length());
                }
            }
            int accepted = 0;
            while (accepted < verified && text.right[at + accepted]) {
                accepted++;
            }
            int rows = 1 + verified + otherRows;
            nanos += nanos(rows) + drafting;
            length.observe(
                    new DraftRound(
                            draft,
                            verified,
                            accepted,
                            Math.round(drafting),
                            rows,
                            Math.round(nanos(rows))));
            at += accepted + 1;
            runs++;
            verifiedTokens += verified;
        }
        return new Spent(nanos, to - from, runs, drafts, verifiedTokens);
    }

    Spent decode(DraftLength length, Text text) {
        return decode(length, text, 0, text.length(), 0);
    }

    double plainNanos(int tokens) {
        return tokens * nanos(1);
    }

    /** Returns the time of the constant length that turns out best, none included. */
    double bestConstant(Text text, int most) {
        double best = plainNanos(text.length());
        for (int n = 1; n <= most; n++) {
            best = Math.min(best, decode(new ConstantLength(n).open(), text).nanos());
        }
        return best;
    }

    private static Draft draft(Text text, int at, DraftLimit limit) {
        int end = at;
        while (end < Math.min(text.length(), at + limit.tokens())
                && text.confidence[end] >= limit.leastConfidence()
                && text.confidence[end] > 0) {
            end++;
        }
        return new Draft(new int[end - at], Arrays.copyOfRange(text.confidence, at, end), null);
    }

    /** Further rows and their relative cost, in turn; one row costs a step. */
    private static double[] curve(double... points) {
        double[] result = new double[32];
        double row = 0;
        double cost = 1;
        result[0] = STEP;
        for (int i = 0; i < points.length; i += 2) {
            for (int n = (int) row + 1; n <= points[i]; n++) {
                double weight = (n - row) / (points[i] - row);
                result[n] = STEP * (cost + weight * (points[i + 1] - cost));
            }
            row = points[i];
            cost = points[i + 1];
        }
        return result;
    }
}
