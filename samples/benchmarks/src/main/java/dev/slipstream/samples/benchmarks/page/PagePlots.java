package dev.slipstream.samples.benchmarks.page;

import dev.slipstream.samples.benchmarks.result.Figure;
import dev.slipstream.samples.benchmarks.result.Figure.Kind;
import dev.slipstream.samples.benchmarks.result.Sample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The plots of a page: draws each that there are values for, and says where it lies. */
final class PagePlots {
    private final Selection selection;
    private final Path images;
    private final String prefix;

    PagePlots(Selection selection, Path images, String prefix) {
        this.selection = selection;
        this.images = images;
        this.prefix = prefix;
    }

    /** Draws prefill and decoding of all contenders, as parts of the first one's rates. */
    void bars(Selection.Subject subject, Consumer<String> page) throws IOException {
        for (int threads : selection.threads(subject)) {
            List<Figure> figures = selection.figures(subject, List.of(Kind.PREFILL, Kind.DECODE));
            Map<String, List<Double>> bars = new LinkedHashMap<>();
            List<String> contenders = contenders(subject, Kind.DECODE);
            for (String contender : contenders) {
                List<Double> values = new ArrayList<>();
                for (Figure figure : figures) {
                    double first = median(subject, threads, contenders.get(0), figure);
                    double value = median(subject, threads, contender, figure);
                    values.add(first == 0 ? 0 : value / first);
                }
                bars.put(contender, values);
            }
            if (bars.isEmpty()) {
                return;
            }
            String title =
                    "%s, %s: tokens a second, as parts of %s's"
                            .formatted(subject, Page.threads(threads), contenders.get(0));
            Path file = file(subject, threads + "-rates");
            Plots.bars(file, title, "part", figures.stream().map(Figure::label).toList(), bars);
            page.accept(image(title, file));
        }
    }

    /** Draws how decoding slows down with the tokens before it. */
    void context(Selection.Subject subject, Consumer<String> page) throws IOException {
        lines(
                subject,
                Kind.DECODE,
                "tokens before",
                "context",
                "decoding and the text before",
                page);
    }

    /** Draws how throughput grows with concurrent texts. */
    void streams(Selection.Subject subject, Consumer<String> page) throws IOException {
        lines(subject, Kind.STREAMS, "texts at once", "streams", "several texts at once", page);
    }

    private void lines(
            Selection.Subject subject,
            Kind kind,
            String axis,
            String name,
            String title,
            Consumer<String> page)
            throws IOException {
        List<Figure> figures = selection.figures(subject, List.of(kind));
        if (figures.size() < 2) {
            return;
        }
        for (int threads : selection.threads(subject)) {
            Map<String, Plots.Line> lines = new LinkedHashMap<>();
            for (String contender : contenders(subject, kind)) {
                List<Double> x = new ArrayList<>();
                List<Double> y = new ArrayList<>();
                for (Figure figure : figures) {
                    double value = median(subject, threads, contender, figure);
                    if (value > 0) {
                        x.add((double) figure.size());
                        y.add(value);
                    }
                }
                if (!x.isEmpty()) {
                    lines.put(contender, new Plots.Line(x, y));
                }
            }
            if (!lines.isEmpty()) {
                String full = "%s, %s: %s".formatted(subject, Page.threads(threads), title);
                Path file = file(subject, threads + "-" + name);
                Plots.lines(file, full, axis, "tokens/s", lines);
                page.accept(image(full, file));
            }
        }
    }

    private List<String> contenders(Selection.Subject subject, Kind kind) {
        return selection.contenders(subject, sample -> sample.figure().kind() == kind);
    }

    private double median(Selection.Subject subject, int threads, String contender, Figure figure) {
        Cell cell = selection.cell(subject, threads, contender, figure, Sample.Neighbour.NONE);
        return cell == null ? 0 : cell.spread().median();
    }

    private Path file(Selection.Subject subject, String what) {
        return images.resolve(
                "%s%s-%s-%s.svg".formatted(prefix, subject.model(), subject.weights(), what));
    }

    private static String image(String title, Path file) {
        return "![%s](images/%s)".formatted(title, file.getFileName());
    }
}
