package dev.slipstream.pass;

import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.graph.OnnxModel;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The widths at which a model's first neurons were trained to be a model of their own. */
final class Granularities {
    private Granularities() {}

    /**
     * Reads them.
     *
     * @return rising; none if the model was not trained so
     * @throws PassException if the model's metadata are damaged
     */
    static List<Integer> of(OnnxModel model) {
        String noted = model.metadata().getOrDefault(DecoderGraphs.GRANULARITIES, "");
        try {
            return Arrays.stream(noted.split(","))
                    .filter(width -> !width.isBlank())
                    .map(width -> Integer.valueOf(width.strip()))
                    .sorted()
                    .toList();
        } catch (NumberFormatException e) {
            throw new PassException(
                    "%s: metadata %s: expected widths separated by commas, found %s"
                            .formatted(model.name(), DecoderGraphs.GRANULARITIES, noted),
                    e);
        }
    }

    /** Writes them, where there are any. */
    static void write(List<Integer> widths, OnnxModel model) {
        model.metadata().remove(DecoderGraphs.GRANULARITIES);
        if (!widths.isEmpty()) {
            model.metadata()
                    .put(
                            DecoderGraphs.GRANULARITIES,
                            widths.stream().map(String::valueOf).collect(Collectors.joining(",")));
        }
    }

    /** Returns an eighth, a quarter, half and all of the neurons, in whole blocks of 32. */
    static List<Integer> usual(int neurons) {
        return IntStream.of(8, 4, 2, 1)
                .map(
                        part ->
                                part == 1
                                        ? neurons
                                        : Math.min(neurons, (neurons / part + 31) / 32 * 32))
                .distinct()
                .boxed()
                .toList();
    }
}
