package dev.slipstream.decode.block;

import dev.slipstream.decode.Tokenizer;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How long blocks are, said before the model is open whose tokenizer knows the delimiters.
 *
 * <p>As text: {@code fixed}, or {@code adablock} with settings by commas behind a colon, such as
 * {@code adablock:usual=8,threshold=0.3,delimiters=newline|period,window=released}; {@code
 * toString} is the text.
 */
public sealed interface BorderRule {
    /** Blocks of one length: the most places that are allowed. */
    BorderRule FIXED = new Fixed();

    /**
     * Returns the rule for a model.
     *
     * @param tokenizer of the model
     * @throws IllegalArgumentException if it has no token for a delimiter
     */
    BlockBorders open(Tokenizer tokenizer);

    /**
     * Returns what a text says.
     *
     * @param text see above; settings that are left out are as in {@link AtDelimiters#USUAL}
     * @throws IllegalArgumentException if it is no rule, or a setting is unknown or wrong
     */
    static BorderRule parse(String text) {
        String[] parts = text.strip().split(":", 2);
        String settings = parts.length == 2 ? parts[1] : "";
        return switch (parts[0].strip()) {
            case "fixed" -> {
                Settings.parse("fixed", settings).checkNoneLeft();
                yield FIXED;
            }
            case "adablock" -> AtDelimiters.read(settings);
            default ->
                    throw new IllegalArgumentException(
                            "expected fixed, or adablock with settings such as adablock:usual=8,threshold=0.3,delimiters=newline|period, found '%s'"
                                    .formatted(text));
        };
    }

    /** Blocks of one length. */
    record Fixed() implements BorderRule {
        @Override
        public BlockBorders open(Tokenizer tokenizer) {
            return new FixedBlocks(Integer.MAX_VALUE);
        }

        @Override
        public String toString() {
            return "fixed";
        }
    }

    /**
     * Blocks that end where the text's meaning does: {@link AdaBlock}.
     *
     * @param usual places of a block without a delimiter that the model is sure of, 1 or more
     * @param threshold probability from which on a delimiter ends a block, 0 or more
     * @param delimiters one at least
     * @param window how far ahead they are looked for
     */
    record AtDelimiters(int usual, double threshold, Set<Delimiter> delimiters, WindowRule window)
            implements BorderRule {
        /** Lines, in blocks of 8 places where there are none. */
        public static final AtDelimiters USUAL =
                new AtDelimiters(8, 0.3, Set.of(Delimiter.NEWLINE), WindowRule.RELEASED);

        /** Checks the ranges and copies the delimiters. */
        public AtDelimiters {
            if (usual < 1) {
                throw new IllegalArgumentException(
                        "usual: expected 1 or more places, found " + usual);
            }
            if (!(threshold >= 0)) {
                throw new IllegalArgumentException(
                        "threshold: expected 0 or more, found " + threshold);
            }
            if (delimiters.isEmpty()) {
                throw new IllegalArgumentException(
                        "delimiters: expected one at least, found none; take blocks of one length instead");
            }
            delimiters = Set.copyOf(delimiters);
        }

        private static AtDelimiters read(String text) {
            Settings settings = Settings.parse("adablock", text);
            AtDelimiters result =
                    new AtDelimiters(
                            settings.take("usual", USUAL.usual, Integer::valueOf),
                            settings.take("threshold", USUAL.threshold, Double::valueOf),
                            settings.take("delimiters", USUAL.delimiters, AtDelimiters::delimiters),
                            settings.take("window", USUAL.window, WindowRule.class));
            settings.checkNoneLeft();
            return result;
        }

        private static Set<Delimiter> delimiters(String text) {
            return Arrays.stream(text.split("\\|", -1))
                    .map(name -> Settings.constant("delimiters", name.strip(), Delimiter.class))
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(Delimiter.class)));
        }

        @Override
        public BlockBorders open(Tokenizer tokenizer) {
            Set<String> texts =
                    delimiters.stream().map(Delimiter::text).collect(Collectors.toSet());
            return new AdaBlock(usual, Delimiters.of(tokenizer, texts), threshold, window);
        }

        @Override
        public String toString() {
            return "adablock:usual=%d,threshold=%s,delimiters=%s,window=%s"
                    .formatted(
                            usual,
                            threshold,
                            delimiters.stream()
                                    .sorted()
                                    .map(Settings::name)
                                    .collect(Collectors.joining("|")),
                            Settings.name(window));
        }
    }
}
