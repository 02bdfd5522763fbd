package dev.slipstream.pass;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Says of each part of a model which precision it got and what that was decided by. */
final class QuantiseReport {
    private final PassSpec spec;
    private final Map<String, FloatMatrix> floats;
    private final Map<String, FourBits.OutputError> errors = new HashMap<>();
    private final List<String> blind = new ArrayList<>();
    private final Map<String, Double> sensitivity = new LinkedHashMap<>();

    QuantiseReport(PassSpec spec, Map<String, FloatMatrix> floats) {
        this.spec = spec;
        this.floats = floats;
    }

    void errors(FourBits rounded) {
        errors.putAll(rounded.errors());
        blind.addAll(rounded.blind());
    }

    void sensitivity(Map<String, Double> measured) {
        sensitivity.putAll(measured);
    }

    /**
     * Returns the report.
     *
     * @param parts the model's parts
     * @param precisions what each part got
     * @param before the graph that came in
     * @param after the graph that goes out
     */
    PassReport of(
            Map<String, List<FloatMatrix>> parts,
            Map<String, Precision> precisions,
            OnnxModel before,
            OnnxModel after) {
        List<String> lines = new ArrayList<>();
        List<Map<String, Object>> facts = new ArrayList<>();
        parts.forEach(
                (part, matrices) -> {
                    Map<String, Object> fact = fact(part, matrices, precisions.get(part));
                    facts.add(fact);
                    lines.add(line(fact));
                });
        if (!sensitivity.isEmpty()) {
            lines.add("most sensitive to int4 first: " + String.join(", ", ranking()));
        }
        if (!blind.isEmpty()) {
            lines.add(
                    "rounded by their weights alone, as no product outside of a branch reads what they do: "
                            + String.join(", ", blind));
        }
        long bytesBefore = Anatomy.of(before).bytes();
        long bytesAfter = Anatomy.of(after).bytes();
        lines.add(
                String.format(
                        Locale.ROOT, "%,d bytes of weights become %,d", bytesBefore, bytesAfter));
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("parts", facts);
        all.put("ranking", ranking());
        all.put("blind", List.copyOf(blind));
        all.put("matrices", floats.size());
        all.put("bytesBefore", bytesBefore);
        all.put("bytesAfter", bytesAfter);
        return new PassReport(spec, lines, all);
    }

    private Map<String, Object> fact(String part, List<FloatMatrix> matrices, Precision precision) {
        Map<String, Object> fact = new LinkedHashMap<>();
        fact.put("part", part);
        fact.put("weights", MatrixParts.size(matrices));
        fact.put("precision", precision.name().toLowerCase(Locale.ROOT));
        FourBits.OutputError error =
                matrices.stream()
                        .map(FloatMatrix::weight)
                        .filter(errors::containsKey)
                        .map(errors::get)
                        .reduce(new FourBits.OutputError(0, 0, 0), FourBits.OutputError::plus);
        if (error.outputs() > 0) {
            fact.put("errorOfNearest", Math.sqrt(error.nearest() / error.outputs()));
            fact.put("errorOfGptq", Math.sqrt(error.searched() / error.outputs()));
        }
        if (sensitivity.containsKey(part)) {
            fact.put("sensitivity", sensitivity.get(part));
        }
        return fact;
    }

    private static String line(Map<String, Object> fact) {
        StringBuilder line = new StringBuilder();
        line.append(
                String.format(Locale.ROOT, "%-16s %s", fact.get("part"), fact.get("precision")));
        if (fact.containsKey("errorOfGptq")) {
            line.append(
                    String.format(
                            Locale.ROOT,
                            ", int4's output error %.2f %% (to nearest %.2f %%)",
                            100 * (double) fact.get("errorOfGptq"),
                            100 * (double) fact.get("errorOfNearest")));
        }
        if (fact.containsKey("sensitivity")) {
            line.append(
                    String.format(
                            Locale.ROOT,
                            ", int4 alone moves the model by %.5f nats a token",
                            (double) fact.get("sensitivity")));
        }
        return line.toString();
    }

    private List<String> ranking() {
        return sensitivity.entrySet().stream()
                .sorted(
                        Comparator.comparingDouble(
                                (Map.Entry<String, Double> entry) -> -entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
    }
}
