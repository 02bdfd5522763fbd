package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLength;
import dev.slipstream.decode.DraftLengths;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.DraftRound;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Decoding in scripted worlds, where time is added up and nothing is measured. */
class CostModelLengthTest {
    private static final int MOST = 16;
    private static final List<double[]> CURVES =
            List.of(LengthWorld.FLAT, LengthWorld.BENT, LengthWorld.STEEP, LengthWorld.LINEAR);

    /** Free; a cheap draft model; a dear one; a block in one pass. In parts of a step. */
    private static final double[][] DRAFTING = {{0, 0}, {0.001, 0.02}, {0.02, 0.2}, {0.5, 0.001}};

    private static final double[] ACCEPTANCES = {0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.85, 0.95};

    @Test
    void isAsFastAsTheConstantThatTurnsOutBest() {
        List<String> slow = new ArrayList<>();
        for (double[] curve : CURVES) {
            for (double[] drafting : DRAFTING) {
                for (double acceptance : ACCEPTANCES) {
                    LengthWorld world = world(curve, drafting);
                    LengthWorld.Text text = text(8000, acceptance, acceptance);
                    double ratio =
                            world.decode(open(world), text).nanos()
                                    / world.bestConstant(text, MOST);
                    if (ratio > 1.03) {
                        slow.add(name(curve, drafting) + " " + acceptance + ": " + ratio);
                    }
                }
            }
        }
        assertThat(slow).isEmpty();
    }

    @Test
    void followsTextsThatChangeHalfWay() {
        List<String> slow = new ArrayList<>();
        for (double[] curve : CURVES) {
            for (double[] drafting : DRAFTING) {
                for (double[] change : new double[][] {{0, 0.9}, {0.9, 0}, {0.3, 0.75}}) {
                    LengthWorld world = world(curve, drafting);
                    LengthWorld.Text text = text(12000, change[0], change[1]);
                    double ratio =
                            world.decode(open(world), text).nanos()
                                    / world.bestConstant(text, MOST);
                    if (ratio > 1.03) {
                        slow.add(
                                "%s %s: %.3f"
                                        .formatted(
                                                name(curve, drafting),
                                                Arrays.toString(change),
                                                ratio));
                    }
                }
            }
        }
        assertThat(slow).isEmpty();
    }

    @Test
    void costsNextToNothingWhereNothingIsEverAccepted() {
        List<String> slow = new ArrayList<>();
        for (double[] curve : List.of(LengthWorld.FLAT, LengthWorld.BENT, LengthWorld.STEEP)) {
            for (double[] drafting : DRAFTING) {
                LengthWorld world = world(curve, drafting);
                double ratio =
                        world.decode(open(world), text(2000, 0, 0)).nanos()
                                / world.plainNanos(2000);
                DraftLengths lengths = new CostModelLength(MOST).lengths(world::costs);
                double shortTexts = 0;
                for (int i = 0; i < 100; i++) {
                    shortTexts += world.decode(lengths.open(), text(40, 0, 0)).nanos();
                }
                double shortRatio = shortTexts / world.plainNanos(4000);
                if (ratio > 1.02 || shortRatio > 1.02) {
                    slow.add(name(curve, drafting) + ": " + ratio + ", short " + shortRatio);
                }
            }
        }
        assertThat(slow).isEmpty();
    }

    @Test
    void probesLessThanAHundredthInTheLongRun() {
        for (double[] drafting : DRAFTING) {
            LengthWorld world = world(LengthWorld.FLAT, drafting);
            DraftLength length = open(world);
            LengthWorld.Text text = text(22000, 0, 0);
            world.decode(length, text, 0, 2000, 0);
            double later = world.decode(length, text, 2000, 22000, 0).nanos();
            assertThat(later / world.plainNanos(20000)).isLessThan(1.01);
        }
    }

    @Test
    void recoversInBoundedSteps() {
        for (double[] drafting : DRAFTING) {
            LengthWorld world = world(LengthWorld.FLAT, drafting);
            DraftLength length = open(world);
            world.decode(length, text(6000, 0, 0));
            LengthWorld.Text good = text(4000, 0.9, 0.9);
            world.decode(length, good, 0, 600, 0);
            LengthWorld.Spent late = world.decode(length, good, 600, 4000, 0);
            double constant = world.decode(new ConstantLength(6).open(), good).perToken();
            assertThat(late.perToken()).isLessThan(1.02 * constant);
        }
    }

