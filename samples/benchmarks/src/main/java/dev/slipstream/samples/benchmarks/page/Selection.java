package dev.slipstream.samples.benchmarks.page;

import dev.slipstream.evaluate.Spread;
import dev.slipstream.samples.benchmarks.result.Figure;
import dev.slipstream.samples.benchmarks.result.Results;
import dev.slipstream.samples.benchmarks.result.Sample;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The samples that count, and what is asked of them. */
final class Selection {
    private final Results results;
    private final List<Sample> samples;

    Selection(Results results) {
        this.results = results;
        this.samples =
                results.samples().stream()
                        .filter(sample -> !results.quietOnly() || !loud(sample))
                        .toList();
    }

    /** A model with a precision: what a section of the page is about. */
    record Subject(String model, String weights) {
        @Override
        public String toString() {
            return model + ", " + weights;
        }
    }

    /** Returns how many samples were left out. */
    int leftOut() {
        return results.samples().size() - samples.size();
    }

    /** Returns how many samples others disturbed. */
    long disturbed() {
        return results.samples().stream().filter(this::loud).count();
    }

    private boolean loud(Sample sample) {
        return sample.foreign() > results.foreignLimit();
    }

    List<Subject> subjects() {
        return samples.stream()
                .map(sample -> new Subject(sample.model(), sample.weights()))
                .distinct()
                .toList();
    }

    List<Integer> threads(Subject subject) {
        return of(subject, sample -> true).stream()
                .map(Sample::threads)
                .distinct()
                .sorted()
                .toList();
    }

    /** Returns the names, in the order in which they were measured. */
    List<String> contenders(Subject subject, Predicate<Sample> which) {
        return of(subject, which).stream().map(Sample::contender).distinct().toList();
    }

    /** Returns the figures in the order of their kinds and sizes. */
    List<Figure> figures(Subject subject, List<Figure.Kind> kinds) {
        return kinds.stream()
                .flatMap(
                        kind ->
                                of(subject, sample -> sample.figure().kind() == kind).stream()
                                        .map(Sample::figure)
                                        .distinct()
                                        .sorted((a, b) -> Integer.compare(a.size(), b.size())))
                .toList();
    }

    @Nullable Cell cell(
            Subject subject,
            int threads,
            String contender,
            Figure figure,
            Sample.Neighbour neighbour) {
        List<Sample> found =
                of(
                        subject,
                        sample ->
                                sample.threads() == threads
                                        && sample.contender().equals(contender)
                                        && sample.figure().equals(figure)
                                        && sample.neighbour() == neighbour);
        Spread spread = Spread.of(found.stream().mapToDouble(Sample::value));
        return spread == null
                ? null
                : new Cell(spread, found.size(), (int) found.stream().filter(this::loud).count());
    }

    private List<Sample> of(Subject subject, Predicate<Sample> which) {
        return samples.stream()
                .filter(
                        sample ->
                                sample.model().equals(subject.model())
                                        && sample.weights().equals(subject.weights()))
                .filter(which)
                .toList();
    }
}
