package dev.slipstream.samples.benchmarks;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.contest.Answer;
import dev.slipstream.samples.benchmarks.contest.BusyNeighbour;
import dev.slipstream.samples.benchmarks.contest.Contender;
import dev.slipstream.samples.benchmarks.contest.Entrant;
import dev.slipstream.samples.benchmarks.contest.ProcessorUse;
import dev.slipstream.samples.benchmarks.contest.Request;
import dev.slipstream.samples.benchmarks.contest.Rounds;
import dev.slipstream.samples.benchmarks.contest.Running;
import dev.slipstream.samples.benchmarks.result.Figure;
import dev.slipstream.samples.benchmarks.result.Sample;
import dev.slipstream.samples.benchmarks.weights.WrittenOnce;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/** All contenders with one model, one precision and one number of threads. */
final class Heat {
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
    private static final int ROOM = 8;

    /** Tokens of a real text with what is written behind it, at most. */
    private static final int TEXTS = 512;

    private final ComparisonPlan plan;
    private final ModelFolder model;
    private final Precision weights;
    private final Findings.Place place;
    private final List<Contender> contenders;
    private final Findings findings;
    private final Consumer<String> progress;

    Heat(
            ComparisonPlan plan,
            ModelFolder model,
            Precision weights,
            Findings.Place place,
            List<Contender> contenders,
            Findings findings,
            Consumer<String> progress) {
        this.plan = plan;
        this.model = model;
        this.weights = weights;
        this.place = place;
        this.contenders = contenders;
        this.findings = findings;
        this.progress = progress;
    }

    /** Reads and decodes drawn tokens; beside a busy neighbour too, if that is planned. */
    // The neighbour is only there, never asked.
    @SuppressWarnings("try")
    void plain() throws IOException {
        List<Request> requests = requests();
        List<Entrant> entrants = start(contenders);
        try {
            progress.accept("warm up");
            rounds(entrants, Sample.Neighbour.NONE).warmUp(requests);
            if (plan.has(ComparisonPlan.Part.PLAIN)) {
                progress.accept("prefill and decode");
                rounds(entrants, Sample.Neighbour.NONE).measure(requests, plan.rounds());
                entrants.forEach(this::memory);
            }
            if (plan.has(ComparisonPlan.Part.BUSY)) {
                progress.accept("beside a busy neighbour");
                try (BusyNeighbour neighbour = BusyNeighbour.start()) {
                    rounds(entrants, Sample.Neighbour.BUSY).measure(requests, plan.rounds());
                }
            }
        } finally {
            close(entrants);
        }
    }

    /** Decodes several texts at once. */
    void streams() throws IOException {
        int most = Collections.max(plan.streams());
        List<Entrant> entrants =
                start(contenders.stream().map(each -> each.forStreams(most)).toList());
        int prompt = Math.min(32, context() / 4);
        int tokens = Math.min(64, context() / 4);
        List<Request> requests =
                plan.streams().stream()
                        .map(number -> (Request) new Request.Streams(number, prompt, tokens))
                        .toList();
        try {
            progress.accept("concurrent streams");
            Rounds rounds = rounds(entrants, Sample.Neighbour.NONE);
            rounds.warmUp(requests);
            rounds.measure(requests, plan.rounds());
        } finally {
            close(entrants);
        }
    }

    /** Starts processes: with nothing left from earlier ones, and once more. */
    void starts() throws IOException {
        progress.accept("starts");
        Path kept = model.directory().resolve("kept");
        for (int round = 0; round < plan.rounds(); round++) {
            for (Contender contender : contenders) {
                WrittenOnce.delete(kept);
                Files.createDirectories(kept);
                Contender keeping = contender.keepingIn(kept);
                start(keeping, Figure.Kind.LOAD_COLD, Figure.Kind.COLD_START, round);
                start(keeping, Figure.Kind.LOAD_WARM, Figure.Kind.WARM_START, round);
            }
        }
        WrittenOnce.delete(kept);
    }

