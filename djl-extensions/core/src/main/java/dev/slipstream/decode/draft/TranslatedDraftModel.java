package dev.slipstream.decode.draft;

import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import java.util.Set;

/**
 * A smaller model with another tokenizer drafts through text: it reads the target's text in its own
 * tokens, writes on, and what it wrote is encoded with the target's tokenizer (the string-level
 * agreement of Timor and others 2025). Costs two tokenisations of a line of text a draft. It
 * proposes its likeliest tokens at every temperature: for drawn ones the target's tokens would have
 * no distribution. Special tokens, such as a chat template's, have no text and are not read.
 */
public final class TranslatedDraftModel implements Drafting {
    private final LanguageModel draft;
    private final LanguageModel target;

    /**
     * Constructs a way to draft.
     *
     * @param draft the smaller model, owned from now on
     * @param target what verifies, not owned
     */
    public TranslatedDraftModel(LanguageModel draft, LanguageModel target) {
        this.draft = draft;
        this.target = target;
    }

    @Override
    public String name() {
        return "model";
    }

    @Override
    public Drafter open(DecoderSession session, GenerationOptions options) {
        DecoderModel model = draft.decoder();
        return new TranslatingDrafter(
                draft,
                model.newSession(),
                target.tokenizer(),
                options.ignoreEndOfText() ? Set.of() : target.endTokens());
    }

    @Override
    public void close() {
        draft.close();
    }
}
