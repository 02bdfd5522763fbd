package dev.slipstream.samples.benchmarks.contest;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Measures in turns: in each round each request goes to all entrants, one right after the other,
 * and who is first changes from round to round. So whatever else the machine does meets all of
 * them.
 */
public final class Rounds {
    /** Shorter measurements say more about the clocks, of time and of other processes. */
    private static final double LEAST_SECONDS = 0.2;

    private static final int MOST_RUNS = 200;

    private final List<Entrant> entrants;
    private final int processors;
    private final Consumer<Timed> measured;
    private final BiConsumer<String, String> refused;
    private final double longest;
    private final Set<String> silent = new HashSet<>();
    private final Map<String, List<Request>> slow = new HashMap<>();

    /**
     * Constructs rounds.
     *
     * @param entrants who is measured
     * @param processors of the machine
     * @param longest seconds that a run may take and be asked for again; of those that only have a
     *     longer prompt none is begun then
     * @param measured gets each measurement
     * @param refused gets the name of an entrant and why it did not do something, once for each
     *     kind of request; it is not asked for that kind again
     */
    public Rounds(
            List<Entrant> entrants,
            int processors,
            double longest,
            Consumer<Timed> measured,
            BiConsumer<String, String> refused) {
        this.entrants = List.copyOf(entrants);
        this.processors = processors;
        this.longest = longest;
        this.measured = measured;
        this.refused = refused;
    }

    /** Lets all entrants do all requests as in a round, and keeps nothing of it. */
    public void warmUp(List<Request> requests) {
        for (Request request : requests) {
            for (Entrant entrant : entrants) {
                runs(entrant, request);
            }
        }
    }

    /** Measures so many rounds of the requests. */
    public void measure(List<Request> requests, int rounds) {
        List<Entrant> order = new ArrayList<>(entrants);
        for (int round = 0; round < rounds; round++) {
            for (Request request : requests) {
                for (Entrant entrant : order) {
                    measure(entrant, request, round);
                }
            }
            Collections.rotate(order, -1);
        }
    }

    private void measure(Entrant entrant, Request request, int round) {
        ProcessorUse before = ProcessorUse.now();
        Answer.Done mean = runs(entrant, request);
        if (mean != null) {
            double foreign = ProcessorUse.foreignShare(before, ProcessorUse.now(), processors);
            measured.accept(new Timed(entrant.name(), request, round, mean, foreign));
        }
    }

    /** Returns the means of as many runs as it takes; null if it cannot. */
    private Answer.@Nullable Done runs(Entrant entrant, Request request) {
        double seconds = 0;
        double first = 0;
        int tokens = 0;
        int runs = 0;
        do {
            Answer.Done done = ask(entrant, request);
            if (done == null) {
                return null;
            }
            runs++;
            seconds += done.seconds();
            tokens += done.tokens();
            first += done.firstTokenSeconds() == null ? Double.NaN : done.firstTokenSeconds();
        } while (seconds < LEAST_SECONDS && runs < MOST_RUNS);
        return new Answer.Done(
                seconds / runs,
                Double.isNaN(first) ? null : (Double) (first / runs),
                tokens / runs,
                null);
    }

    private Answer.@Nullable Done ask(Entrant entrant, Request request) {
        String kind = entrant.name() + "\n" + request.getClass().getSimpleName();
        if (tooLong(kind, request)) {
            return null;
        }
        if (silent.contains(kind)) {
            return null;
        }
        Answer answer = entrant.running().run(request);
        if (answer instanceof Answer.Done done) {
            Double first = done.firstTokenSeconds();
            double taken = done.seconds() + (first == null ? 0 : first);
            if (taken > longest) {
                slow.computeIfAbsent(kind, none -> new ArrayList<>()).add(request);
                refused.accept(
                        entrant.name(),
                        "%s: takes %.0f s, so it is measured once at most, and nothing longer of the kind"
                                .formatted(request, taken));
            }
            return done;
        }
        silent.add(kind);
        String why =
                answer instanceof Answer.Unsupported unsupported
                        ? unsupported.why()
                        : ((Answer.Failed) answer).message();
        refused.accept(
                entrant.name(),
                request.getClass().getSimpleName().toLowerCase(Locale.ROOT) + ": " + why);
        return null;
    }

    /** Tells whether a request is one that took too long, or a longer one. */
    private boolean tooLong(String kind, Request request) {
        return slow.getOrDefault(kind, List.of()).stream()
                .anyMatch(known -> known.length() <= request.length());
    }
}
