package dev.slipstream.decode.block;

/** The state of {@link RoutingPolicy.Bandit}: what each choice brought in each situation. */
final class BanditRouter implements Router {
    /** Two halves each of span length, progress and entropy. */
    private static final int SITUATIONS = 8;

    private static final int PLAIN = 0;
    private static final int VERIFIED = 1;

    private final double exploration;
    private final int vocabularySize;

    /** By choice and situation. */
    private final double[][] rewards = new double[2][SITUATIONS];

    private final int[][] trials = new int[2][SITUATIONS];
    private int decisions;
    private int situation;
    private int choice;

    BanditRouter(double exploration, int vocabularySize) {
        this.exploration = exploration;
        this.vocabularySize = vocabularySize;
    }

    @Override
    public boolean verifies(ActiveBlock block, Predictions predictions) {
        decisions++;
        situation = situation(block, predictions);
        choice = bound(VERIFIED) >= bound(PLAIN) ? VERIFIED : PLAIN;
        return choice == VERIFIED;
    }

    /** Counts tokens a run: a verified step is two. */
    @Override
    public void learn(int tokens) {
        rewards[choice][situation] += choice == VERIFIED ? tokens / 2.0 : tokens;
        trials[choice][situation]++;
    }

    private double bound(int of) {
        int tried = trials[of][situation];
        if (tried == 0) {
            return Double.POSITIVE_INFINITY;
        }
        return rewards[of][situation] / tried
                + exploration * Math.sqrt(Math.log(decisions) / tried);
    }

    private int situation(ActiveBlock block, Predictions predictions) {
        int first = block.firstUnknown();
        int end = block.endOfFirstSpan();
        double entropy = 0;
        for (int place = first; place < end; place++) {
            entropy += AcceptanceEstimate.normalisedEntropy(predictions, place, vocabularySize);
        }
        int length = block.length();
        int span = end - first;
        // The shortest span is 1, so the middle is not the half.
        int longSpan = length > 1 && 2 * (span - 1) >= length - 1 ? 4 : 0;
        int late = 2 * (length - block.unknown()) >= length ? 2 : 0;
        int unsure = 2 * entropy >= span ? 1 : 0;
        return longSpan + late + unsure;
    }
}
