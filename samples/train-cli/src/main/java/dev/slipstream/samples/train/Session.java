package dev.slipstream.samples.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.DecoderDirectory;
import dev.slipstream.blocks.train.Recipe;
import dev.slipstream.blocks.train.TokenText;
import dev.slipstream.blocks.train.Training;
import dev.slipstream.blocks.train.TrainingOptions;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.decode.Tokenizer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/** One training from the files to the files. */
final class Session {
    private final RunOptions options;
    private final PrintStream err;
    private final boolean bars;

    Session(RunOptions options, PrintStream err, boolean bars) {
        this.options = options;
        this.err = err;
        this.bars = bars;
    }

    /** Trains a model and writes what came of it. */
    Path train(ModelFiles origin, Recipe recipe) throws IOException {
        TrainingOptions training = options.training();
        try (NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
                DecoderBlock decoder = DecoderBlock.load(manager, origin);
                Tokenizer tokenizer = new Tokenizer(origin.text("tokenizer.json"))) {
            Integer begin = decoder.config().beginToken();
            int[] text = TokenText.read(options.text(), tokenizer, begin == null ? 0 : begin);
            int[] measured =
                    TokenText.read(options.validation(), tokenizer, begin == null ? 0 : begin);
            err.printf("%,d tokens to train on, %,d to measure on%n", text.length, measured.length);
            try (Training run =
                    new Training(decoder, recipe, training, text, measured, options.out())) {
                int done = options.resume() ? run.resume() : 0;
                try (ProgressLines lines =
                        new ProgressLines(err, bars, done, training.steps(), System::nanoTime)) {
                    run.run(lines);
                }
            }
            Path model = options.out().resolve("model");
            DecoderDirectory.write(model, decoder, origin, recipe.configuration(), options.store());
            return model;
        }
    }
}
