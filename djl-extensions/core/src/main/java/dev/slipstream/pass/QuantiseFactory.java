package dev.slipstream.pass;

import dev.slipstream.checkpoint.Precision;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes {@link QuantisePass}es. Parameters:
 *
 * <ul>
 *   <li>{@code weights}: {@code int8} (default) or {@code int4}
 *   <li>{@code method}: how int4 is rounded, {@code rtn} (default) or {@code gptq}
 *   <li>{@code keep}: parts that stay floats, such as {@code (attention.0,embedding)}
 *   <li>{@code int8}: parts that are int8 where the others are int4
 *   <li>{@code int8-share}: or the share of the weights that may be int8, 0 to 1; the parts that
 *       int4 hurts most get it
 *   <li>{@code cache}: {@code fp32} (default) or {@code int8} keys and values
 * </ul>
 */
public final class QuantiseFactory implements PassFactory {
    /** What matrices can be stored as, as plans say it. */
    private enum Weights {
        INT8(Precision.INT8),
        INT4(Precision.INT4);

        private final Precision precision;

        Weights(Precision precision) {
            this.precision = precision;
        }
    }

    private static final String PARTS =
            "names such as attention.0 or embedding, separated by commas";

    /** Constructs it; called by the service loader. */
    public QuantiseFactory() {}

    @Override
    public String name() {
        return "quantise";
    }

    @Override
    public String description() {
        return "stores matrices as 8-bit or 4-bit integers";
    }

    @Override
    public Pass create(Parameters parameters) {
        Precision weights = parameters.constant("weights", Weights.INT8).precision;
        QuantisePass.Method method = parameters.constant("method", QuantisePass.Method.RTN);
        List<String> keep = names(parameters.text("keep", PARTS));
        List<String> int8 = names(parameters.text("int8", PARTS));
        QuantisePass.Cache cache = parameters.constant("cache", QuantisePass.Cache.FP32);
        double share = parameters.number("int8-share", 0, 0, 1);
        if (weights == Precision.INT8) {
            for (String name : List.of("method", "int8", "int8-share")) {
                String value = parameters.spec().parameters().get(name);
                if (value != null && !value.equals("rtn")) {
                    throw parameters.wrong(name, "it together with weights=int4 alone", value);
                }
            }
        }
        if (!int8.isEmpty() && share > 0) {
            throw parameters.wrong(
                    "int8-share", "either a share or the names of the int8 parts", "both");
        }
        return new QuantisePass(parameters.spec(), weights, method, keep, int8, share, cache);
    }

    private static List<String> names(@Nullable String list) {
        return list == null
                ? List.of()
                : List.of(list.split(",")).stream().map(String::strip).toList();
    }
}
