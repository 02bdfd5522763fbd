package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import dev.slipstream.evaluate.Evaluation;
import dev.slipstream.evaluate.FrontierPoint;
import dev.slipstream.evaluate.ParetoFront;
import dev.slipstream.evaluate.Spread;
import dev.slipstream.pass.PassSpec;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What {@code frontier} found, for people and for programs.
 *
 * @param command always {@code frontier}
 * @param model name of the model
 * @param setting how it was measured
 * @param machine what it was measured on
 * @param state whether the sweep is done
 * @param headline what to take for a small loss, in a sentence
 * @param original what was measured of the untouched model, beside the first point; null before
 *     there is one
 * @param points in the order in which they were tried
 */
record FrontierReport(
        String command,
        String model,
        Setting setting,
        Machine machine,
        State state,
        String headline,
        @Nullable Measured original,
        List<Point> points) {
    /** The loss that the headline allows, in nats a token: about 5 % of perplexity. */
    static final double SMALL_LOSS = 0.05;

    /** Whether a sweep is done. */
    enum State {
        RUNNING,
        DONE,
        INTERRUPTED
    }

    /**
     * How it was measured.
     *
     * @param location the model, as the properties name it
     * @param weights precision of the original
     * @param threads of one run of a model
     * @param text the file that quality is judged by
     * @param calibration the files that passes look at
     * @param split whether both are parts of one file, the calibration's first
     * @param textTokens that were foretold
     * @param calibrationSequences pieces of the other text that passes looked at
     * @param calibrationLength tokens of each
     * @param window tokens of a window
     * @param stride tokens from one window to the next
     * @param maxTokens of each continuation
     * @param rounds in which prompts were continued by both models
     * @param methods that were swept
     * @param started when, in UTC
     */
    record Setting(
            String location,
            String weights,
            int threads,
            String text,
            List<String> calibration,
            boolean split,
            int textTokens,
            int calibrationSequences,
            int calibrationLength,
            int window,
            int stride,
            int maxTokens,
            int rounds,
            List<String> methods,
            String started) {}

    /**
     * One candidate.
     *
     * @param plan passes and gates in one line
     * @param passes for the properties
     * @param gates for the properties
     * @param effort the level that requests ask for; null for the whole model
     * @param methods that it is made of
     * @param onFront whether no other point beats it
     * @param natsLost additional cross-entropy in nats a token; null if it failed, as all that
     *     follows
     * @param divergence mean Kullback-Leibler divergence from the original in nats
     * @param agreement share of positions with the original's likeliest token
     * @param ratio of the rate of decoding to the original's, in turns with it
     * @param firstTokenRatio of the original's time to the first token to this one's
     * @param measured the figures themselves
     * @param failure why there are none; null if there are
     * @param seconds that it took
     */
    record Point(
            String plan,
            List<String> passes,
            List<String> gates,
            @Nullable String effort,
            List<String> methods,
            boolean onFront,
            @Nullable Double natsLost,
            @Nullable Double divergence,
            @Nullable Double agreement,
            @Nullable Spread ratio,
            @Nullable Spread firstTokenRatio,
            @Nullable Measured measured,
            @Nullable String failure,
            double seconds) {
        static Point of(FrontierPoint point, List<FrontierPoint> front) {
            Evaluation evaluation = point.evaluation();
            return new Point(
                    point.candidate().plan(),
                    texts(point.candidate().passes()),
                    texts(point.candidate().gates()),
                    point.candidate().effort(),
                    point.methods(),
                    front.contains(point),
                    evaluation == null ? null : evaluation.quality().natsLost(),
                    evaluation == null ? null : evaluation.quality().divergence(),
                    evaluation == null ? null : evaluation.quality().agreement(),
                    evaluation == null ? null : evaluation.speed().ratio(),
                    evaluation == null ? null : evaluation.speed().firstTokenRatio(),
                    evaluation == null ? null : Measured.candidate(evaluation),
                    point.failure(),
                    point.seconds());
        }

        private static List<String> texts(List<PassSpec> specs) {
            return specs.stream().map(PassSpec::toString).toList();
        }

        /** Returns what decides in one line. */
        String inOneLine() {
            return ratio == null || natsLost == null
                    ? "failed: " + failure
                    : format("%.2fx  %+.4f nats", ratio.median(), natsLost);
        }
    }

    static FrontierReport of(
            String model,
            Setting setting,
            Machine machine,
            State state,
            List<FrontierPoint> found) {
        List<FrontierPoint> front = ParetoFront.of(found);
        List<Point> points = found.stream().map(point -> Point.of(point, front)).toList();
        Measured original =
                found.stream()
                        .map(FrontierPoint::evaluation)
                        .filter(Objects::nonNull)
                        .findFirst()
                        .map(Measured::original)
                        .orElse(null);
        return new FrontierReport(
                "frontier", model, setting, machine, state, headline(points), original, points);
    }

    private static String headline(List<Point> points) {
        return points.stream()
                .filter(FrontierReport::cheap)
                .max(Comparator.comparingDouble(FrontierReport::speedUp))
                .map(
                        best ->
                                format(
                                        "%.2f× faster for %+.3f nats a token: %s",
                                        speedUp(best), best.natsLost(), best.plan()))
                .orElse(
                        format(
                                "Nothing was faster than the original for at most +%.2f nats a token",
                                SMALL_LOSS));
    }

    /** The front begins with points that are better and slower, where there are such. */
    private static boolean cheap(Point point) {
        return point.onFront()
                && speedUp(point) > 1
                && point.natsLost() != null
                && point.natsLost() <= SMALL_LOSS;
    }

    private static double speedUp(Point point) {
        return point.ratio() == null ? 0 : point.ratio().median();
    }

    @Override
    public String toString() {
        Table table =
                new Table()
                        .row(
                                "ratio",
                                "least",
                                "most",
                                "nats lost",
                                "divergence",
                                "same token",
                                "bytes",
                                "plan");
        points.stream()
                .filter(Point::onFront)
                .sorted(Comparator.comparingDouble(FrontierReport::speedUp))
                .forEach(point -> row(table, point));
        long failed = points.stream().filter(point -> point.failure() != null).count();
        return headline
                + "\n\n"
                + table
                + format(
                        "\n%d tried, %d on the front, %d failed\n",
                        points.size(), points.stream().filter(Point::onFront).count(), failed);
    }

    private static void row(Table table, Point point) {
        Spread ratio = point.ratio();
        Measured measured = point.measured();
        if (ratio != null && measured != null) {
            table.row(
                    format("%.2f", ratio.median()),
                    format("%.2f", ratio.least()),
                    format("%.2f", ratio.most()),
                    format("%+.4f", point.natsLost()),
                    format("%.4f", point.divergence()),
                    format("%.1f%%", 100 * Objects.requireNonNull(point.agreement())),
                    format("%,d", measured.storedBytes()),
                    point.plan());
        }
    }
}
