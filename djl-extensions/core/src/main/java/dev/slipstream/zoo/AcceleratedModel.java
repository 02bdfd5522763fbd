package dev.slipstream.zoo;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.PassReport;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.pass.PipelineProgress;
import dev.slipstream.pass.Plan;
import java.util.List;

/** What a plan made of a model; {@link ModelDirectory} writes it. */
public final class AcceleratedModel {
    private final String location;
    private final ModelSource source;
    private final SourceGraph read;
    private final Precision precision;
    private final Plan plan;
    private final Pipeline.Result result;

    private AcceleratedModel(
            String location,
            ModelSource source,
            SourceGraph read,
            Precision precision,
            Plan plan,
            Pipeline.Result result) {
        this.location = location;
        this.source = source;
        this.read = read;
        this.precision = precision;
        this.plan = plan;
        this.result = result;
    }

    static AcceleratedModel make(String location, LoadOptions options, PipelineProgress progress) {
        ModelSource source = ModelSource.find(location, options.precision());
        SourceGraph read = SourceGraph.read(source, options.withDrafting(DraftOptions.NONE));
        Accelerator accelerator = new Accelerator(options);
        Plan plan = accelerator.plan(source).pinned();
        try (Tokenizer tokenizer = SourceTexts.tokenizer(source)) {
            Pipeline.Result result = accelerator.make(source, read, tokenizer, progress);
            return new AcceleratedModel(location, source, read, options.precision(), plan, result);
        }
    }

    /** Returns the model's name or place, as it was asked for. */
    public String location() {
        return location;
    }

    /** Returns the precision that was asked for. */
    public Precision precision() {
        return precision;
    }

    /** Returns the whole plan, the packing of the weights and the text's hash included. */
    public Plan plan() {
        return plan;
    }

    /** Returns the graph before; weights of a checkpoint are 32-bit floats in it. */
    public OnnxModel original() {
        return read.graph();
    }

    /** Returns the graph that came out. */
    public OnnxModel graph() {
        return result.graph();
    }

    /** Returns what the passes report, in order. */
    public List<PassReport> reports() {
        return result.reports();
    }

    ModelSource source() {
        return source;
    }

    SourceGraph read() {
        return read;
    }
}
