package dev.slipstream.zoo;

import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.Device;
import dev.slipstream.schedule.BatchOptions;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Picks out of a criteria's options, or of a URL, how a model is to be opened. */
final class LoadArguments {
    private static final String DRAFT = "draft";
    private static final String BLOCK = "block";
    private static final String CACHE = "prefixCache";
    private static final String CALIBRATION = "calibration";

    /** By option: the name that {@link DraftOptions#parse} has for it. */
    private static final Map<String, String> DRAFTING =
            draftNames(
                    "chain",
                    "model",
                    "corpus",
                    "min-match",
                    "width",
                    "skip",
                    "cache",
                    "diffuspec",
                    "length",
                    "acceptance");

    /** By option: the name that {@link BlockOptions#parse} has for it. */
    private static final Map<String, String> BLOCKS =
            Map.of(
                    "decoder", "decoder",
                    "blockSize", "size",
                    "blockSteps", "steps",
                    "unmasking", "unmasking",
                    "blockBorders", "borders",
                    "verification", "verification",
                    "contextReuse", "context-reuse",
                    "blockStoring", "storing");

    private static final List<String> OTHERS =
            List.of(
                    "precision",
                    "prefillWeights",
                    "prefillThreshold",
                    "contextLength",
                    "threads",
                    "spinning",
                    "device",
                    "maxActive",
                    "maxQueued",
                    "keyValueBytes",
                    "prefillChunk",
                    "prefixCacheBytes",
                    "prefixCacheFile",
                    "cacheDirectory",
                    "cacheLimit",
                    "warmStart");

    /** By option: the name that {@link PlanOptions#parse} has for it. */
    private static final Map<String, String> PLAN =
            Map.of(
                    "plan", "plan",
                    "passes", "passes",
                    "gates", "gates",
                    "calibrationText", "text",
                    "calibrationSequences", "sequences",
                    "calibrationLength", "length");

    private LoadArguments() {}

    /** Returns the names of all options, sorted. */
    static Set<String> names() {
        Set<String> names = new TreeSet<>(OTHERS);
        names.addAll(DRAFTING.keySet());
        names.addAll(BLOCKS.keySet());
        names.addAll(PLAN.keySet());
        return names;
    }

    /**
     * Reads options.
     *
     * @param options by name, with values that are texts or print as such; names that are nobody's
     *     here are left to others, but for those that look like drafting, blocks, the prefix cache
     *     or calibration
     * @param device that the criteria name, for when no option does; null takes the processor
     * @throws IllegalArgumentException that names the option, what was expected and what was found
     */
    static LoadOptions read(Map<String, ?> options, ai.djl.@Nullable Device device) {
        for (String name : options.keySet()) {
            boolean ours =
                    name.startsWith(DRAFT)
                            || name.startsWith(BLOCK)
                            || name.startsWith(CACHE)
                            || name.startsWith(CALIBRATION);
            if (ours && !names().contains(name)) {
                throw new IllegalArgumentException(
                        "option %s: expected one of %s, found no option of that name"
                                .formatted(name, names()));
            }
        }
        LoadOptions defaults = LoadOptions.defaults();
        return named(
                UnaryOperator.identity(),
                () ->
                        new LoadOptions(
                                constant(options, "precision", defaults.precision()),
                                prefill(options, defaults.prefill()),
                                number(options, "contextLength", defaults.contextLength()),
                                number(options, "threads", defaults.threads()),
                                constant(options, "spinning", defaults.spinning()),
                                constant(options, "device", device(device)),
                                batching(options, defaults.batching()),
                                drafting(options),
                                blocks(options),
                                cache(options, defaults.cache()),
                                plan(options),
                                directory(options),
                                wide(options, "cacheLimit", defaults.cacheLimit()),
                                constant(options, "warmStart", defaults.warmStart())));
    }

    private static Device device(ai.djl.@Nullable Device criteria) {
        if (criteria == null || criteria.equals(ai.djl.Device.cpu())) {
            return Device.CPU;
        }
        if (criteria.equals(ai.djl.Device.gpu())) {
            return Device.GPU;
        }
        throw new IllegalArgumentException(
                "the criteria's device: expected cpu() or gpu(), found %s; another GPU is made the first by the environment variable CUDA_VISIBLE_DEVICES"
                        .formatted(criteria));
    }

    private static PrefillOptions prefill(Map<String, ?> options, PrefillOptions defaults) {
        return named(
                name -> "prefillThreshold",
                () ->
                        new PrefillOptions(
                                constant(options, "prefillWeights", defaults.weights()),
                                number(options, "prefillThreshold", defaults.threshold())));
    }

