package dev.slipstream.schedule;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.decode.DecodingMethod;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextDecoder;
import dev.slipstream.decode.TextRequest;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import org.jspecify.annotations.Nullable;

/** Gives requests what they run with; all that they have in common. */
record RequestOpener(LanguageModel model, DecodingMethod method, @Nullable PrefixCache cache) {
    DecoderModel decoder() {
        return model.decoder();
    }

    /** Returns a session without tokens; its owner closes it. */
    DecoderSession session(Prompt prompt, GenerationOptions options) {
        return model.decoder().newSession(model.capacity(prompt, options, method.scratch()));
    }

    TextDecoder decoder(Prompt prompt, GenerationOptions options, DecoderSession session) {
        return method.open(new TextRequest(model, prompt, options, session, cache));
    }
}
