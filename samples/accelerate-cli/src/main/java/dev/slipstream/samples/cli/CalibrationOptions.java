package dev.slipstream.samples.cli;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.pass.Calibration;
import dev.slipstream.runtime.RuntimeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The options that say which text passes look at while they decide. It is never the text that the
 * result is judged by: of one file, the first third is for the passes and the rest for the judge.
 */
final class CalibrationOptions {
    private static final int PARTS = 3;

    @Option(
            names = "--calibration-text",
            paramLabel = "FILE",
            description =
                    "The text that passes look at while they decide. Default: the first third of"
                            + " --text, of which only the rest is judged by then.")
    private @Nullable Path text;

    @Option(
            names = "--calibration-sequences",
            paramLabel = "N",
            description = "Passages of that text that passes look at. Default: 8.")
    private int sequences = 8;

    @Option(
            names = "--calibration-length",
            paramLabel = "N",
            description = "Tokens of each. Default: 128, or what the text and the model allow.")
    private int length = 128;

    /**
     * A text for passes and a text for the judge.
     *
     * @param calibration what passes look at
     * @param judged tokens that quality is judged by
     */
    record Parts(Calibration calibration, int[] judged) {}

    /** Tells whether both texts come from one file. */
    boolean splits() {
        return text == null;
    }

    /** Returns the file that passes look at. */
    Path file(Path judged) {
        return text == null ? judged : text;
    }

    /**
     * Parts the texts.
     *
     * @param tokens of the text that quality is judged by
     * @param model whose tokens they are
     * @param runtime how passes run the model
     */
    Parts split(int[] tokens, LanguageModel model, RuntimeOptions runtime) throws IOException {
        int third = tokens.length / PARTS;
        int[] own =
                text == null
                        ? Arrays.copyOf(tokens, third)
                        : model.tokenizer()
                                .encode(TextFile.read(text), Tokenizer.SpecialTokens.AS_WRITTEN);
        int[] begin = model.beginToken() == null ? new int[0] : new int[] {model.beginToken()};
        int most = Math.min(model.decoder().contextLength(), own.length / sequences + begin.length);
        return new Parts(
                Calibration.cut(own, begin, sequences, Math.min(length, most), runtime),
                text == null ? Arrays.copyOfRange(tokens, third, tokens.length) : tokens);
    }
}
