package dev.slipstream.samples.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Text in aligned columns: numbers to the right, words to the left. */
final class Table {
    private final List<String[]> rows = new ArrayList<>();

    /** Adds a row; later rows may be shorter or longer. */
    Table row(String... cells) {
        rows.add(cells.clone());
        return this;
    }

    @Override
    public String toString() {
        int columns = rows.stream().mapToInt(row -> row.length).max().orElse(0);
        int[] widths = new int[columns];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], width(row[i]));
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                String space = " ".repeat(widths[i] - width(row[i]));
                line.append(i == 0 ? "" : "  ");
                line.append(number(i) ? space + row[i] : row[i] + space);
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    /** A column is one of numbers if every cell below its head is a number or a dash. */
    private boolean number(int column) {
        return rows.size() > 1
                && rows.stream()
                        .skip(1)
                        .filter(row -> row.length > column)
                        .allMatch(row -> row[column].matches("[-+]?[\\d,.]*%?"));
    }

    /** Returns a cell's text; numbers look alike everywhere. */
    static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private static int width(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
