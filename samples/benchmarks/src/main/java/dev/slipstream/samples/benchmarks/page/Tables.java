package dev.slipstream.samples.benchmarks.page;

import dev.slipstream.samples.benchmarks.result.Figure;
import dev.slipstream.samples.benchmarks.result.Figure.Kind;
import dev.slipstream.samples.benchmarks.result.Results;
import dev.slipstream.samples.benchmarks.result.Sample.Neighbour;
import dev.slipstream.samples.benchmarks.slipstream.Slipstream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The tables of a page. A table without rows is an empty text. */
final class Tables {
    private static final String NONE = "";
    private static final int OPERATORS = 8;

    private final Results results;
    private final Selection selection;

    Tables(Results results, Selection selection) {
        this.results = results;
        this.selection = selection;
    }

    /** One figure of Slipstream against the best peer's. */
    private record Comparison(double ratio, String peer) {
        String text() {
            return times(ratio) + " (" + peer + ")";
        }

        String verdict() {
            return ratio < 1 ? "behind" : NONE;
        }
    }

    /** Returns all contenders beside each other. */
    String against(Selection.Subject subject, List<Kind> kinds, Neighbour neighbour) {
        List<String> names =
                selection.contenders(
                        subject,
                        sample ->
                                kinds.contains(sample.figure().kind())
                                        && sample.neighbour() == neighbour);
        return besideEachOther(
                subject,
                kinds,
                names,
                neighbour,
                (threads, name, figure) ->
                        text(selection.cell(subject, threads, name, figure, neighbour), figure));
    }

    /** What a cell says of one contender. */
    private interface Said {
        String of(int threads, String name, Figure figure);
    }

    /** Returns a row for each figure that somebody has, with the comparison at its end. */
    private String besideEachOther(
            Selection.Subject subject,
            List<Kind> kinds,
            List<String> names,
            Neighbour neighbour,
            Said said) {
        List<Figure> figures = selection.figures(subject, kinds);
        if (names.isEmpty() || figures.isEmpty()) {
            return NONE;
        }
        List<String> header = new ArrayList<>(List.of(NONE));
        header.addAll(names);
        header.addAll(List.of("against the best peer", NONE));
        Markdown table = new Markdown(header);
        for (int threads : selection.threads(subject)) {
            for (Figure figure : figures) {
                List<String> row = new ArrayList<>();
                row.add(figure.label() + ", " + Page.threads(threads));
                names.forEach(name -> row.add(said.of(threads, name, figure)));
                if (row.stream().skip(1).allMatch(String::isEmpty)) {
                    continue;
                }
                Comparison compared = compare(subject, threads, names, figure, neighbour);
                row.add(compared == null ? NONE : compared.text());
                row.add(compared == null ? NONE : compared.verdict());
                table.row(row);
            }
        }
        return table.toString();
    }

    /** Returns a line for each figure in which a peer is better. */
    List<String> behind(Selection.Subject subject, List<Kind> kinds) {
        List<String> lines = new ArrayList<>();
        List<String> names = selection.contenders(subject, sample -> true);
        for (int threads : selection.threads(subject)) {
            for (Figure figure : selection.figures(subject, kinds)) {
                Comparison compared = compare(subject, threads, names, figure, Neighbour.NONE);
                if (compared != null && compared.ratio() < 1) {
                    lines.add(
                            "%s, %s, %s: %s"
                                    .formatted(
                                            subject,
                                            figure.label(),
                                            Page.threads(threads),
                                            compared.text()));
                }
            }
        }
        return lines;
    }

    private @Nullable Comparison compare(
            Selection.Subject subject,
            int threads,
            List<String> names,
            Figure figure,
            Neighbour neighbour) {
        Cell own = selection.cell(subject, threads, Slipstream.PLAIN, figure, neighbour);
        if (own == null) {
            return null;
        }
        Comparison least = null;
        for (String name : names) {
            Cell cell = selection.cell(subject, threads, name, figure, neighbour);
            if (!isOwn(name) && cell != null) {
                double ratio = figure.advantage(own.spread().median(), cell.spread().median());
                if (least == null || ratio < least.ratio()) {
                    least = new Comparison(ratio, name);
                }
            }
        }
        return least;
    }

