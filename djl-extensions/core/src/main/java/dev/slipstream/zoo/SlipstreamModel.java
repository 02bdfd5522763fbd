package dev.slipstream.zoo;

import ai.djl.BaseModel;
import ai.djl.MalformedModelException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.graph.GraphException;
import dev.slipstream.runtime.InferenceException;
import dev.slipstream.schedule.BatchOptions;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A DJL model whose block generates text; it owns the generator. */
final class SlipstreamModel extends BaseModel {
    private @Nullable TextGenerator generator;

    SlipstreamModel(String name, NDManager manager) {
        super(name);
        this.manager = manager;
        this.dataType = DataType.FLOAT32;
    }

    /**
     * Opens a model.
     *
     * @param path a model directory, an ONNX file, or as a relative path the name of an embedded
     *     model
     * @param prefix not used
     * @param options {@code precision} (fp32, int8, int4), {@code contextLength}, {@code threads},
     *     {@code spinning} (off, on), {@code maxActive}, {@code maxQueued}
     * @throws MalformedModelException if it cannot be opened
     */
    @Override
    public void load(Path path, @Nullable String prefix, @Nullable Map<String, ?> options)
            throws MalformedModelException {
        try {
            TextGenerator opened =
                    Models.load(path.toString(), options(options == null ? Map.of() : options));
            generator = opened;
            modelDir = path;
            block = new GenerationBlock(opened);
            wasLoaded = true;
        } catch (CheckpointException
                | GraphException
                | InferenceException
                | IllegalArgumentException e) {
            throw new MalformedModelException(e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        if (generator != null) {
            generator.close();
        }
        super.close();
    }

    private static LoadOptions options(Map<String, ?> options) {
        LoadOptions defaults = LoadOptions.defaults();
        return new LoadOptions(
                constant(options, "precision", defaults.precision()),
                number(options, "contextLength", defaults.contextLength()),
                number(options, "threads", defaults.threads()),
                constant(options, "spinning", defaults.spinning()),
                batching(options, defaults.batching()),
                drafting(options),
                cache(options, defaults.cache()));
    }

    private static BatchOptions batching(Map<String, ?> options, BatchOptions defaults) {
        return new BatchOptions(
                number(options, "maxActive", defaults.maxActive()),
                number(options, "maxQueued", defaults.maxQueued()),
                wide(options, "keyValueBytes", defaults.keyValueBytes()),
                number(options, "prefillChunk", defaults.prefillChunk()));
    }

    /** {@code drafter}, and the others as {@code draftWidth}, {@code draftMinMatch} and so on. */
    private static DraftOptions drafting(Map<String, ?> options) {
        return DraftOptions.parse(
                name -> {
                    Object value =
                            options.get(name.equals("drafter") ? name : camel("draft-" + name));
                    return value == null ? null : value.toString();
                });
    }

    private static CacheOptions cache(Map<String, ?> options, CacheOptions defaults) {
        Object file = options.get("prefixCacheFile");
        return new CacheOptions(
                wide(options, "prefixCacheBytes", defaults.bytes()),
                file == null ? null : Path.of(file.toString()));
    }

    private static String camel(String name) {
        StringBuilder result = new StringBuilder();
        for (String word : name.split("-")) {
            result.append(
                    result.isEmpty()
                            ? word
                            : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return result.toString();
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
                                java.util.Arrays.toString(type.getEnumConstants())
                                        .toLowerCase(Locale.ROOT),
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
        Object value = options.get(name);
        try {
            return value == null ? absent : Long.parseLong(value.toString());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "option %s: expected a whole number, found %s".formatted(name, value), e);
        }
    }
}