    @Test
    void stepsAsideInFullBatches() {
        LengthWorld world = world(LengthWorld.BENT, DRAFTING[0]);
        LengthWorld.Text text = text(3000, 0.6, 0.6);
        double before = Double.POSITIVE_INFINITY;
        for (int otherRows : new int[] {0, 2, 6, 14, 30}) {
            DraftLength length = open(world);
            LengthWorld.Spent spent = world.decode(length, text, 0, 3000, otherRows);
            double verified = (double) spent.verified() / spent.runs();
            assertThat(verified).isLessThan(before + 0.1);
            before = verified;
        }
        assertThat(before).isLessThan(0.1);

        // And comes back when the others are gone.
        DraftLength length = open(world);
        world.decode(length, text, 0, 1000, 30);
        world.decode(length, text, 1000, 1600, 0);
        LengthWorld.Spent alone = world.decode(length, text, 1600, 3000, 0);
        assertThat(alone.perToken())
                .isLessThan(1.03 * world.decode(open(world), text, 1600, 3000, 0).perToken());
    }

    @Test
    void learnsWhatConfidencesMeanForTheText() {
        // Long matches, sure and right; short ones, less sure and wrong; and nothing at all.
        Random random = new Random(7);
        int size = 8000;
        boolean[] right = new boolean[size];
        double[] confidence = new double[size];
        for (int at = 0; at < size; ) {
            int kind = random.nextInt(10);
            int end = Math.min(size, at + (kind == 0 ? 20 : 10));
            for (; at < end; at++) {
                confidence[at] = kind == 0 ? 0.95 : kind < 6 ? 0.6 : 0;
                right[at] = random.nextDouble() < (kind == 0 ? 0.95 : 0.02);
            }
        }
        LengthWorld.Text text = new LengthWorld.Text(right, confidence);
        LengthWorld world = world(LengthWorld.STEEP, new double[] {0.0005, 0});
        DraftLength length = open(world);
        double cost = world.decode(length, text).nanos();

        // What knowing the two kinds beforehand gives.
        double knowing =
                Math.min(
                        world.decode(sure(4), text).nanos(),
                        Math.min(
                                world.decode(sure(8), text).nanos(),
                                world.decode(sure(12), text).nanos()));
        assertThat(cost).isLessThan(1.01 * knowing);
        assertThat(cost).isLessThan(0.99 * world.bestConstant(text, MOST));

        length.limit(0);
        assertThat(length.worth(draft(8, 0.95), 0)).isGreaterThanOrEqualTo(6);
        assertThat(length.worth(draft(8, 0.6), 0)).isLessThanOrEqualTo(1);
    }

    @Test
    void savesADearDraftersTimeButLetsAFreeOnePropose() {
        LengthWorld.Text junk = text(3000, 0, 0);
        LengthWorld.Spent free =
                world(LengthWorld.FLAT, DRAFTING[0])
                        .decode(open(world(LengthWorld.FLAT, DRAFTING[0])), junk);
        LengthWorld.Spent dear =
                world(LengthWorld.FLAT, DRAFTING[2])
                        .decode(open(world(LengthWorld.FLAT, DRAFTING[2])), junk);
        assertThat(free.drafts()).isGreaterThan(2900);
        assertThat(free.verified()).isLessThan(60);
        assertThat(dear.drafts()).isLessThan(60);
    }

    @Test
    void stopsADearDrafterWhereItLosesTrust() {
        // The drafter knows which tokens it guesses right.
        Random random = new Random(3);
        boolean[] right = new boolean[6000];
        double[] confidence = new double[right.length];
        for (int i = 0; i < right.length; i++) {
            boolean easy = random.nextDouble() < 0.8;
            confidence[i] = easy ? 0.9 : 0.2;
            right[i] = random.nextDouble() < (easy ? 0.95 : 0.05);
        }
        LengthWorld.Text text = new LengthWorld.Text(right, confidence);
        LengthWorld world = world(LengthWorld.BENT, new double[] {0.01, 0.1});
        double confident = Double.POSITIVE_INFINITY;
        for (int most = 1; most <= 8; most++) {
            DraftLength rule = new ConfidentLength(most, 0.5).open();
            confident = Math.min(confident, world.decode(rule, text).nanos());
        }
        double cost = world.decode(open(world), text).nanos();
        assertThat(cost).isLessThan(1.03 * confident);
        assertThat(cost).isLessThan(0.98 * world.bestConstant(text, 8));
    }

