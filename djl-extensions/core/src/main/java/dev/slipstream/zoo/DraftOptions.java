package dev.slipstream.zoo;

import static dev.slipstream.zoo.OptionTexts.constant;
import static dev.slipstream.zoo.OptionTexts.number;

import dev.slipstream.decode.AcceptanceRule;
import dev.slipstream.decode.draft.CostModelLength;
import dev.slipstream.decode.draft.DraftCache;
import dev.slipstream.decode.draft.DraftLengthRule;
import dev.slipstream.decode.draft.PromptLookup;
import dev.slipstream.decode.draft.diffuse.DiffuSpecOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a model's texts are drafted. The text stays the model's own whatever is chosen here.
 *
 * @param drafter what proposes
 * @param chain for {@link DrafterKind#CHAIN}: the drafters in order; empty takes prompt lookup,
 *     then those that the other options give something to work with
 * @param model for {@link DrafterKind#MODEL} and {@link DrafterKind#DIFFUSPEC}: name or place of
 *     the model that drafts
 * @param corpus for {@link DrafterKind#CORPUS}: a text file or a directory of them; {@link
 *     DrafterKind#DIFFUSPEC} learns from it how texts read
 * @param shortestMatch tokens that must be found again before what followed them is proposed
 * @param width for {@link DrafterKind#SLICE}: neurons of each feed-forward; 0 takes the narrowest
 *     that the model was trained for
 * @param skipped for {@link DrafterKind#LAYER_SKIP}: what is left out
 * @param cache for a model that drafts for itself: where drafts keep keys and values
 * @param diffuspec for {@link DrafterKind#DIFFUSPEC}: how blocks become drafts
 * @param length decides how much is drafted
 * @param acceptance decides which drafted tokens stay
 */
public record DraftOptions(
        DrafterKind drafter,
        List<DrafterKind> chain,
        @Nullable String model,
        @Nullable String corpus,
        int shortestMatch,
        int width,
        SkippedLayers skipped,
        DraftCache cache,
        DiffuSpecOptions diffuspec,
        DraftLengthRule length,
        AcceptanceRule acceptance) {
    /** Plain decoding. */
    public static final DraftOptions NONE = of(DrafterKind.NONE);

    /** Checks what belongs together. */
    public DraftOptions {
        chain = List.copyOf(chain);
        if (shortestMatch < 1) {
            throw new IllegalArgumentException(
                    "shortestMatch: expected 1 or more, found " + shortestMatch);
        }
        if (width < 0) {
            throw new IllegalArgumentException("width: expected 0 or more, found " + width);
        }
        if (chain.contains(DrafterKind.CHAIN) || chain.contains(DrafterKind.NONE)) {
            throw new IllegalArgumentException(
                    "chain: expected drafters other than chain and none, found " + labels(chain));
        }
    }

    /** Returns options for one drafter with everything else at its default. */
    public static DraftOptions of(DrafterKind drafter) {
        return new DraftOptions(
                drafter,
                List.of(),
                null,
                null,
                PromptLookup.SHORTEST_MATCH,
                0,
                SkippedLayers.UNSAID,
                DraftCache.SHARED,
                DiffuSpecOptions.DEFAULT,
                CostModelLength.DEFAULT,
                AcceptanceRule.BY_SEED);
    }

    /** Returns the drafters to open, in order of cost; empty for plain decoding. */
    List<DrafterKind> drafters() {
        if (drafter == DrafterKind.NONE) {
            return List.of();
        }
        if (drafter != DrafterKind.CHAIN) {
            return List.of(drafter);
        }
        if (!chain.isEmpty()) {
            return chain;
        }
        List<DrafterKind> kinds = new ArrayList<>(List.of(DrafterKind.PROMPT_LOOKUP));
        if (corpus != null) {
            kinds.add(DrafterKind.CORPUS);
        }
        if (skipped != SkippedLayers.UNSAID) {
            kinds.add(DrafterKind.LAYER_SKIP);
        }
        if (width > 0) {
            kinds.add(DrafterKind.SLICE);
        }
        if (model != null) {
            kinds.add(DrafterKind.MODEL);
        }
        return kinds;
    }

    /** Returns these options without the drafters that are a part of the model itself. */
    DraftOptions withoutSelf() {
        List<DrafterKind> others = new ArrayList<>(drafters());
        others.remove(DrafterKind.SLICE);
        others.remove(DrafterKind.LAYER_SKIP);
        return new DraftOptions(
                others.isEmpty() ? DrafterKind.NONE : drafter,
                drafter == DrafterKind.CHAIN ? others : chain,
                model,
                corpus,
                shortestMatch,
                width,
                skipped,
                cache,
                diffuspec,
                length,
                acceptance);
    }

    private static List<String> labels(List<DrafterKind> kinds) {
        return kinds.stream().map(DrafterKind::label).toList();
    }

    /**
     * Reads options from texts: {@code drafter} (such as {@code prompt-lookup}), {@code chain}
     * (drafters by commas), {@code model}, {@code corpus}, {@code min-match}, {@code width}, {@code
     * skip} ({@link SkippedLayers#parse}), {@code cache} ({@code shared} or {@code own}), {@code
     * diffuspec} ({@link DiffuSpecOptions#parse}), {@code length} ({@link DraftLengthRule#parse})
     * and {@code acceptance} ({@code equal-tokens}, {@code ratio-test} or {@code by-seed}).
     *
     * @param value returns the text of a name; null leaves it at its default
     * @throws IllegalArgumentException if a text is wrong; the message begins with its name
     */
    public static DraftOptions parse(Function<String, @Nullable String> value) {
        DraftOptions usual = NONE;
        return new DraftOptions(
                read(value, "drafter", DrafterKind::parse, usual.drafter()),
                read(value, "chain", DraftOptions::kinds, usual.chain()),
                value.apply("model"),
                value.apply("corpus"),
                read(value, "min-match", text -> number(text, 1), usual.shortestMatch()),
                read(value, "width", text -> number(text, 0), usual.width()),
                read(value, "skip", SkippedLayers::parse, usual.skipped()),
                read(value, "cache", text -> constant(DraftCache.class, text), usual.cache()),
                read(value, "diffuspec", DiffuSpecOptions::parse, usual.diffuspec()),
                read(value, "length", DraftLengthRule::parse, usual.length()),
                read(
                        value,
                        "acceptance",
                        text -> constant(AcceptanceRule.class, text),
                        usual.acceptance()));
    }

    private static <T> T read(
            Function<String, @Nullable String> value,
            String name,
            Function<String, T> reader,
            T absent) {
        return new OptionTexts(value).read(name, reader, absent);
    }

    private static List<DrafterKind> kinds(String text) {
        return Arrays.stream(text.split(",")).map(DrafterKind::parse).toList();
    }
}
