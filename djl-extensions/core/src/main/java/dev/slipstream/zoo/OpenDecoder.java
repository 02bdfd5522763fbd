package dev.slipstream.zoo;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A decoder that is open, and what its files say of its texts.
 *
 * @param graph that it runs, before the runtime adds to it; read or written when asked for
 * @param fingerprint that graph's
 * @param beginToken id that begins a text; null if there is none
 * @param endTokens ids that end a text
 */
record OpenDecoder(
        DecoderModel decoder,
        Supplier<OnnxModel> graph,
        Supplier<String> fingerprint,
        @Nullable Integer beginToken,
        Set<Integer> endTokens) {}
