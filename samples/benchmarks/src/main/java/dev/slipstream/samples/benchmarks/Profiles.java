package dev.slipstream.samples.benchmarks;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.contest.Contender;
import dev.slipstream.samples.benchmarks.contest.ContenderProcess;
import dev.slipstream.samples.benchmarks.contest.Request;
import dev.slipstream.samples.benchmarks.result.Results;
import dev.slipstream.samples.benchmarks.weights.WrittenOnce;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Where the time of contenders on ONNX Runtime goes, operator by operator. */
final class Profiles {
    private static final int REPEATS = 4;

    private final ComparisonPlan plan;
    private final ModelFolder model;
    private final Precision weights;
    private final Findings.Place place;
    private final Findings findings;

    Profiles(
            ComparisonPlan plan,
            ModelFolder model,
            Precision weights,
            Findings.Place place,
            Findings findings) {
        this.plan = plan;
        this.model = model;
        this.weights = weights;
        this.place = place;
        this.findings = findings;
    }

    /** Profiles those that can be. */
    void measure(List<Contender> contenders) throws IOException {
        int context = model.config().contextLength();
        int prefill = Math.min(128, context);
        Map<String, Request> requests = new LinkedHashMap<>();
        requests.put("decode after 0", new Request.Decode(0, Math.min(plan.tokens(), context - 1)));
        requests.put("prefill " + prefill, new Request.Prefill(prefill));
        for (Contender contender : contenders) {
            for (Map.Entry<String, Request> request : requests.entrySet()) {
                profile(contender, request.getKey(), request.getValue());
            }
        }
    }

    private void profile(Contender contender, String run, Request request) throws IOException {
        Path folder = model.directory().resolve("profiles");
        WrittenOnce.delete(folder);
        Files.createDirectories(folder);
        Path opened = contender.model(model.checkpoint(), weights, model.directory());
        int context = Math.min(4096, model.config().contextLength());
        List<String> command =
                contender.profiling(opened, place.threads(), context, folder.resolve("profile"));
        if (command == null) {
            return;
        }
        Path errors = folder.resolve("errors.log");
        try (ContenderProcess process =
                ContenderProcess.start(contender.name(), command, errors, plan.limit())) {
            for (int i = 0; i < REPEATS; i++) {
                process.run(request);
            }
        } catch (IOException e) {
            findings.note(place, contender.name(), "profile: " + e.getMessage());
            return;
        }
        Path written;
        try (Stream<Path> files = Files.list(folder)) {
            written =
                    files.filter(file -> file.toString().endsWith(".json"))
                            .max((a, b) -> Long.compare(a.toFile().length(), b.toFile().length()))
                            .orElse(null);
        }
        if (written == null) {
            findings.note(place, contender.name(), "profile: expected a file, found none");
            return;
        }
        OperatorProfile profile = OperatorProfile.read(written);
        for (OperatorProfile.Entry entry : profile.entries()) {
            findings.operators.add(
                    new Results.OperatorShare(
                            model.name(),
                            place.weights(),
                            contender.name(),
                            run,
                            entry.operator(),
                            entry.calls() / (double) Math.max(1, profile.runs()),
                            entry.share()));
        }
    }
}
