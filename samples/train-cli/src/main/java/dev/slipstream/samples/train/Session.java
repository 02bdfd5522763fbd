package dev.slipstream.samples.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.DecoderDirectory;
import dev.slipstream.blocks.train.LossCurve;
import dev.slipstream.blocks.train.Recipe;
import dev.slipstream.blocks.train.TokenText;
import dev.slipstream.blocks.train.Training;
import dev.slipstream.blocks.train.TrainingOptions;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.decode.Tokenizer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Collections;
import org.jspecify.annotations.Nullable;

/**
 * What a training shows and returns.
 *
 * @param out the result
 * @param err progress and errors
 * @param bars whether {@code err} is a terminal, where a bar may move
 */
record Session(PrintStream out, PrintStream err, boolean bars) {
    /** Trains a model, writes what came of it and names its place. */
    void train(StartOptions start, RunOptions options, Recipe recipe) throws IOException {
        TrainingOptions training = options.training();
        ModelFiles origin = start.files();
        try (NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
                DecoderBlock decoder = start.decoder(manager, training.seed());
                Tokenizer tokenizer = new Tokenizer(origin.text("tokenizer.json"))) {
            err.println(recipe.description());
            Integer begin = begin(decoder.config());
            int[] text = TokenText.read(options.text(), tokenizer, begin);
            int[] measured = TokenText.read(options.validation(), tokenizer, begin);
            err.printf("%,d tokens to train on, %,d to measure on%n", text.length, measured.length);
            try (Training run =
                    new Training(decoder, recipe, training, text, measured, options.out())) {
                int done = options.resume() ? run.resume() : 0;
                try (ProgressLines lines =
                        new ProgressLines(err, bars, done, training.steps(), System::nanoTime)) {
                    run.run(lines);
                }
                LossCurve.write(options.out().resolve("losses.svg"), run.history());
            }
            Path model = options.out().resolve("model");
            DecoderDirectory.write(model, decoder, origin, recipe.configuration(), options.store());
            out.println(model);
        }
    }

    /** The token before a text: the one that begins it, else one that ends the text before. */
    private static @Nullable Integer begin(DecoderConfig config) {
        if (config.beginToken() != null || config.endTokens().isEmpty()) {
            return config.beginToken();
        }
        return Collections.min(config.endTokens());
    }
}
