package dev.slipstream.schedule;

import dev.slipstream.decode.EqualTokens;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Speculation;
import dev.slipstream.decode.SpeculativeDecoder;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import org.jspecify.annotations.Nullable;

/** Gives requests what they run with; all that they have in common. */
record RequestOpener(
        LanguageModel model, @Nullable Speculation speculation, @Nullable PromptCache cache) {
    /** Returns the most tokens that a request holds: all but the last one are read. */
    static int capacity(LanguageModel model, Prompt prompt, GenerationOptions options) {
        return (int)
                Math.min(
                        model.decoder().contextLength(),
                        (long) prompt.length() + options.maxTokens());
    }

    DecoderModel decoder() {
        return model.decoder();
    }

    /** Returns a session that holds what is known of the prompt; its owner closes it. */
    DecoderSession session(Prompt prompt, GenerationOptions options) {
        DecoderSession session = model.decoder().newSession(capacity(model, prompt, options));
        if (cache != null) {
            try {
                cache.restore(session, prompt.ids());
            } catch (RuntimeException | Error e) {
                session.close();
                throw e;
            }
        }
        return session;
    }

    SpeculativeDecoder decoder(Prompt prompt, GenerationOptions options, DecoderSession session) {
        return new SpeculativeDecoder(
                model, prompt, options, session, speculation, new EqualTokens());
    }

    void store(DecoderSession session) {
        if (cache != null) {
            cache.store(session);
        }
    }
}
