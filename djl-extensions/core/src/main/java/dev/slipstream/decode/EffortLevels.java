package dev.slipstream.decode;

import dev.slipstream.pass.MixAndMatch;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GateNotes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The levels of effort that a model offers to requests, the best one first.
 *
 * <ul>
 *   <li>{@code best}: the whole model.
 *   <li>{@code balanced}: feed-forwards are skipped by the knobs that were proposed for the model;
 *       of nested widths, half of the widest on average, as {@link MixAndMatch} shares them out.
 *   <li>{@code fast}: feed-forwards are skipped from a cosine twice as far from 1, twice as many at
 *       a time; the narrowest widths everywhere; every switched sub-layer off.
 * </ul>
 *
 * <p>A level that would be the same as a better one is not offered: a model without gates has
 * {@code best} alone. Safe for use by many threads.
 */
public final class EffortLevels {
    private static final String BEST = "best";
    private static final String BALANCED = "balanced";
    private static final String FAST = "fast";

    private final DecoderModel model;
    private final List<Level> levels;
    private final ToDoubleFunction<Effort> measurement;
    private @Nullable List<Double> millis;

    /**
     * Constructs the levels of a model; what they cost is measured when a request first asks.
     *
     * @param model stays its owner's
     */
    public EffortLevels(DecoderModel model) {
        this(model, effort -> TokenTime.millis(model, effort));
    }

    /**
     * Constructs the levels of a model.
     *
     * @param measurement gives the milliseconds of a token
     */
    EffortLevels(DecoderModel model, ToDoubleFunction<Effort> measurement) {
        this.model = model;
        this.measurement = measurement;
        this.levels = levels(model.gates(), model.widthLayers());
    }

    /**
     * What a name stands for.
     *
     * @param name of the level; with the knobs of a request, still that of the level
     * @param effort of decoded tokens
     * @param warmUp the first tokens of an answer that skip nothing
     */
    public record Level(String name, Effort effort, int warmUp) {}

    private static List<Level> levels(GateNotes notes, int layers) {
        GateNotes.Skips skips = notes.skips();
        int warmUp = skips == null ? 0 : skips.warmUp();
        List<Level> levels = new ArrayList<>();
        levels.add(new Level(BEST, Effort.FULL, warmUp));
        Effort balanced =
                new Effort(
                        List.of(),
                        half(notes.widths(), layers),
                        skips == null ? null : skips.usual());
        Effort fast =
                new Effort(
                        Collections.nCopies(notes.switched().size(), false),
                        Collections.nCopies(layers, 0),
                        skips == null ? null : eager(skips.usual()));
        if (!balanced.full()) {
            levels.add(new Level(BALANCED, balanced, warmUp));
        }
        if (!fast.full() && !fast.equals(balanced)) {
            levels.add(new Level(FAST, fast, warmUp));
        }
        return List.copyOf(levels);
    }

    private static Effort.Skipping eager(Effort.Skipping usual) {
        double threshold = Math.max(-1, 1 - 2 * (1 - usual.threshold()));
        return new Effort.Skipping(threshold, 2 * usual.count(), usual.rearm());
    }

    /**
     * Two neighbouring widths whose mean is half of the widest; the narrowest if none is so small.
     */
    static List<Integer> half(List<Integer> widths, int layers) {
        if (widths.size() < 2) {
            return List.of();
        }
        int widest = widths.get(widths.size() - 1);
        return 2L * widths.get(0) > widest
                ? Collections.nCopies(layers, 0)
                : new MixAndMatch(layers, widths)
                        .within(widest / 2.0, "neurons", width -> width).stream()
                                .map(widths::indexOf)
                                .toList();
    }

    /** Returns the levels, the best one first. */
    public List<Level> levels() {
        return levels;
    }

    /**
     * Returns the level of a request, with the request's own knobs.
     *
     * @throws InvalidOptionException if the model does not offer what it asks for; it says what it
     *     offers
     */
    public Level choose(EffortRequest request) {
        if (levels.size() == 1) {
            requireNothing(request);
            return levels.get(0);
        }
        Level level = request.millisPerToken() == null ? named(request) : affordable(request);
        return request.setsSkipping() ? withKnobs(level, request) : level;
    }

    /** Returns the measured milliseconds of each level's tokens, in the order of the levels. */
    public synchronized List<Double> millisPerToken() {
        if (millis == null) {
            millis =
                    levels.stream()
                            .map(level -> measurement.applyAsDouble(level.effort()))
                            .toList();
        }
        return millis;
    }

    private void requireNothing(EffortRequest request) {
        if (request.level() != null && !request.level().equals(BEST)) {
            throw withoutGates("effort", request.level());
        }
        if (request.millisPerToken() != null) {
            throw withoutGates("millisPerToken", request.millisPerToken());
        }
        requireNoKnobs(request);
    }

    private void requireNoKnobs(EffortRequest request) {
        if (request.skipThreshold() != null) {
            throw withoutSkips("skipThreshold", request.skipThreshold());
        }
        if (request.skipCount() != null) {
            throw withoutSkips("skipCount", request.skipCount());
        }
        if (request.skipWarmUp() != null) {
            throw withoutSkips("skipWarmUp", request.skipWarmUp());
        }
    }

    private InvalidOptionException withoutGates(String option, Object found) {
        return new InvalidOptionException(
                option,
                "expected best, or nothing, as model %s has no gates, found %s"
                        .formatted(model.name(), found));
    }

    private InvalidOptionException withoutSkips(String option, Object found) {
        return new InvalidOptionException(
                option,
                "expected nothing, as model %s skips no feed-forwards, found %s"
                        .formatted(model.name(), found));
    }

    private Level named(EffortRequest request) {
        String name = request.level() == null ? BEST : request.level();
        return levels.stream()
                .filter(level -> level.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new InvalidOptionException(
                                        "effort",
                                        "expected one of %s, which model %s offers, found %s"
                                                .formatted(
                                                        levels.stream()
                                                                .map(Level::name)
                                                                .collect(Collectors.joining(", ")),
                                                        model.name(),
                                                        name)));
    }

    private Level affordable(EffortRequest request) {
        double most = Objects.requireNonNull(request.millisPerToken());
        List<Double> times = millisPerToken();
        int fastest = 0;
        for (int i = 0; i < levels.size(); i++) {
            if (times.get(i) <= most) {
                return levels.get(i);
            }
            fastest = times.get(i) < times.get(fastest) ? i : fastest;
        }
        throw new InvalidOptionException(
                "millisPerToken",
                "expected at least %s, what level %s takes, the fastest of model %s, found %s"
                        .formatted(
                                rounded(times.get(fastest)),
                                levels.get(fastest).name(),
                                model.name(),
                                most));
    }

    /** Rounded up, so that the number works where it is taken from the message. */
    private static double rounded(double millis) {
        return Math.ceil(millis * 1000) / 1000;
    }

    private Level withKnobs(Level level, EffortRequest request) {
        GateNotes.Skips skips = model.gates().skips();
        if (skips == null) {
            requireNoKnobs(request);
            return level;
        }
        Effort effort = level.effort();
        Effort.Skipping base = effort.skipping() == null ? skips.usual() : effort.skipping();
        Effort.Skipping own =
                new Effort.Skipping(
                        request.skipThreshold() == null
                                ? base.threshold()
                                : request.skipThreshold(),
                        request.skipCount() == null ? base.count() : request.skipCount(),
                        base.rearm());
        return new Level(
                level.name(),
                new Effort(effort.gates(), effort.widths(), own),
                request.skipWarmUp() == null ? level.warmUp() : request.skipWarmUp());
    }
}