    private static BatchOptions batching(Map<String, ?> options, BatchOptions defaults) {
        return new BatchOptions(
                number(options, "maxActive", defaults.maxActive()),
                number(options, "maxQueued", defaults.maxQueued()),
                wide(options, "keyValueBytes", defaults.keyValueBytes()),
                number(options, "prefillChunk", defaults.prefillChunk()));
    }

    private static DraftOptions drafting(Map<String, ?> options) {
        DraftOptions read = parsed(options);
        for (String name : DRAFTING.keySet()) {
            if (options.get("drafter") == null && options.get(name) != null) {
                throw new IllegalArgumentException(
                        "option %s: expected the option drafter beside it, found none"
                                .formatted(name));
            }
        }
        return read;
    }

    private static DraftOptions parsed(Map<String, ?> options) {
        return named(
                name -> option(DRAFTING, name),
                () -> DraftOptions.parse(name -> text(options, option(DRAFTING, name))));
    }

    private static BlockOptions blocks(Map<String, ?> options) {
        return named(
                name -> option(BLOCKS, name),
                () -> BlockOptions.parse(name -> text(options, option(BLOCKS, name))));
    }

    private static @Nullable String text(Map<String, ?> options, String name) {
        Object value = options.get(name);
        return value == null ? null : value.toString();
    }

    private static CacheOptions cache(Map<String, ?> options, CacheOptions defaults) {
        Object file = options.get("prefixCacheFile");
        return named(
                name -> "prefixCacheBytes",
                () ->
                        new CacheOptions(
                                wide(options, "prefixCacheBytes", defaults.bytes()),
                                file == null ? null : Path.of(file.toString())));
    }

    /** Several passes, gates or texts are separated by semicolons. */
    private static Plan plan(Map<String, ?> options) {
        return named(
                name -> option(PLAN, name),
                () ->
                        PlanOptions.parse(
                                name -> {
                                    Object value = options.get(option(PLAN, name));
                                    return value == null
                                            ? List.of()
                                            : Arrays.stream(value.toString().split(";"))
                                                    .map(String::strip)
                                                    .filter(text -> !text.isEmpty())
                                                    .toList();
                                }));
    }

    private static @Nullable Path directory(Map<String, ?> options) {
        Object directory = options.get("cacheDirectory");
        return directory == null ? null : Path.of(directory.toString());
    }

    private static Map<String, String> draftNames(String... names) {
        Map<String, String> result = new LinkedHashMap<>();
        result.put("drafter", "drafter");
        for (String name : names) {
            StringBuilder option = new StringBuilder(DRAFT);
            for (String word : name.split("-")) {
                option.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
            }
            result.put(option.toString(), name);
        }
        return result;
    }

    private static String option(Map<String, String> names, String indexed) {
        String name = indexed.replaceFirst("\\[\\d+]$", "");
        return names.entrySet().stream()
                .filter(entry -> entry.getValue().equals(name))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(name);
    }

    /** Errors of records begin with the name of a component: users know the option's. */
    private static <T> T named(UnaryOperator<String> option, Supplier<T> read) {
        try {
            return read.get();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            int colon = message.indexOf(':');
            if (colon < 0 || message.startsWith("option ")) {
                throw e;
            }
            String name = option.apply(message.substring(0, colon));
            throw new IllegalArgumentException(
                    "option " + name + message.substring(colon), e.getCause());
        }
    }

    private static <E extends Enum<E>> E constant(Map<String, ?> options, String name, E absent) {
        Object value = options.get(name);
        if (value == null) {
            return absent;
        }
        Class<E> type = absent.getDeclaringClass();
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equalsIgnoreCase(value.toString())) {
                return constant;
            }
        }
        throw new IllegalArgumentException(
                "option %s: expected one of %s, found %s"
                        .formatted(
                                name,
                                Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT),
                                value));
    }

    private static int number(Map<String, ?> options, String name, int absent) {
        long value = wide(options, name, absent);
        if (value != (int) value) {
            throw new IllegalArgumentException(
                    "option %s: expected a number below 2^31, found %d".formatted(name, value));
        }
        return (int) value;
    }

    private static long wide(Map<String, ?> options, String name, long absent) {
        @Nullable Object value = options.get(name);
        try {
            return value == null ? absent : Long.parseLong(value.toString());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "option %s: expected a whole number, found %s".formatted(name, value), e);
        }
    }
}
