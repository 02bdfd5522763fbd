package dev.slipstream.samples.benchmarks;

import dev.slipstream.samples.benchmarks.contest.Answer;
import dev.slipstream.samples.benchmarks.contest.Request;
import dev.slipstream.samples.benchmarks.contest.Timed;
import dev.slipstream.samples.benchmarks.result.Figure;
import dev.slipstream.samples.benchmarks.result.Results;
import dev.slipstream.samples.benchmarks.result.Sample;
import dev.slipstream.samples.benchmarks.slipstream.Slipstream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a comparison has found out until now. */
final class Findings {
    final List<Results.Bandwidth> bandwidth = new ArrayList<>();
    final List<Sample> samples = new ArrayList<>();
    final List<Results.Traffic> traffic = new ArrayList<>();
    final List<Results.OperatorShare> operators = new ArrayList<>();
    final List<Results.Lossy> lossy = new ArrayList<>();
    final List<Results.Note> notes = new ArrayList<>();
    final Map<String, String> versions = new TreeMap<>();

    /**
     * Where samples belong.
     *
     * @param model shape or name
     * @param weights precision in lower case
     * @param threads of the contenders
     */
    record Place(String model, String weights, int threads) {
        @Override
        public String toString() {
            return "%s, %s, %d thread%s"
                    .formatted(model, weights, threads, threads == 1 ? "" : "s");
        }
    }

    void add(Place place, Sample.Neighbour neighbour, Timed timed) {
        Answer.Done done = timed.answer();
        if (timed.request() instanceof Request.Prefill asked) {
            add(
                    place,
                    neighbour,
                    timed,
                    kind(Figure.Kind.PREFILL, asked.tokens()),
                    asked.tokens() / done.seconds());
        } else if (timed.request() instanceof Request.Decode asked) {
            add(
                    place,
                    neighbour,
                    timed,
                    kind(Figure.Kind.DECODE, asked.prompt()),
                    asked.tokens() / done.seconds());
            if (done.firstTokenSeconds() != null) {
                add(
                        place,
                        neighbour,
                        timed,
                        kind(Figure.Kind.FIRST_TOKEN, asked.prompt()),
                        done.firstTokenSeconds());
            }
        } else if (timed.request() instanceof Request.Streams asked) {
            int tokens = done.tokens() == 0 ? asked.streams() * asked.tokens() : done.tokens();
            add(
                    place,
                    neighbour,
                    timed,
                    kind(Figure.Kind.STREAMS, asked.streams()),
                    tokens / done.seconds());
        }
    }

    void add(Place place, Sample.Neighbour neighbour, Timed timed, Figure figure, double value) {
        add(place, timed.name(), figure, neighbour, timed.round(), value, timed.foreign());
    }

    void add(
            Place place,
            String contender,
            Figure figure,
            Sample.Neighbour neighbour,
            int round,
            double value,
            double foreign) {
        if (value > 0) {
            samples.add(
                    new Sample(
                            place.model(),
                            place.weights(),
                            place.threads(),
                            contender,
                            figure,
                            neighbour,
                            round,
                            value,
                            foreign));
        }
    }

    void note(Place place, String contender, String message) {
        Results.Note note = new Results.Note(place.toString(), contender, message);
        if (!notes.contains(note)) {
            notes.add(note);
        }
    }

    /** Keeps what a contender says of its version; another setting of it has the same. */
    void version(String contender, String version) {
        if (!contender.startsWith(Slipstream.PLAIN)) {
            versions.merge(contender, version, (a, b) -> a.length() > b.length() ? a : b);
        }
    }

    /** Notes that a contender takes no part at all. */
    void missing(String contender, String message) {
        notes.add(new Results.Note("all", contender, message));
    }

    private static Figure kind(Figure.Kind kind, int size) {
        return new Figure(kind, size);
    }
}
