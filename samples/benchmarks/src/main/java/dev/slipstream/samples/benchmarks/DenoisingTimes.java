package dev.slipstream.samples.benchmarks;

import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * What the denoising runs of blocks of one length take behind texts of different lengths, and what
 * using attention again saves of them.
 *
 * @param block places
 * @param reusedShare which part of the runs uses attention again; all others keep it
 * @param tokenBytes keys and values of a token
 * @param group query heads that share keys and values
 * @param byContext times by tokens before the block, of two texts at least
 */
record DenoisingTimes(
        int block,
        double reusedShare,
        long tokenBytes,
        int group,
        SortedMap<Integer, Times> byContext) {
    /** What has to be saved for it to be worth an approximation. */
    private static final double WORTH = 0.03;

    private static final double MEBIBYTE = 1 << 20;

    /**
     * Milliseconds of a run.
     *
     * @param computed attention over the text is computed
     * @param kept it is computed and kept
     * @param reused it is taken from an earlier run
     */
    record Times(double computed, double kept, double reused) {
        /** Returns the mean of runs of which a part uses attention again. */
        double mixed(double reusedShare) {
            return (1 - reusedShare) * kept + reusedShare * reused;
        }
    }

    /**
     * Returns which part of a block's runs uses attention again, if all of them keep as many
     * predictions in the mean.
     *
     * @param block places
     * @param perRun places that become known in a run, 1 or more
     * @param changes known places that make attention worth computing again
     */
    static double reusedShare(int block, double perRun, int changes) {
        int runs = 0;
        int reused = 0;
        int knownThen = 0;
        for (int known = 0; known < block; known = (int) (perRun * runs)) {
            if (runs > 0 && known - knownThen < changes) {
                reused++;
            } else {
                knownThen = known;
            }
            runs++;
        }
        return (double) reused / runs;
    }

    /** Returns a table in Markdown, and below it slopes and where it begins to pay. */
    String markdown() {
        StringBuilder text = new StringBuilder();
        text.append(
                row(
                        "Blocks of %d places, %.0f %% of the runs reused%n%n",
                        block, percent(reusedShare)));
        text.append(
                "| context | computed, ms | kept, ms | reused, ms | in that mix, ms | saved | computed reads | reused reads |\n");
        text.append("|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        double reusedBytes = (double) block * group * tokenBytes;
        byContext.forEach(
                (context, times) ->
                        text.append(
                                row(
                                        "| %d | %.1f | %.1f | %.1f | %.1f | %.1f %% | %.1f MiB | %.1f MiB |%n",
                                        context,
                                        times.computed,
                                        times.kept,
                                        times.reused,
                                        times.mixed(reusedShare),
                                        percent(1 - times.mixed(reusedShare) / times.computed),
                                        context * tokenBytes / MEBIBYTE,
                                        reusedBytes / MEBIBYTE)));
        Line computed = line(Times::computed);
        text.append(
                row(
                        "%nPer 1,000 tokens of context: computed %.2f ms, reused %.2f ms. ",
                        1000 * computed.slope(), 1000 * line(Times::reused).slope()));
        double from = worthFrom();
        text.append(
                Double.isInfinite(from)
                        ? row("The mix saves %.0f %% behind no text.%n", percent(WORTH))
                        : row(
                                "The mix saves %.0f %% from a context of %.0f on.%n",
                                percent(WORTH), Math.ceil(from)));
        return text.toString();
    }

    /** Returns the context from which on runs are shorter by what makes it worth it. */
    double worthFrom() {
        return line(Times::computed)
                .times(1 - WORTH)
                .above(line(times -> times.mixed(reusedShare)));
    }

    private Line line(ToDoubleFunction<Times> time) {
        SortedMap<Integer, Double> points = new TreeMap<>();
        byContext.forEach((context, times) -> points.put(context, time.applyAsDouble(times)));
        return Line.through(points);
    }

    private static double percent(double part) {
        return 100 * part;
    }

    private static String row(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