    private void start(Contender contender, Figure.Kind load, Figure.Kind whole, int round) {
        ProcessorUse before = ProcessorUse.now();
        long start = System.nanoTime();
        try (Running running = start(contender)) {
            Answer answer = running.run(new Request.Decode(0, tokens(0)));
            double seconds = (System.nanoTime() - start) / 1e9;
            double foreign = ProcessorUse.foreignShare(before, ProcessorUse.now(), PROCESSORS);
            if (answer instanceof Answer.Done) {
                add(contender, new Figure(load, 0), round, running.loadSeconds(), foreign);
                add(contender, new Figure(whole, tokens(0)), round, seconds, foreign);
            } else {
                findings.note(place, contender.name(), "start: " + answer);
            }
        } catch (IOException e) {
            findings.note(place, contender.name(), "start: " + e.getMessage());
        }
    }

    private void add(Contender contender, Figure figure, int round, double value, double foreign) {
        findings.add(place, contender.name(), figure, Sample.Neighbour.NONE, round, value, foreign);
    }

    private List<Request> requests() {
        List<Request> requests = new ArrayList<>();
        for (int tokens : plan.prefill()) {
            if (tokens <= context()) {
                requests.add(new Request.Prefill(tokens));
            }
        }
        for (int prompt : plan.prompts()) {
            if (prompt + tokens(prompt) < context() && (prompt == 0 || tokens(prompt) > 1)) {
                requests.add(new Request.Decode(prompt, tokens(prompt)));
            }
        }
        return requests;
    }

    /** Returns the tokens to decode after a prompt: fewer where the model's context ends. */
    private int tokens(int prompt) {
        return Math.max(1, Math.min(plan.tokens(), context() - prompt - ROOM));
    }

    /** Returns the context that all open the model with: what the requests need. */
    private int context() {
        int decoding = Collections.max(plan.prompts()) + plan.tokens();
        int drawn = Math.max(Collections.max(plan.prefill()), decoding) + ROOM;
        int needed = Math.max(drawn, TEXTS);
        return Math.min(needed, model.config().contextLength());
    }

    List<Entrant> start(List<Contender> starting) throws IOException {
        List<Entrant> entrants = new ArrayList<>();
        for (Contender contender : starting) {
            try {
                entrants.add(new Entrant(contender.name(), start(contender)));
            } catch (IOException e) {
                findings.note(place, contender.name(), "start: " + e.getMessage());
            }
        }
        return entrants;
    }

    private Running start(Contender contender) throws IOException {
        return contender.start(
                contender.model(model.checkpoint(), weights, model.directory()),
                place.threads(),
                context(),
                log(contender),
                plan.limit());
    }

    private Path log(Contender contender) throws IOException {
        Path logs = Files.createDirectories(plan.work().resolve("logs"));
        return logs.resolve(contender.name().replaceAll("[^A-Za-z0-9.]+", "-") + ".log");
    }

    Rounds rounds(List<Entrant> entrants, Sample.Neighbour neighbour) {
        return new Rounds(
                entrants,
                PROCESSORS,
                plan.longestRun(),
                timed -> findings.add(place, neighbour, timed),
                (name, why) -> findings.note(place, name, why));
    }

    private void memory(Entrant entrant) {
        var memory = entrant.running().memory();
        Sample.Neighbour none = Sample.Neighbour.NONE;
        Figure resident = new Figure(Figure.Kind.RESIDENT, 0);
        Figure peak = new Figure(Figure.Kind.PEAK, 0);
        findings.add(place, entrant.name(), resident, none, 0, memory.resident(), 0);
        findings.add(place, entrant.name(), peak, none, 0, memory.peak(), 0);
    }

    void close(List<Entrant> entrants) {
        for (Entrant entrant : entrants) {
            findings.version(entrant.name(), entrant.running().version());
            entrant.running().close();
        }
    }
}
