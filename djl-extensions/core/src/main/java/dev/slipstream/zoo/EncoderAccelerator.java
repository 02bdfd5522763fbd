package dev.slipstream.zoo;

import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.CalibrationText;
import dev.slipstream.pass.PassException;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.pass.PipelineProgress;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.EncoderModel;
import dev.slipstream.runtime.RuntimeOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Does to a sentence encoder's graph what a plan says; passes look at sentences, one a line. */
final class EncoderAccelerator {
    private EncoderAccelerator() {}

    static AcceleratedModel make(
            String location, EncoderOptions options, Plan plan, PipelineProgress progress) {
        if (!plan.gates().isEmpty()) {
            throw new PassException(
                    "%s: expected a plan without gates, as an encoder always runs whole, found %s; name passes that remove instead, such as finercut"
                            .formatted(location, plan.gates()));
        }
        EncoderSource source = EncoderSource.find(location);
        OnnxModel graph = source.graph();
        Pooling pooling = source.pooling(graph, options);
        pooling.note(graph);
        int maxTokens = source.maxTokens(options);
        // Before the passes, whose work a damaged file would waste.
        AcceleratedFiles files = EncoderFiles.of(source, graph, pooling, maxTokens);
        Pipeline.Result result =
                plan.pipeline()
                        .apply(
                                graph,
                                calibration(source, plan.calibration(), maxTokens, options),
                                progress);
        if (!EncoderModel.suits(result.graph())) {
            throw new PassException(
                    "%s: expected passes that leave it an encoder, found %s, behind which it has the inputs %s; these are for decoders"
                            .formatted(
                                    location,
                                    plan.passes(),
                                    result.graph().inputs().stream()
                                            .map(input -> input.getName())
                                            .toList()));
        }
        return new AcceleratedModel(location, source.name(), plan.pinned(), graph, result, files);
    }

    private static @Nullable Calibration calibration(
            EncoderSource source,
            @Nullable CalibrationText text,
            int maxTokens,
            EncoderOptions options) {
        if (text == null) {
            return null;
        }
        int length = Math.min(text.length(), maxTokens);
        RuntimeOptions runtime = options.runtime();
        try (Tokenizer tokenizer = source.openTokenizer()) {
            List<int[]> sequences =
                    text.sentences().stream()
                            .map(line -> SentenceEncoder.tokens(line, tokenizer, length))
                            .toList();
            return new Calibration(sequences, runtime);
        }
    }
}
