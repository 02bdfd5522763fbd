package dev.slipstream.decode.draft.diffuse;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.draft.AdaptiveLength;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * How a {@link DiffusionDraft} drafts. As text, for properties and command lines: {@code
 * k-min=4,k-max=15,delta=5,rho=0.5,candidates=15,mass=0.8,beam=3,proxy-weight=0.5,score=mean,steps=1,proxy=ngram},
 * in any order; {@code toString} is that text. Numbers of candidates, mass, beam and weight are the
 * paper's; its lengths, 20 to 30 in steps of 10, are for models of longer blocks.
 *
 * @param fewest tokens of a draft, at least 1
 * @param most tokens of a draft and of the first, at least {@code fewest}; 0 takes as many as the
 *     model was trained for, one less than its block size
 * @param delta tokens that are added while drafts are accepted whole, 0 or more
 * @param rho weight of the newest draft in the moving averages, above 0 and up to 1
 * @param candidates the most tokens that are tried in a place, 1 to {@link #MOST_CANDIDATES}, end
 *     tokens not counted
 * @param mass of probability that the candidates of a place have together, above 0 and up to 1
 * @param beam beginnings of a path that the search keeps, 1 to {@link #WIDEST_BEAM}
 * @param proxyWeight of the causal proxy in a path's score, 0 to 1; the model that drafts has the
 *     rest
 * @param score by what finished and unfinished paths are compared
 * @param steps runs of a draft, 1 or more; with more than one the surest places are filled first
 * @param proxy what knows how texts read from left to right
 */
public record DiffuSpecOptions(
        int fewest,
        int most,
        int delta,
        double rho,
        int candidates,
        double mass,
        int beam,
        double proxyWeight,
        PathScore score,
        int steps,
        ProxyKind proxy) {
    /** The most candidates of a place. */
    public static final int MOST_CANDIDATES = 1000;

    /** The widest beam. */
    public static final int WIDEST_BEAM = 1000;

    /** What holds without a word. */
    public static final DiffuSpecOptions DEFAULT =
            new DiffuSpecOptions(4, 0, 5, 0.5, 15, 0.8, 3, 0.5, PathScore.MEAN, 1, ProxyKind.NGRAM);

    /** Checks the ranges. */
    public DiffuSpecOptions {
        require(fewest >= 1, "k-min", "1 or more", fewest);
        require(most == 0 || most >= fewest, "k-max", "k-min (" + fewest + ") or more", most);
        require(delta >= 0, "delta", "0 or more", delta);
        require(rho > 0 && rho <= 1, "rho", "above 0 and up to 1", rho);
        require(
                candidates >= 1 && candidates <= MOST_CANDIDATES,
                "candidates",
                "1 to " + MOST_CANDIDATES,
                candidates);
        require(mass > 0 && mass <= 1, "mass", "above 0 and up to 1", mass);
        require(beam >= 1 && beam <= WIDEST_BEAM, "beam", "1 to " + WIDEST_BEAM, beam);
        require(proxyWeight >= 0 && proxyWeight <= 1, "proxy-weight", "0 to 1", proxyWeight);
        require(steps >= 1, "steps", "1 or more", steps);
    }

    private static void require(boolean holds, String name, String expected, Number found) {
        if (!holds) {
            throw new IllegalArgumentException(
                    "%s: expected %s, found %s".formatted(name, expected, found));
        }
    }

    /**
     * Reads the text form.
     *
     * @param text see above; what is left out has its default
     * @throws IllegalArgumentException if it names something else, or a value is out of its range
     */
    public static DiffuSpecOptions parse(String text) {
        Map<String, String> values = values(text);
        DiffuSpecOptions usual = DEFAULT;
        DiffuSpecOptions read =
                new DiffuSpecOptions(
                        take(values, "k-min", DiffuSpecOptions::whole, usual.fewest),
                        take(values, "k-max", DiffuSpecOptions::whole, usual.most),
                        take(values, "delta", DiffuSpecOptions::whole, usual.delta),
                        take(values, "rho", DiffuSpecOptions::number, usual.rho),
                        take(values, "candidates", DiffuSpecOptions::whole, usual.candidates),
                        take(values, "mass", DiffuSpecOptions::number, usual.mass),
                        take(values, "beam", DiffuSpecOptions::whole, usual.beam),
                        take(values, "proxy-weight", DiffuSpecOptions::number, usual.proxyWeight),
                        take(values, "score", constant(PathScore.class), usual.score),
                        take(values, "steps", DiffuSpecOptions::whole, usual.steps),
                        take(values, "proxy", constant(ProxyKind.class), usual.proxy));
        if (!values.isEmpty()) {
            throw new IllegalArgumentException(
                    "expected names of %s, found '%s'"
                            .formatted(DEFAULT, values.keySet().iterator().next()));
        }
        return read;
    }

    private static Map<String, String> values(String text) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : text.isBlank() ? List.<String>of() : List.of(text.split(",", -1))) {
            int equals = part.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException(
                        "expected name=value, separated by commas, such as %s, found '%s'"
                                .formatted(DEFAULT, part.strip()));
            }
            String name = part.substring(0, equals).strip();
            if (values.put(name, part.substring(equals + 1).strip()) != null) {
                throw new IllegalArgumentException(name + ": expected once, found twice");
            }
        }
        return values;
    }

    private static <T> T take(
            Map<String, String> values, String name, Function<String, T> reader, T absent) {
        String value = values.remove(name);
        try {
            return value == null ? absent : reader.apply(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "%s: expected %s, found '%s'"
                            .formatted(
                                    name,
                                    absent instanceof Integer ? "a whole number" : "a number",
                                    value),
                    e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }

    private static Integer whole(String text) {
        return Integer.valueOf(text);
    }

    private static Double number(String text) {
        return Double.valueOf(text);
    }

    private static <E extends Enum<E>> Function<String, E> constant(Class<E> type) {
        return text -> {
            for (E constant : type.getEnumConstants()) {
                if (written(constant).equals(text.toLowerCase(Locale.ROOT))) {
                    return constant;
                }
            }
            throw new IllegalArgumentException(
                    "expected one of %s, found '%s'"
                            .formatted(
                                    Arrays.stream(type.getEnumConstants())
                                            .map(DiffuSpecOptions::written)
                                            .toList(),
                                    text));
        };
    }

    private static String written(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Returns the rule for the length of drafts of a model. */
    AdaptiveLength length(BlockDiffusion model) {
        int longest = most > 0 ? most : model.blockSize() - 1;
        return new AdaptiveLength(Math.min(fewest, longest), longest, delta, rho);
    }

    /** Returns the search for a path. */
    PathSearch search() {
        return new PathSearch(beam, proxyWeight, score);
    }

    @Override
    public String toString() {
        return (most > 0 ? "k-min=" + fewest + ",k-max=" + most : "k-min=" + fewest)
                + ",delta=%d,rho=%s,candidates=%d,mass=%s,beam=%d,proxy-weight=%s,score=%s,steps=%d,proxy=%s"
                        .formatted(
                                delta,
                                rho,
                                candidates,
                                mass,
                                beam,
                                proxyWeight,
                                written(score),
                                steps,
                                written(proxy));
    }
}
