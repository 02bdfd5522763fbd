package dev.slipstream.zoo;

import dev.slipstream.decode.Tokenizer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.PassException;
import dev.slipstream.pass.PassReport;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.pass.PipelineProgress;
import dev.slipstream.pass.Plan;
import java.util.List;

/** What a plan made of a model; {@link ModelDirectory} writes it. */
public final class AcceleratedModel {
    private final String location;
    private final String name;
    private final Plan plan;
    private final OnnxModel original;
    private final Pipeline.Result result;
    private final AcceleratedFiles files;

    AcceleratedModel(
            String location,
            String name,
            Plan plan,
            OnnxModel original,
            Pipeline.Result result,
            AcceleratedFiles files) {
        this.location = location;
        this.name = name;
        this.plan = plan;
        this.original = original;
        this.result = result;
        this.files = files;
    }

    static AcceleratedModel make(String location, LoadOptions options, PipelineProgress progress) {
        if (options.prefill().weights() != PrefillWeights.SAME) {
            throw new PassException(
                    "%s: expected no prefill weights, which are made when a model is loaded and not written, found %s; say so where the result is loaded"
                            .formatted(location, options.prefill().weights()));
        }
        ModelSource source = ModelSource.find(location, options.precision());
        SourceGraph read = SourceGraph.read(source, options.withDrafting(DraftOptions.NONE));
        Accelerator accelerator = new Accelerator(options);
        Plan plan = accelerator.plan(source).pinned();
        // Before the passes, whose work a damaged file would waste.
        AcceleratedFiles files = DecoderFiles.of(source, read, options.precision());
        try (Tokenizer tokenizer = SourceTexts.tokenizer(source)) {
            return new AcceleratedModel(
                    location,
                    source.name(),
                    plan,
                    read.graph(),
                    accelerator.make(source, read, tokenizer, progress),
                    files);
        }
    }

    /** Returns the model's name or place, as it was asked for. */
    public String location() {
        return location;
    }

    /** Returns the whole plan, the packing of the weights and the text's hash included. */
    public Plan plan() {
        return plan;
    }

    /** Returns the graph before; weights of a checkpoint are 32-bit floats in it. */
    public OnnxModel original() {
        return original;
    }

    /** Returns the graph that came out. */
    public OnnxModel graph() {
        return result.graph();
    }

    /** Returns what the passes report, in order. */
    public List<PassReport> reports() {
        return result.reports();
    }

    String name() {
        return name;
    }

    AcceleratedFiles files() {
        return files;
    }
}