    @Test
    void aNewRequestStartsFromWhatOthersLearned() {
        LengthWorld world = world(LengthWorld.STEEP, DRAFTING[0]);
        DraftLengths lengths = new CostModelLength(MOST).lengths(world::costs);
        Draft draft = draft(8, 0.5);
        for (int i = 0; i < 3; i++) {
            world.decode(lengths.open(), text(500, 0, 0));
        }
        DraftLength afterJunk = lengths.open();
        afterJunk.limit(0);
        assertThat(afterJunk.worth(draft, 0)).isLessThanOrEqualTo(1);
        for (int i = 0; i < 30; i++) {
            world.decode(lengths.open(), text(500, 0.95, 0.95));
        }
        DraftLength afterGood = lengths.open();
        afterGood.limit(0);
        assertThat(afterGood.worth(draft, 0)).isGreaterThan(3);
    }

    @Test
    void staysWithinItsLimitsWhateverHappens() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int trial = 0; trial < 40; trial++) {
            double[] curve = CURVES.get(random.nextInt(CURVES.size()));
            int most = 1 + random.nextInt(20);
            VerificationCosts costs = world(curve, DRAFTING[0]).costs();
            DraftLengths lengths = new CostModelLength(most).lengths(() -> costs);
            DraftLength length = lengths.open();
            for (int step = 0; step < 200; step++) {
                int others = random.nextInt(3) * random.nextInt(40);
                DraftLimit limit = length.limit(others);
                String where = "seed " + seed + ", trial " + trial + ", step " + step;
                assertThat(limit.tokens()).as(where).isBetween(0, most);
                Draft draft = draft(random.nextInt(limit.tokens() + 1), random.nextDouble());
                int verified = limit.tokens() == 0 ? 0 : length.worth(draft, others);
                assertThat(verified).as(where).isBetween(0, draft.length());
                length.observe(
                        new DraftRound(
                                draft,
                                verified,
                                random.nextInt(verified + 1),
                                time(random),
                                1 + verified + others,
                                time(random)));
                assertThat(costs.nanos(1)).as(where).isPositive().isFinite();
                assertThat(costs.nanos(33)).as(where).isFinite();
                assertThat(costs.nanos(33)).as(where).isGreaterThanOrEqualTo(costs.nanos(1));
            }
        }
    }

    @Test
    void confidencesOutOfTheirRangeAreTakenAsTheNearest() {
        assertThat(AcceptanceRates.bucket(-1)).isZero();
        assertThat(AcceptanceRates.bucket(Double.NaN)).isZero();
        assertThat(AcceptanceRates.bucket(2)).isEqualTo(AcceptanceRates.BUCKETS - 1);
    }

    @Test
    void learnsFixedAndPerTokenTimeOfDrafts() {
        DraftingCost cost = new DraftingCost();
        assertThat(cost.nanos(8)).isZero();
        Random random = new Random(5);
        for (int i = 0; i < 300; i++) {
            int tokens = random.nextInt(8);
            cost.observe(tokens, 3000 + 500 * tokens);
        }
        assertThat(cost.nanos(0)).isCloseTo(3000, within(200.0));
        assertThat(cost.nanos(8)).isCloseTo(7000, within(200.0));
        cost.observe(4, 1_000_000_000);
        assertThat(cost.nanos(8)).isLessThan(8000);
    }

    private static long time(Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> Long.MAX_VALUE;
            default -> random.nextInt(10_000_000);
        };
    }

    private static DraftLength open(LengthWorld world) {
        return new CostModelLength(MOST).lengths(world::costs).open();
    }

    private static DraftLength sure(int most) {
        return new ConfidentLength(most, 0.9).open();
    }

    private static Draft draft(int tokens, double confidence) {
        double[] confidences = new double[tokens];
        Arrays.fill(confidences, confidence);
        return new Draft(new int[tokens], confidences, null);
    }

    private static LengthWorld world(double[] curve, double[] drafting) {
        return new LengthWorld(
                curve, drafting[0] * LengthWorld.STEP, drafting[1] * LengthWorld.STEP);
    }

    private static String name(double[] curve, double[] drafting) {
        return CURVES.indexOf(curve) + " " + Arrays.toString(drafting);
    }

    /** A drafter without an idea of its own quality. */
    private static LengthWorld.Text text(int size, double first, double second) {
        Random random = new Random(size + Math.round(1000 * first + 10 * second));
        boolean[] right = new boolean[size];
        double[] confidence = new double[size];
        for (int i = 0; i < size; i++) {
            right[i] = random.nextDouble() < (2 * i < size ? first : second);
            confidence[i] = 0.5;
        }
        return new LengthWorld.Text(right, confidence);
    }
}
