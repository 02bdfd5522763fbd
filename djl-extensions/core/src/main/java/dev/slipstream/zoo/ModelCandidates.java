package dev.slipstream.zoo;

import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.evaluate.Candidate;
import dev.slipstream.evaluate.CandidateOpener;
import dev.slipstream.evaluate.Footprint;
import dev.slipstream.evaluate.OpenCandidate;
import dev.slipstream.evaluate.OpenEncoder;
import dev.slipstream.evaluate.ResidentMemory;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.PassException;
import dev.slipstream.pass.PipelineProgress;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.store.WarmStart;

/**
 * Opens one model in the forms that are to be measured. Nothing is written to disk: each time the
 * passes work on the model's own graph.
 */
public final class ModelCandidates implements CandidateOpener {
    private final String location;
    private final LoadOptions options;
    private final LanguageModel original;
    private final Calibration calibration;

    /**
     * Constructs an opener.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     * @param options how to open it, without a plan; weights end in its precision unless a
     *     candidate says otherwise
     * @param original the same model, open; lends its tokenizer to all candidates
     * @param calibration text for passes that look at one
     * @throws PassException if the options have prefill weights, which candidates do not get
     */
    public ModelCandidates(
            String location, LoadOptions options, LanguageModel original, Calibration calibration) {
        if (options.prefill().weights() != PrefillWeights.SAME) {
            throw new PassException(
                    "%s: expected no prefill weights while candidates are compared, found %s; choose a plan without them, then evaluate it with them"
                            .formatted(location, options.prefill().weights()));
        }
        this.location = location;
        this.options = options;
        this.original = original;
        this.calibration = calibration;
    }

    /**
     * Opens a model as it is.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     * @param options how to open it
     */
    public static OpenCandidate original(String location, LoadOptions options) {
        // From its files: what is mapped from where it was kept looks smaller than candidates.
        LoadOptions anew = options.withWarmStart(WarmStart.OFF);
        Long before = ResidentMemory.now();
        ModelOpener.Opened opened =
                new ModelOpener(anew).open(ModelSource.find(location, options.precision()));
        return new OpenCandidate(
                opened.model(),
                EffortRequest.NONE,
                new Footprint(
                        Footprint.storedBytes(opened.graph().get()),
                        ResidentMemory.growthSince(before)),
                opened.model()::close);
    }

    /**
     * Opens a sentence encoder.
     *
     * @param location the directory or the ONNX file of one
     * @param options how to open it
     * @param plan applied before; {@link Plan#NONE} for the encoder as it is
     */
    public static OpenEncoder encoder(String location, EncoderOptions options, Plan plan) {
        Long before = ResidentMemory.now();
        OnnxModel graph =
                plan.isEmpty()
                        ? Models.encoderGraph(location)
                        : Models.accelerateEncoder(location, options, plan, pass -> {}).graph();
        SentenceEncoder encoder = Models.encoder(graph, location, options);
        return new OpenEncoder(
                encoder,
                new Footprint(Footprint.storedBytes(graph), ResidentMemory.growthSince(before)));
    }

    @Override
    public OpenCandidate open(Candidate candidate, PipelineProgress progress) {
        Long before = ResidentMemory.now();
        LoadOptions planned =
                options.withPlan(new Plan(candidate.passes(), candidate.gates(), null));
        ModelSource source = ModelSource.find(location, options.precision());
        OnnxModel graph =
                new Accelerator(planned)
                        .plan(source)
                        .pipeline()
                        .apply(SourceGraph.read(source, planned).graph(), calibration, progress)
                        .graph();
        // Before the model is open: nothing that fails later would close it.
        long stored = Footprint.storedBytes(graph);
        DecoderModel decoder =
                DecoderModel.open(graph, original.decoder().contextLength(), runtime());
        return new OpenCandidate(
                new LanguageModel(
                        original.name(),
                        decoder,
                        original.tokenizer(),
                        original.template(),
                        original.defaults(),
                        original.beginToken(),
                        original.endTokens()),
                candidate.request(),
                new Footprint(stored, ResidentMemory.growthSince(before)),
                decoder::close);
    }

    private RuntimeOptions runtime() {
        int threads = options.threads() == 0 ? RuntimeOptions.defaultThreads() : options.threads();
        return new RuntimeOptions(threads, options.spinning(), 1).withDevice(options.device());
    }
}
