package dev.slipstream.zoo;

import dev.slipstream.decode.AcceptanceRule;
import dev.slipstream.decode.draft.CostModelLength;
import dev.slipstream.decode.draft.DraftCache;
import dev.slipstream.decode.draft.DraftLengthRule;
import dev.slipstream.decode.draft.PromptLookup;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a model's texts are drafted. The text stays the model's own whatever is chosen here.
 *
 * @param drafter what proposes
 * @param chain for {@link DrafterKind#CHAIN}: the drafters in order; empty takes prompt lookup,
 *     then those that the other options give something to work with
 * @param model for {@link DrafterKind#MODEL}: name or place of the model that drafts
 * @param corpus for {@link DrafterKind#CORPUS}: a text file or a directory of them
 * @param shortestMatch tokens that must be found again before what followed them is proposed
 * @param width for {@link DrafterKind#SLICE}: neurons of each feed-forward; 0 takes the narrowest
 *     that the model was trained for
 * @param skipped for {@link DrafterKind#LAYER_SKIP}: what is left out
 * @param cache for a model that drafts for itself: where drafts keep keys and values
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

    private static List<String> labels(List<DrafterKind> kinds) {
        return kinds.stream().map(DrafterKind::label).toList();
    }

    /** Returns these options with another drafter. */
    public DraftOptions withDrafter(DrafterKind value) {
        return new DraftOptions(
                value,
                chain,
                model,
                corpus,
                shortestMatch,
                width,
                skipped,
                cache,
                length,
                acceptance);
    }

    /** Returns these options with another draft model. */
    public DraftOptions withModel(@Nullable String value) {
        return new DraftOptions(
                drafter,
                chain,
                value,
                corpus,
                shortestMatch,
                width,
                skipped,
                cache,
                length,
                acceptance);
    }

    /** Returns these options with another corpus. */
    public DraftOptions withCorpus(@Nullable String value) {
        return new DraftOptions(
                drafter,
                chain,
                model,
                value,
                shortestMatch,
                width,
                skipped,
                cache,
                length,
                acceptance);
    }

    /** Returns these options with another width. */
    public DraftOptions withWidth(int value) {
        return new DraftOptions(
                drafter,
                chain,
                model,
                corpus,
                shortestMatch,
                value,
                skipped,
                cache,
                length,
                acceptance);
    }

    /** Returns these options with another rule for the length of a draft. */
    public DraftOptions withLength(DraftLengthRule value) {
        return new DraftOptions(
                drafter,
                chain,
                model,
                corpus,
                shortestMatch,
                width,
                skipped,
                cache,
                value,
                acceptance);
    }

    /** Returns these options with drafts that keep keys and values elsewhere. */
    public DraftOptions withCache(DraftCache value) {
        return new DraftOptions(
                drafter,
                chain,
                model,
                corpus,
                shortestMatch,
                width,
                skipped,
                value,
                length,
                acceptance);
    }
}
