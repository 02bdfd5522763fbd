package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import java.util.Arrays;

/** Plain English, as long as it is asked for. */
final class SampleText {
    private static final String STORY =
            """
            Once upon a time, in a small house at the edge of a dark wood, there lived a girl who \
            could not sleep. Every night she heard the river talk to the stones, and every night \
            it said the same thing: "Come and see, come and see." One evening, when the moon was \
            as round as a plate, she put on her coat, took a lamp and three apples, and went out. \
            The path was narrow. An old owl sat on a branch and asked her where she was going. "To \
            the river," she said, "for it has been calling me since the spring." The owl thought \
            about this for a long while. "Then take care of the bridge," he said at last. "It has \
            forty-two planks, and the last one is loose."
            """;

    private SampleText() {}

    /** Returns the first characters of a text that repeats itself. */
    static String characters(int count) {
        return STORY.repeat(count / STORY.length() + 1).substring(0, count);
    }

    /**
     * Returns the first tokens of the text.
     *
     * @param count at most as many as the model's context holds
     */
    static int[] tokens(LanguageModel model, int count) {
        int most = model.decoder().contextLength();
        if (count > most) {
            throw new IllegalArgumentException(
                    "expected at most the %d tokens that %s reads, found parameters that make %d; take smaller ones"
                            .formatted(most, model.name(), count));
        }
        int characters = STORY.length();
        int[] tokens = encode(model, characters);
        while (tokens.length < count) {
            characters *= 2;
            tokens = encode(model, characters);
        }
        return Arrays.copyOf(tokens, count);
    }

    private static int[] encode(LanguageModel model, int characters) {
        return model.tokenizer().encode(characters(characters), Tokenizer.SpecialTokens.AS_WRITTEN);
    }
}
