package dev.slipstream.samples.cli;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Prompts for a first measurement without any file. */
final class BuiltinPrompts {
    /** Beginnings of stories, what the embedded models were trained for. */
    static final String STORIES = "builtin";

    /** Texts that repeat themselves: what copying drafters are for. */
    static final String REPEAT = "builtin:repeat";

    /**
     * Words in random order, where nothing of the prompt helps; the worst case if tokens are drawn.
     */
    static final String RANDOM = "builtin:random";

    private static final List<String> BEGINNINGS =
            List.of(
                    "Once upon a time there was a little girl who lived at the edge of the wood",
                    "The old king looked out of his window and saw that the sea was gone.",
                    "\"Who is there?\" asked the hen, and nobody answered, so she asked again.",
                    "One morning Tom found a small door behind the stove. He opened it and",
                    "Far in the north, where the snow never melts, two brothers kept a lamp.",
                    "The cat was sure that the moon was made of milk, and so one night she");

    private static final List<String> REFRAINS =
            List.of(
                    "The mill went round and the water ran down. The miller sang, and the mill went"
                            + " round again. ",
                    "Ten little birds sat on the wall. One flew away, and the others called. ",
                    "Knock, knock, said the bear. Come in, said the hare. Sit down, said the fox,"
                            + " and they all sat there. ",
                    "Up the hill went the boy with the drum. Down the hill came the echo: tum, tum,"
                            + " tum. ");

    private static final String WORDS =
            "apple river stone window under seven paint cloud basket never horse ladder quiet"
                    + " blue over candle yellow mountain spoon after garden sleep iron tower"
                    + " between paper winter fish hammer sudden bridge laugh cotton north mirror"
                    + " bread shadow many whistle ocean carpet above finger storm button early"
                    + " feather rope salt village behind copper dance square needle often smoke"
                    + " island pocket heavy glass";

    private static final int REPEATS = 4;
    private static final int RANDOM_PROMPTS = 4;

    private BuiltinPrompts() {}

    static List<String> names() {
        return List.of(STORIES, REPEAT, RANDOM);
    }

    static PromptSet set(String name) {
        return new PromptSet(
                name,
                PromptSet.Form.PROMPTS,
                switch (name) {
                    case STORIES -> BEGINNINGS;
                    case REPEAT -> REFRAINS.stream().map(BuiltinPrompts::repeated).toList();
                    case RANDOM -> random();
                    default -> throw new IllegalArgumentException("no set of prompts: " + name);
                });
    }

    /** Ends in the middle, so that the way on is known. */
    private static String repeated(String refrain) {
        String begun = refrain.substring(0, refrain.indexOf(' ', refrain.length() / 3));
        return refrain.repeat(REPEATS) + begun;
    }

    private static List<String> random() {
        Random random = new Random(1);
        List<String> words = new ArrayList<>(List.of(WORDS.split(" ")));
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < RANDOM_PROMPTS; i++) {
            Collections.shuffle(words, random);
            prompts.add(String.join(" ", words));
        }
        return prompts;
    }
}
