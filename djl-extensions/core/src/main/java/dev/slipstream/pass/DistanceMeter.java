package dev.slipstream.pass;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.runtime.GraphProbe;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures how far a model's output moves when sub-layers go, on one open graph.
 *
 * <p>The original's outputs are kept as long as they are small; of large vocabularies those of one
 * sequence alone are held, and computed again in each round: one run more for each sequence, where
 * there are as many as removals to try. 256 tokens of 128,000 logits are 131 MB, ten such sequences
 * would be 1.3 GB.
 */
final class DistanceMeter implements AutoCloseable {
    private static final long MOST_KEPT_BYTES = 256L << 20;

    private final SubLayerMasks masks;
    private final GraphProbe probe;
    private final List<int[]> sequences;
    private final ComparedOutput output;
    private final OutputDistance distance;
    private final StepCount runs;
    private final Map<Integer, OutputRows> kept = new HashMap<>();
    private long keptBytes;

    DistanceMeter(
            OnnxModel graph,
            Collection<SubLayerName> candidates,
            Calibration calibration,
            ComparedOutput output,
            OutputDistance distance,
            StepCount runs) {
        this.masks = SubLayerMasks.of(graph, candidates);
        this.sequences = calibration.sequences();
        this.output = output;
        this.distance = distance;
        this.runs = runs;
        this.probe = GraphProbe.open(masks.graph(), List.of(output.value()), calibration.runtime());
    }

    /**
     * Measures removals, each alone.
     *
     * @param removals sets of sub-layers
     * @return the mean distance from the original over all sequences, of each
     */
    double[] distances(List<? extends Collection<SubLayerName>> removals) {
        double[] sums = new double[removals.size()];
        double weights = 0;
        for (int i = 0; i < sequences.size(); i++) {
            OutputRows original = original(i);
            double weight = distance.weight(original);
            weights += weight;
            for (int j = 0; j < sums.length; j++) {
                sums[j] += weight * distance(i, removals.get(j), original);
                runs.step();
            }
        }
        for (int j = 0; j < sums.length; j++) {
            sums[j] /= weights;
        }
        return sums;
    }

    private OutputRows original(int sequence) {
        OutputRows known = kept.get(sequence);
        if (known != null) {
            return known;
        }
        OutputRows rows =
                probe.run(
                        sequences.get(sequence),
                        Map.of(SubLayerMasks.INPUT, masks.without(List.of())),
                        values -> rows(values).copy());
        if (keptBytes + rows.bytes() <= MOST_KEPT_BYTES) {
            kept.put(sequence, rows);
            keptBytes += rows.bytes();
        }
        return rows;
    }

    private double distance(int sequence, Collection<SubLayerName> removed, OutputRows original) {
        return probe.run(
                sequences.get(sequence),
                Map.of(SubLayerMasks.INPUT, masks.without(removed)),
                values -> distance.of(original, rows(values)));
    }

    private OutputRows rows(Map<String, GraphProbe.Value> values) {
        GraphProbe.Value value = values.get(output.value());
        if (value == null) {
            throw new IllegalStateException("the graph does not show " + output.value());
        }
        return output.rows(value);
    }

    @Override
    public void close() {
        probe.close();
    }
}
