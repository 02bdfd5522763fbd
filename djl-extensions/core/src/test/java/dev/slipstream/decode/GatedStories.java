package dev.slipstream.decode;

import dev.slipstream.checkpoint.Llama2c;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.GateNotes;
import dev.slipstream.runtime.GatedGraphs;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** The smallest embedded model with gates. */
public final class GatedStories {
    /** Threshold, count and warm-up at which some feed-forwards of most stories go. */
    public static final GateNotes.Skips SKIPS =
            new GateNotes.Skips(List.of(1, 2, 3), new Effort.Skipping(0.85, 1, true), 3);

    private static final Path MODEL =
            Path.of("../models/src/main/resources/META-INF/slipstream/models/stories260k");
    private static final int CONTEXT = 256;

    private GatedStories() {}

    /** Where gates are. */
    public enum Gates {
        NONE(story -> GatedGraphs.plain(story.config(), story.weights(), CONTEXT)),
        SWITCHED(
                story ->
                        GatedGraphs.switched(
                                story.config(), story.weights(), CONTEXT, Set.of(2, 3))),
        ELASTIC(
                story ->
                        GatedGraphs.elastic(
                                story.config(), story.weights(), CONTEXT, List.of(64, 128, 172))),
        SKIPPING(story -> GatedGraphs.skipping(story.config(), story.weights(), CONTEXT, SKIPS)),
        ELASTIC_SKIPPING(
                story ->
                        GatedGraphs.elasticSkipping(
                                story.config(),
                                story.weights(),
                                CONTEXT,
                                List.of(64, 128, 172),
                                SKIPS));

        private final Function<Llama2c, OnnxModel> graph;

        Gates(Function<Llama2c, OnnxModel> graph) {
            this.graph = graph;
        }
    }

    /** Opens the model, in one thread. */
    public static LanguageModel open(Gates gates) throws IOException {
        Llama2c story = Llama2c.read(ModelFiles.of(MODEL));
        DecoderModel decoder =
                DecoderModel.open(
                        gates.graph.apply(story), CONTEXT, new RuntimeOptions(1, Spinning.OFF, 2));
        return new LanguageModel(
                "gated stories",
                decoder,
                new Tokenizer(story.tokenizerJson()),
                null,
                GenerationOptions.greedy(),
                story.config().beginToken(),
                story.config().endTokens());
    }
}