    /** Returns rates beside a busy neighbour, and what is left of the quiet ones. */
    String busy(Selection.Subject subject) {
        List<String> names =
                selection.contenders(subject, sample -> sample.neighbour() == Neighbour.BUSY);
        return besideEachOther(
                subject,
                List.of(Kind.PREFILL, Kind.DECODE),
                names,
                Neighbour.BUSY,
                (threads, name, figure) -> beside(subject, threads, name, figure));
    }

    private String beside(Selection.Subject subject, int threads, String name, Figure figure) {
        Cell quiet = selection.cell(subject, threads, name, figure, Neighbour.NONE);
        Cell busy = selection.cell(subject, threads, name, figure, Neighbour.BUSY);
        if (busy == null) {
            return NONE;
        }
        String rate = text(busy, figure);
        return quiet == null
                ? rate
                : rate + ", " + times(busy.spread().median() / quiet.spread().median());
    }

    /** Returns decoding rates over what the memory's speed allows. */
    String limit(Selection.Subject subject) {
        List<Results.Traffic> traffic =
                results.traffic().stream()
                        .filter(
                                each ->
                                        each.model().equals(subject.model())
                                                && each.weights().equals(subject.weights()))
                        .toList();
        if (traffic.isEmpty() || results.bandwidth().isEmpty()) {
            return NONE;
        }
        List<String> header = new ArrayList<>(List.of(NONE));
        traffic.forEach(each -> header.add(each.contender() + " (limit)"));
        Markdown table = new Markdown(header);
        boolean any = false;
        for (int threads : selection.threads(subject)) {
            for (Figure figure : selection.figures(subject, List.of(Kind.DECODE))) {
                List<String> row = new ArrayList<>();
                row.add(figure.label() + ", " + Page.threads(threads));
                for (Results.Traffic each : traffic) {
                    row.add(limit(subject, threads, figure, each));
                }
                table.row(row);
                any = true;
            }
        }
        return any
                ? "Share of the rate at which the weights and the cache could be read from memory, and that rate. Above 1 they come from the processor's caches.\n\n"
                        + table
                : NONE;
    }

    private String limit(
            Selection.Subject subject, int threads, Figure figure, Results.Traffic traffic) {
        Cell cell = selection.cell(subject, threads, traffic.contender(), figure, Neighbour.NONE);
        double read = bandwidth(threads, traffic.weightBytes());
        if (cell == null || read == 0) {
            return NONE;
        }
        // On the way through the text half of what is decoded lies before a token.
        double before = figure.size() + results.tokens() / 2.0;
        double most = read / (traffic.weightBytes() + before * traffic.cacheBytes());
        return String.format(
                Locale.ROOT,
                "%.2f (%s)",
                cell.spread().median() / most,
                Cell.number(Figure.Unit.RATE, most));
    }

    /** Returns the read speed over the working set that is nearest in size. */
    private double bandwidth(int threads, double bytes) {
        return results.bandwidth().stream()
                .filter(each -> each.threads() == threads)
                .min(Comparator.comparingDouble(each -> Math.abs(Math.log(each.bytes() / bytes))))
                .map(Results.Bandwidth::most)
                .orElse(0.0);
    }

