package dev.slipstream.blocks.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.nn.Parameter;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.DecoderDirectory;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.Floats;
import dev.slipstream.checkpoint.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A run of a recipe: steps, measurements, checkpoints. The same settings and seed give the same
 * losses, but for the last bits of sums, whether the run was interrupted or not. For one thread;
 * and only one run at a time in a process, since DJL collects gradients for one alone.
 */
public final class Training implements AutoCloseable {
    private final DecoderBlock decoder;
    private final Recipe recipe;
    private final TrainingOptions options;
    private final Windows windows;
    private final Validation validation;
    private final Checkpoints checkpoints;
    private final Path directory;
    private final NDManager manager;
    private final AdamW adam;
    private LossHistory history = new LossHistory();
    private int step;
    private boolean resumed;

    /**
     * Prepares a run from its beginning.
     *
     * @param decoder to be trained, in place; belongs to the caller
     * @param recipe what is lessened
     * @param options steps, sizes, rates
     * @param text token ids to train on
     * @param validationText token ids to measure on
     * @param directory where checkpoints are kept
     * @throws IllegalArgumentException if a text is too short or has tokens that the decoder does
     *     not know, sequences are too long for it, or the recipe does not fit it
     */
    public Training(
            DecoderBlock decoder,
            Recipe recipe,
            TrainingOptions options,
            int[] text,
            int[] validationText,
            Path directory) {
        this.decoder = decoder;
        this.recipe = recipe;
        this.options = options;
        this.directory = directory;
        DecoderConfig config = decoder.config();
        if (options.length() > config.contextLength()) {
            throw Check.wrong(
                    "length of a sequence",
                    "at most the model's %d tokens".formatted(config.contextLength()),
                    options.length());
        }
        known("text", text, config);
        known("validation text", validationText, config);
        recipe.check(config, options);
        windows = new Windows(text, options.length(), options.seed());
        int[][] measured =
                Windows.spread(validationText, options.length(), options.validationWindows());
        validation = new Validation(decoder, recipe, measured, options.portion());
        checkpoints = new Checkpoints(directory);
        manager = Engine.getEngine("PyTorch").newBaseManager();
        adam = new AdamW(manager, decoder, options.adam());
        // Steps have leaves of their own.
        decoder.freezeParameters(true);
        decoder.setArithmetic(options.arithmetic());
    }

    private static void known(String name, int[] text, DecoderConfig config) {
        int highest = Arrays.stream(text).max().orElse(0);
        if (highest >= config.vocabularySize()) {
            throw Check.wrong(name, "token ids below " + config.vocabularySize(), highest);
        }
    }

    /**
     * Goes on from the latest checkpoint, if there is one.
     *
     * @return number of steps that it had done, 0 without one
     * @throws IOException if checkpoints cannot be looked for
     * @throws TrainingException if it is of a run with other settings
     */
    public int resume() throws IOException {
        resumed = true;
        Checkpoints.Checkpoint latest = checkpoints.latest();
        if (latest == null) {
            return 0;
        }
        if (!latest.settings().equals(settings())) {
            throw new TrainingException(
                    "checkpoint of step %d: expected the settings it was written with, %s, found %s; give those again, or begin in another directory"
                            .formatted(latest.step(), latest.settings(), settings()));
        }
        arrays().forEach((name, array) -> fill(array, latest.tensors(), name));
        history = latest.history();
        step = latest.step();
        return step;
    }

    private static void fill(NDArray array, Weights tensors, String name) {
        float[] values = new float[Math.toIntExact(array.size())];
        Floats.toFloat32(tensors.tensor(name)).data().asFloatBuffer().get(values);
        // Setting the values themselves would move the array to memory of Java, whose place changes
        // the last bits of products.
        try (NDArray stored = array.getManager().create(values, array.getShape())) {
            array.set(new NDIndex("..."), stored);
        }
    }

    /**
     * Does the steps that are left.
     *
     * @param watch hears of each
     * @throws IOException if a checkpoint cannot be written
     * @throws TrainingException if a loss is no longer a number, or there are checkpoints of an
     *     earlier run that was not resumed
     */
    public void run(TrainingWatch watch) throws IOException {
        if (!resumed && checkpoints.latest() != null) {
            throw new TrainingException(
                    "%s: expected a directory without checkpoints for a new run, found some; resume that run, or begin in another directory"
                            .formatted(directory));
        }
        if (step == 0) {
            validate(watch);
        }
        while (step < options.steps()) {
            watch.stepped(step());
            boolean last = step == options.steps();
            if (last || step % options.validateEvery() == 0) {
                validate(watch);
            }
            if (last || step % options.checkpointEvery() == 0) {
                watch.saved(step, checkpoints.save(step, settings(), arrays(), history));
            }
        }
    }

    private StepReport step() {
        int[][] batch = new int[options.batch()][];
        for (int i = 0; i < batch.length; i++) {
            batch[i] = windows.window((long) step * batch.length + i);
        }
        SplittableRandom random = new SplittableRandom(options.seed() * 1_000_003 + step);
        Objective objective = recipe.objective(step, batch, random);
        double rate = options.rate().at(step, options.steps());
        try (Step passes = Step.run(manager, decoder, objective, batch.length, options.portion())) {
            Map<Parameter, NDArray> gradients = passes.gradients();
            double norm = norm(gradients);
            if (!Double.isFinite(norm)) {
                throw new TrainingException(
                        "step %d: expected finite gradients, found a norm of %s; lower the learning rate, and go on from the checkpoint before"
                                .formatted(step + 1, norm));
            }
            adam.update(gradients, step, rate, Math.min(1, options.adam().clip() / norm));
            step++;
            history.add(step, "", passes.losses());
            int tokens = batch.length * options.length();
            return new StepReport(step, options.steps(), passes.losses(), norm, rate, tokens);
        }
    }

    private static double norm(Map<Parameter, NDArray> gradients) {
        double squares = 0;
        for (NDArray gradient : gradients.values()) {
            try (NDArray square = gradient.square();
                    NDArray sum = square.sum()) {
                squares += sum.getFloat();
            }
        }
        return Math.sqrt(squares);
    }

    private void validate(TrainingWatch watch) {
        Map<String, Double> losses = validation.measure(manager);
        history.add(step, LossHistory.VALIDATION, losses);
        watch.validated(step, losses);
    }

    /** Returns all losses so far, in the order of the steps. */
    public List<LossPoint> history() {
        return history.points();
    }

    private Map<String, NDArray> arrays() {
        return Checkpoints.joined(DecoderDirectory.arrays(decoder), adam.moments());
    }

    private String settings() {
        return options + " " + recipe.description();
    }

    /** Frees the optimiser; the decoder stays with the caller. */
    @Override
    public void close() {
        manager.close();
    }
}
