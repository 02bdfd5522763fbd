package dev.slipstream.pass;

import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.oracle.RandomModel;
import dev.slipstream.runtime.GraphProbe;
import dev.slipstream.runtime.RuntimeOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Random decoders of a few layers, and sets of their sub-layers. */
final class TinyDecoders {
    static final int CONTEXT = 128;

    private TinyDecoders() {}

    static RandomModel random(String architecture, long seed, int layers) {
        return new RandomModel(architecture, seed)
                .with("num_hidden_layers", "" + layers)
                .with("hidden_size", "64")
                .with("intermediate_size", "96")
                .with("num_attention_heads", "4")
                .with("num_key_value_heads", "2")
                .with("head_dim", "16")
                .with("vocab_size", "90");
    }

    static OnnxModel built(Path directory, Precision precision) {
        ModelFiles files = ModelFiles.of(directory);
        return DecoderGraphs.write(
                "tested", DecoderConfig.read(files), SafeTensors.read(files), precision, CONTEXT);
    }

    static List<SubLayerName> names(int layers) {
        List<SubLayerName> names = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            names.add(attention(i));
            names.add(feedForward(i));
        }
        return names;
    }

    static SubLayerName attention(int layer) {
        return new SubLayerName(SubLayer.Kind.ATTENTION, layer);
    }

    static SubLayerName feedForward(int layer) {
        return new SubLayerName(SubLayer.Kind.FEED_FORWARD, layer);
    }

    /** Returns each alone, and five random sets that leave an attention. */
    static List<Set<SubLayerName>> removals(int layers, Random random) {
        List<Set<SubLayerName>> removals = new ArrayList<>();
        names(layers).forEach(name -> removals.add(Set.of(name)));
        while (removals.size() < 2 * layers + 5) {
            Set<SubLayerName> set = new HashSet<>(names(layers));
            set.removeIf(name -> random.nextBoolean());
            if (set.size() > 1 && attentions(set) < layers) {
                removals.add(set);
            }
        }
        return removals;
    }

    static long attentions(Collection<SubLayerName> names) {
        return names.stream().filter(n -> n.kind() == SubLayer.Kind.ATTENTION).count();
    }

    /** Returns all floats of a value. */
    static float[] floats(OnnxModel graph, String value, int[] tokens, Map<String, float[]> extra) {
        try (GraphProbe probe = GraphProbe.open(graph, List.of(value), RuntimeOptions.defaults())) {
            return probe.run(
                    tokens,
                    extra,
                    values -> {
                        float[] copy = new float[values.get(value).floats().limit()];
                        values.get(value).floats().get(0, copy);
                        return copy;
                    });
        }
    }
}
