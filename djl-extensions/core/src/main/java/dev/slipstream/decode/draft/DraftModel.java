package dev.slipstream.decode.draft;

import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A smaller model with the target's tokenizer drafts (Leviathan and others 2023; Chen and others
 * 2023). At temperature 0 it proposes its likeliest tokens, above it draws them and hands over the
 * distributions. Where its context is full it proposes nothing more.
 */
public final class DraftModel implements Drafting {
    private final LanguageModel draft;

    /**
     * Constructs a way to draft.
     *
     * @param draft the smaller model, owned from now on
     * @param target what verifies, not owned
     * @throws IllegalArgumentException if their tokenizers differ; the caller still owns the draft
     */
    public DraftModel(LanguageModel draft, LanguageModel target) {
        String difference = SameTokenizer.difference(draft.tokenizer(), target.tokenizer());
        if (difference != null) {
            throw new IllegalArgumentException(
                    "draft model %s: expected the tokenizer of %s, found another tokenizer: %s; draft through text instead (TranslatedDraftModel)"
                            .formatted(draft.name(), target.name(), difference));
        }
        this.draft = draft;
    }

    /**
     * Returns the way to draft with a smaller model: by its tokens if they are the target's, else
     * through its text.
     *
     * @param draft the smaller model, owned by the result
     * @param target what verifies, not owned
     */
    public static Drafting of(LanguageModel draft, LanguageModel target) {
        @Nullable String difference =
                SameTokenizer.difference(draft.tokenizer(), target.tokenizer());
        return difference == null
                ? new DraftModel(draft, target)
                : new TranslatedDraftModel(draft, target);
    }

    @Override
    public String name() {
        return "model";
    }

    @Override
    public Drafter open(DecoderSession target, GenerationOptions options) {
        DecoderModel model = draft.decoder();
        int ids = target.model().vocabularySize();
        // Padded embeddings: one model may have logits for ids that no text gives.
        int shared = Math.min(ids, model.vocabularySize());
        return new SessionDrafter(
                model.newSession(Math.min(model.contextLength(), target.capacity())),
                DraftCache.OWN,
                Depth.FULL,
                TokenChoice.of(options, shared, ids),
                options.ignoreEndOfText() ? Set.of() : draft.endTokens());
    }

    @Override
    public void close() {
        draft.close();
    }
}
