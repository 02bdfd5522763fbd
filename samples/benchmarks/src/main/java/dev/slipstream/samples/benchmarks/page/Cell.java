package dev.slipstream.samples.benchmarks.page;

import dev.slipstream.evaluate.Spread;
import dev.slipstream.samples.benchmarks.result.Figure;
import java.util.Locale;

/**
 * What one contender reached in one figure.
 *
 * @param spread over the rounds
 * @param count of the samples
 * @param loud samples during which others used more of the machine than the limit
 */
record Cell(Spread spread, int count, int loud) {
    private static final double MEBIBYTE = 1 << 20;

    /** Marks cells that others disturbed. */
    static final String MARK = "\\*";

    /** Returns the median with its least and most. */
    String text(Figure.Unit unit) {
        String range =
                count == 1
                        ? ""
                        : " [%s, %s]"
                                .formatted(
                                        number(unit, spread.least()), number(unit, spread.most()));
        return number(unit, spread.median()) + range + (2 * loud >= count && loud > 0 ? MARK : "");
    }

    /** Returns a value as tables show it: three digits, memory in MiB. */
    static String number(Figure.Unit unit, double value) {
        double shown = unit == Figure.Unit.BYTES ? value / MEBIBYTE : value;
        // Three digits that say something, wherever the point is.
        int digits = shown <= 0 ? 0 : Math.max(0, 2 - (int) Math.floor(Math.log10(shown)));
        return String.format(Locale.ROOT, "%." + digits + "f", shown);
    }
}