    /** Returns real texts with each setting. */
    String accelerated(Selection.Subject subject) {
        List<Figure> figures = selection.figures(subject, List.of(Kind.GENERATE));
        if (figures.isEmpty()) {
            return NONE;
        }
        Figure figure = figures.get(0);
        List<String> names =
                selection.contenders(subject, sample -> sample.figure().equals(figure));
        List<Integer> counts = selection.threads(subject);
        List<String> header = new ArrayList<>(List.of(NONE));
        for (int threads : counts) {
            header.add("tokens/s, " + Page.threads(threads));
            header.add("against plain Slipstream");
            header.add("against the best peer");
        }
        Markdown table = new Markdown(header);
        for (String name : names) {
            List<String> row = new ArrayList<>(List.of(name));
            for (int threads : counts) {
                Cell own = selection.cell(subject, threads, name, figure, Neighbour.NONE);
                Cell plain =
                        selection.cell(subject, threads, Slipstream.PLAIN, figure, Neighbour.NONE);
                row.add(text(own, figure));
                row.add(quotient(own, plain));
                row.add(isOwn(name) ? quotient(own, best(subject, threads, names, figure)) : NONE);
            }
            table.row(row);
        }
        return table.toString();
    }

    private @Nullable Cell best(
            Selection.Subject subject, int threads, List<String> names, Figure figure) {
        Cell best = null;
        for (String name : names) {
            Cell cell = selection.cell(subject, threads, name, figure, Neighbour.NONE);
            boolean better =
                    cell != null
                            && (best == null || cell.spread().median() > best.spread().median());
            if (!isOwn(name) && better) {
                best = cell;
            }
        }
        return best;
    }

    private static String quotient(@Nullable Cell above, @Nullable Cell below) {
        return above == null || below == null
                ? NONE
                : times(above.spread().median() / below.spread().median());
    }

    /** Returns passes with what they cost. */
    String lossy(Selection.Subject subject) {
        List<Results.Lossy> rows =
                results.lossy().stream()
                        .filter(
                                each ->
                                        each.model().equals(subject.model())
                                                && each.weights().equals(subject.weights()))
                        .toList();
        if (rows.isEmpty()) {
            return NONE;
        }
        Markdown table =
                new Markdown(
                        List.of(
                                "setting",
                                "speed against plain",
                                "perplexity",
                                "of the plain model",
                                "dearer by",
                                "same likeliest token"));
        for (Results.Lossy row : rows) {
            table.row(
                    List.of(
                            "`" + row.setting() + "`",
                            row.speed().stream()
                                    .map(Tables::times)
                                    .collect(Collectors.joining(", ")),
                            format("%.3f", row.perplexityAfter()),
                            format("%.3f", row.perplexityBefore()),
                            format(
                                    "%.1f %%",
                                    100 * (row.perplexityAfter() / row.perplexityBefore() - 1)),
                            format("%.1f %%", 100 * row.agreement())));
        }
        return table.toString();
    }

    /** Returns the operators that take the most time. */
    String operators(Selection.Subject subject) {
        List<Results.OperatorShare> all =
                results.operators().stream()
                        .filter(
                                each ->
                                        each.model().equals(subject.model())
                                                && each.weights().equals(subject.weights()))
                        .toList();
        if (all.isEmpty()) {
            return NONE;
        }
        Markdown table =
                new Markdown(List.of(NONE, "run", "share of the kernels' time (calls in a run)"));
        all.stream()
                .map(each -> List.of(each.contender(), each.run()))
                .distinct()
                .forEach(
                        key ->
                                table.row(
                                        List.of(
                                                key.get(0),
                                                key.get(1),
                                                shares(all, key.get(0), key.get(1)))));
        return table.toString();
    }

    private static String shares(List<Results.OperatorShare> all, String contender, String run) {
        return all.stream()
                .filter(each -> each.contender().equals(contender) && each.run().equals(run))
                .sorted(Comparator.comparingDouble(Results.OperatorShare::share).reversed())
                .limit(OPERATORS)
                .map(
                        each ->
                                String.format(
                                        Locale.ROOT,
                                        "%s %.1f %% (%.0f)",
                                        each.operator(),
                                        100 * each.share(),
                                        each.calls()))
                .collect(Collectors.joining(", "));
    }

    private static boolean isOwn(String name) {
        return name.startsWith(Slipstream.PLAIN);
    }

    private static String text(@Nullable Cell cell, Figure figure) {
        return cell == null ? NONE : cell.text(figure.kind().unit());
    }

    private static String times(double ratio) {
        return format("%.2fx", ratio);
    }

    private static String format(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
