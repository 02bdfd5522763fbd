package dev.slipstream.pass;

import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.Layer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GateNotes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Saves feed-forwards while a deep pretrained decoder generates, without training and with all keys
 * and values in place (Jaiswal and others, FFN-SkipLLM, 2024). In the middle layers of such models
 * feed-forwards barely turn the residual stream; where one does so for a token, the next ones are
 * left out for this token.
 *
 * <p>The graph decides, for each token by itself: rows of one run may have different knobs, and
 * compute different feed-forwards. Per token, with {@code budget = 0} at its start, in the region
 * {@code coldStart <= l < coldEnd}: if {@code budget > 0} the feed-forward is left out and the
 * budget falls by one; else it is computed, and if then {@code cos(u, h)} exceeds the threshold,
 * the budget is the count. Attention is always computed.
 *
 * <p>Exact where nothing is skipped: rows with a threshold above 1, or a count of 0, have the bits
 * of the model without the pass, as far as its products give a row the same bits in any company.
 * What was generated with skipping has other keys and values than without.
 */
public final class FfnSkipPass implements Pass {
    static final String NAME = "ffn-skip";

    /** LessOrEqual, and Split with sizes as input. */
    private static final int LEAST_OPERATOR_SET = 13;

    private final PassSpec spec;
    private final Knobs knobs;

    /**
     * What a plan says; what it leaves out is proposed by the calibration text.
     *
     * @param share of all feed-forwards that is to be skipped on the calibration text
     * @param percentile of the cosines that the region's layers reach
     */
    record Knobs(
            @Nullable Integer coldStart,
            @Nullable Integer coldEnd,
            @Nullable Double threshold,
            @Nullable Integer count,
            boolean rearm,
            int warmUp,
            double share,
            double percentile) {}

    FfnSkipPass(PassSpec spec, Knobs knobs) {
        this.spec = spec;
        this.knobs = knobs;
    }

    @Override
    public PassSpec spec() {
        return spec;
    }

    @Override
    public Rewritten apply(
            OnnxModel graph, @Nullable Calibration calibration, PassProgress progress) {
        requireGateable(graph, calibration);
        SaturationProfile profile =
                calibration == null ? null : SaturationProfile.measure(graph, calibration);
        SkipRegion region = region(graph, profile);
        Anatomy anatomy = Anatomy.of(graph);
        List<FeedForwardBranch> branches = new ArrayList<>();
        for (int layer : region.layers()) {
            branches.add(FeedForwardBranch.require(graph, anatomy, layer));
        }
        OnnxModel gated = graph.copy();
        SkipGates.write(gated, branches);
        int layers = anatomy.layers().size();
        SkipTuning.@Nullable Outcome outcome =
                calibration == null ? null : tuned(gated, calibration, region, layers, progress);
        Effort.Skipping usual = usual(outcome);
        GateNotes before = GateNotes.read(gated.metadata());
        GateNotes.Skips skips = new GateNotes.Skips(region.skippable(), usual, knobs.warmUp());
        new GateNotes(before.switched(), before.widths(), skips).write(gated);
        return new Rewritten(gated, report(region, layers, usual, profile, outcome));
    }

    private void requireGateable(OnnxModel graph, @Nullable Calibration calibration) {
        boolean gated =
                graph.inputs().stream()
                        .anyMatch(input -> input.getName().equals(Effort.SKIP_THRESHOLDS));
        if (gated) {
            throw wrong(graph, "a model without it", "one that has the pass already");
        }
        int operatorSet = graph.opsets().getOrDefault("", 0);
        if (operatorSet < LEAST_OPERATOR_SET) {
            throw wrong(
                    graph,
                    "operator set %d or newer".formatted(LEAST_OPERATOR_SET),
                    operatorSet + "; convert the model to a newer one");
        }
        boolean complete =
                knobs.coldStart() != null
                        && knobs.coldEnd() != null
                        && knobs.threshold() != null
                        && knobs.count() != null;
        if (calibration == null && !complete) {
            throw wrong(
                    graph,
                    "a calibration text, or cold-start, cold-end, threshold and count",
                    "no text and " + spec);
        }
    }

    private PassException wrong(OnnxModel graph, String expected, String found) {
        return new PassException(
                "%s: pass %s: expected %s, found %s"
                        .formatted(graph.name(), NAME, expected, found));
    }

