package dev.slipstream.samples.cli;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.CalibrationText;
import dev.slipstream.runtime.RuntimeOptions;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A text to judge by, and another one for passes to look at while they decide: of one file, the
 * first third is for the passes and the rest for the judge.
 *
 * @param tokens that quality is judged by
 * @param calibration what passes look at
 */
record JudgedText(int[] tokens, Calibration calibration) {
    private static final int PARTS = 3;
    private static final int SEQUENCES = 8;
    private static final int LENGTH = 128;

    /** Tokens of a sequence without those that begin it. */
    private static final int LEAST = 3;

    /**
     * Parts a text, or reads the other one.
     *
     * @param tokens of the text to judge by
     * @param other the text for passes; null takes the first third
     * @param model whose tokens they are
     * @param runtime how passes run the model
     * @throws IllegalArgumentException if there is too little text to be parted
     * @throws dev.slipstream.pass.PassException if there is too little of the other
     */
    static JudgedText of(
            int[] tokens,
            @Nullable CalibrationText other,
            LanguageModel model,
            RuntimeOptions runtime) {
        int[] begin = model.beginToken() == null ? new int[0] : new int[] {model.beginToken()};
        if (other != null) {
            int[] own = model.tokenizer().encode(other.read(), Tokenizer.SpecialTokens.AS_WRITTEN);
            return new JudgedText(
                    tokens,
                    Calibration.cut(own, begin, other.sequences(), other.length(), runtime));
        }
        int least = PARTS * SEQUENCES * LEAST;
        if (tokens.length < least) {
            throw new IllegalArgumentException(
                    "--text: expected %d tokens or more, of which passes look at the first third, found %d; give a longer text, or passes one of their own by --calibration-text"
                            .formatted(least, tokens.length));
        }
        int third = tokens.length / PARTS;
        int length =
                Math.min(
                        LENGTH,
                        Math.min(
                                model.decoder().contextLength(), third / SEQUENCES + begin.length));
        return new JudgedText(
                Arrays.copyOfRange(tokens, third, tokens.length),
                Calibration.cut(Arrays.copyOf(tokens, third), begin, SEQUENCES, length, runtime));
    }
}
