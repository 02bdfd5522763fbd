package dev.slipstream.samples.cli;

import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.Device;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.store.WarmStart;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.EncoderOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.PrefillOptions;
import dev.slipstream.zoo.PrefillWeights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say which model is opened, and how. */
final class ModelOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    private int contextLength;
    private int threads;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "M",
            description =
                    "A model directory, an ONNX file, or the name of an embedded model (see the"
                            + " command 'models'). Default: the first embedded model.")
    private @Nullable String model;

    @Option(
            names = "--weights",
            paramLabel = "PRECISION",
            description =
                    "How weights of a checkpoint are stored, behind all passes: ${COMPLETION-CANDIDATES}, in"
                            + " any case. ONNX files are opened as they are. Default: int8.")
    private Precision weights = Precision.INT8;

    @Option(
            names = "--prefill-weights",
            paramLabel = "same|int8",
            description =
                    "What runs of many tokens use, such as the reading of a prompt: the same weights,"
                            + " or bytes beside them, which take memory and are faster there."
                            + " Default: same.")
    private PrefillWeights prefillWeights = PrefillWeights.SAME;

    @Option(
            names = "--prefill-threshold",
            paramLabel = "N",
            description =
                    "New tokens of a run from which on it uses the prefill weights. Default:"
                            + " measured when the model is loaded.")
    private int prefillThreshold;

    @Option(
            names = "--context-length",
            paramLabel = "N",
            description =
                    "The most tokens of prompt and answer, or of an encoder's text. Default: the"
                            + " model's own, at most 4096.")
    private void contextLength(int value) {
        contextLength = atLeastZero("--context-length", value);
    }

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of one run of the model. Default: half of the processors.")
    private void threads(int value) {
        threads = atLeastZero("--threads", value);
    }

    @Option(
            names = "--spinning",
            paramLabel = "off|brief|on",
            description =
                    "What waiting threads do: sleep, burn their processor for some tens of"
                            + " microseconds before that, or burn it all the while, which pays only"
                            + " on a machine that does nothing else. Default: brief.")
    private Spinning spinning = Spinning.BRIEF;

    @Option(
            names = "--device",
            paramLabel = "cpu|gpu|auto",
            description =
                    "Where the model runs: on the processor, on an NVIDIA GPU (with ONNX Runtime's"
                            + " jar for GPUs), or on the GPU if there is one. Default: cpu.")
    private Device device = Device.CPU;

    @Option(
            names = "--no-warm-start",
            description =
                    "Make the model anew from its files, and keep nothing of it on disk for the next"
                            + " start.")
    private boolean noWarmStart;

    @Mixin private PlanFlags plan = new PlanFlags();

    /** Returns the model's name or path, checked to be there. */
    String location(Library library) {
        List<String> embedded = library.embedded().get();
        if (model == null) {
            if (embedded.isEmpty()) {
                throw new IllegalStateException(
                        "no model is embedded in this jar; name a model directory or an ONNX file"
                                + " with --model");
            }
            return embedded.get(0);
        }
        return located(library, "--model", model);
    }

    /** Returns the name or path that an option gives of some model, checked to be there. */
    String located(Library library, String option, String place) {
        List<String> embedded = library.embedded().get();
        if (!embedded.contains(place) && !Files.exists(Path.of(place))) {
            throw new IllegalArgumentException(
                    "%s: expected a directory, an ONNX file or one of the embedded models %s,"
                                    .formatted(option, String.join(", ", embedded))
                            + " found nothing at "
                            + Path.of(place).toAbsolutePath());
        }
        return place;
    }

    Precision weights() {
        return weights;
    }

    /** Returns how to open the model, for one request at a time. */
    LoadOptions loading() {
        LoadOptions defaults = LoadOptions.defaults();
        return defaults.withWarmStart(noWarmStart ? WarmStart.OFF : defaults.warmStart())
                .withPrecision(weights)
                .withPrefill(prefill())
                .withContextLength(contextLength)
                .withThreads(threads)
                .withSpinning(spinning)
                .withDevice(device)
                .withRequests(1, 0)
                .withCache(CacheOptions.NONE)
                .withPlan(plan.plan());
    }

    private PrefillOptions prefill() {
        try {
            return new PrefillOptions(prefillWeights, prefillThreshold);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--prefill-" + e.getMessage(), e);
        }
    }

    /** Returns how to open the model to measure it: with one thread unless asked otherwise. */
    LoadOptions measured() {
        return loading().withThreads(threads == 0 ? 1 : threads);
    }

    /** Returns how to open the model if it is a sentence encoder. */
    EncoderOptions encoding(@Nullable Pooling pooling) {
        return new EncoderOptions(pooling, contextLength, threads, spinning, device);
    }

    /** Returns how to open an encoder to measure it: with one thread unless asked otherwise. */
    EncoderOptions measuredEncoding(@Nullable Pooling pooling) {
        return encoding(pooling).withThreads(threads == 0 ? 1 : threads);
    }

    /** Returns what the flags say of passes, gates and their text. */
    Plan plan() {
        return plan.plan();
    }

    private int atLeastZero(String option, int value) {
        if (value < 0) {
            throw new ParameterException(
                    command.commandLine(), option + ": expected 0 or more, found " + value);
        }
        return value;
    }
}