    private SkipRegion region(OnnxModel graph, @Nullable SaturationProfile profile) {
        Integer start = knobs.coldStart();
        Integer end = knobs.coldEnd();
        if (start == null || end == null) {
            SkipRegion proposed = profile == null ? null : profile.region(knobs.percentile());
            if (proposed == null) {
                throw wrong(
                        graph,
                        "two layers in a row whose feed-forwards barely turn the stream, by cosines of %s or more"
                                .formatted(SkipRegion.LEAST_COSINE),
                        "cosines %s by layer; nothing should be skipped here: leave the pass out, or give cold-start and cold-end"
                                .formatted(profile == null ? List.of() : rounded(profile)));
            }
            start = start == null ? proposed.coldStart() : start;
            end = end == null ? proposed.coldEnd() : end;
        }
        TreeSet<Integer> known = new TreeSet<>();
        Anatomy anatomy = Anatomy.of(graph);
        anatomy.layers().stream().map(Layer::index).forEach(known::add);
        known.addAll(anatomy.unreadable().keySet());
        int layers = known.isEmpty() ? 0 : known.last() + 1;
        if (end < start + 2 || end > layers) {
            throw wrong(
                    graph,
                    "cold-start + 2 <= cold-end <= %d (the model's layers): one feed-forward to set off skipping, one to be skipped"
                            .formatted(layers),
                    "cold-start %d, cold-end %d".formatted(start, end));
        }
        return new SkipRegion(start, end);
    }

    /** Of the counts 1, 2, 4, ... the one with the least loss at the wanted share. */
    private SkipTuning.Outcome tuned(
            OnnxModel gated,
            Calibration calibration,
            SkipRegion region,
            int layers,
            PassProgress progress) {
        int most = region.skippable().size();
        TreeSet<Integer> counts = new TreeSet<>();
        if (knobs.count() != null) {
            counts.add(knobs.count());
        } else {
            for (int count = 1; count < most; count *= 2) {
                counts.add(count);
            }
            counts.add(most);
        }
        int each = knobs.threshold() == null ? SkipTuning.TRIALS : 1;
        StepCount trials = new StepCount(progress, counts.size() * each);
        try (SkipTuning tuning =
                new SkipTuning(gated, calibration, layers, knobs.warmUp(), trials)) {
            SkipTuning.Outcome best = null;
            for (int count : counts) {
                SkipTuning.Outcome outcome =
                        knobs.threshold() == null
                                ? tuning.search(knobs.share(), count, knobs.rearm())
                                : tuning.outcome(knobs.threshold(), count, knobs.rearm());
                trials.passTo((counts.headSet(count).size() + 1) * each);
                if (best == null || better(outcome, best)) {
                    best = outcome;
                }
            }
            if (best == null) {
                throw new IllegalStateException("no counts to try");
            }
            return best;
        }
    }

    /** First of all the share has to be reached, nearly; of those that do, the least loss. */
    private boolean better(SkipTuning.Outcome one, SkipTuning.Outcome other) {
        double nearly = 0.9 * knobs.share();
        boolean oneReaches = one.share() >= nearly;
        boolean otherReaches = other.share() >= nearly;
        if (oneReaches != otherReaches) {
            return oneReaches;
        }
        return oneReaches ? one.natsPerToken() < other.natsPerToken() : one.share() > other.share();
    }

    private Effort.Skipping usual(SkipTuning.@Nullable Outcome outcome) {
        Double threshold = knobs.threshold();
        Integer count = knobs.count();
        if (outcome != null) {
            threshold = outcome.threshold();
            count = outcome.count();
        }
        if (threshold == null || count == null) {
            throw new IllegalStateException("knobs are missing: " + spec);
        }
        return new Effort.Skipping(threshold, count, knobs.rearm());
    }

    private PassReport report(
            SkipRegion region,
            int layers,
            Effort.Skipping usual,
            @Nullable SaturationProfile profile,
            SkipTuning.@Nullable Outcome outcome) {
        List<String> lines = new ArrayList<>();
        Map<String, Object> facts = new LinkedHashMap<>();
        lines.add(
                "feed-forwards %d to %d of %d may be skipped, set off by %d to %d"
                        .formatted(
                                region.coldStart() + 1,
                                region.coldEnd() - 1,
                                layers,
                                region.coldStart(),
                                region.coldEnd() - 2));
        lines.add(
                String.format(
                        Locale.ROOT,
                        "threshold %.5f, count %d, rearm %s, warm-up %d tokens",
                        usual.threshold(),
                        usual.count(),
                        usual.rearm(),
                        knobs.warmUp()));
        facts.put("cold-start", region.coldStart());
        facts.put("cold-end", region.coldEnd());
        facts.put("threshold", usual.threshold());
        facts.put("count", usual.count());
        facts.put("rearm", usual.rearm());
        facts.put("warm-up", knobs.warmUp());
        if (profile != null) {
            lines.add("cosines by layer: " + rounded(profile));
            facts.put("cosines", profile.cosines());
        }
        if (outcome != null) {
            lines.add(
                    String.format(
                            Locale.ROOT,
                            "on the calibration text %.1f %% of all feed-forwards are skipped, %.4f nats a token",
                            100 * outcome.share(),
                            outcome.natsPerToken()));
            facts.put("share", outcome.share());
            facts.put("nats-per-token", outcome.natsPerToken());
        }
        return new PassReport(spec, lines, facts);
    }

    private static List<String> rounded(SaturationProfile profile) {
        return profile.cosines().stream().map(c -> String.format(Locale.ROOT, "%.3f", c)).toList();
    }
}
