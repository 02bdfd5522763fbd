package dev.slipstream.decode;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.runtime.DecoderSession;
import org.jspecify.annotations.Nullable;

/**
 * What a decoder of one text begins with.
 *
 * @param model what decodes
 * @param prompt made by the model's tokenizer
 * @param options of the request
 * @param session of the model, without tokens, for this request alone; its owner closes it after
 *     the decoder
 * @param cache where a beginning of the prompt may be found, and what is read is kept; null reads
 *     the whole prompt
 */
public record TextRequest(
        LanguageModel model,
        Prompt prompt,
        GenerationOptions options,
        DecoderSession session,
        @Nullable PrefixCache cache) {}
