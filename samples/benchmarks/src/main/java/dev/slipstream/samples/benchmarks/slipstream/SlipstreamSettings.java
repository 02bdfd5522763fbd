package dev.slipstream.samples.benchmarks.slipstream;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.runtime.Device;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.samples.benchmarks.peer.PeerArguments;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.PlanOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Reads the options of a child, all of them {@code key=value}:
 *
 * <ul>
 *   <li>{@code weights}: int4, int8 or fp32
 *   <li>{@code requests}: how many are decoded together; 1
 *   <li>{@code spinning}: off, brief or on; brief
 *   <li>{@code prefix-cache}: bytes; 0
 *   <li>{@code drafter}, {@code draft-length} and the other names of {@link DraftOptions#parse}
 *       behind {@code draft-}
 *   <li>{@code plan}, or {@code passes} and {@code gates} (several with semicolons between them),
 *       {@code text}, {@code sequences} and {@code length} as in {@link PlanOptions#parse}
 *   <li>{@code device}: cpu, gpu or auto; cpu
 *   <li>{@code cache-directory}: what is kept from one start to the next
 * </ul>
 */
final class SlipstreamSettings {
    private static final String DRAFT = "draft-";
    private static final Set<String> PLAN =
            Set.of("plan", "passes", "gates", "text", "sequences", "length");
    private static final Set<String> OTHERS =
            Set.of(
                    "weights",
                    "requests",
                    "spinning",
                    "prefix-cache",
                    "drafter",
                    "cache-directory",
                    "device");

    private SlipstreamSettings() {}

    /**
     * Returns how to open the model.
     *
     * @throws IllegalArgumentException if an option is unknown or wrong
     */
    static LoadOptions of(PeerArguments arguments) {
        Map<String, String> options = arguments.options();
        for (String name : options.keySet()) {
            if (!OTHERS.contains(name) && !PLAN.contains(name) && !name.startsWith(DRAFT)) {
                throw new IllegalArgumentException(
                        "expected options "
                                + OTHERS
                                + ", "
                                + PLAN
                                + " or draft-..., found "
                                + name);
            }
        }
        LoadOptions loading =
                LoadOptions.defaults()
                        .withPrecision(upper(Precision.class, arguments.option("weights", "int4")))
                        .withContextLength(arguments.context())
                        .withThreads(arguments.threads())
                        .withSpinning(upper(Spinning.class, arguments.option("spinning", "brief")))
                        .withDevice(upper(Device.class, arguments.option("device", "cpu")))
                        .withRequests(Integer.parseInt(arguments.option("requests", "1")), 0)
                        .withCache(
                                new CacheOptions(
                                        Long.parseLong(arguments.option("prefix-cache", "0")),
                                        null))
                        .withDrafting(
                                DraftOptions.parse(
                                        name ->
                                                options.get(
                                                        name.equals("drafter")
                                                                ? name
                                                                : DRAFT + name)))
                        .withPlan(PlanOptions.parse(name -> list(options, name)));
        String directory = options.get("cache-directory");
        return directory == null ? loading : loading.withCacheDirectory(Path.of(directory));
    }

    private static List<String> list(Map<String, String> options, String name) {
        String value = options.get(name);
        return value == null ? List.of() : List.of(value.split(";"));
    }

    private static <E extends Enum<E>> E upper(Class<E> type, String value) {
        return Enum.valueOf(type, value.toUpperCase(Locale.ROOT));
    }
}
