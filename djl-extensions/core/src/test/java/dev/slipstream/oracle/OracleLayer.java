package dev.slipstream.oracle;

import org.jspecify.annotations.Nullable;

/**
 * The weights of one layer.
 *
 * @param attentionNorm RMS norm before the attention, {@code [hidden]}
 * @param query hidden to heads x headSize
 * @param key hidden to keyValueHeads x headSize
 * @param value hidden to keyValueHeads x headSize
 * @param output heads x headSize to hidden
 * @param queryNorm RMS norm of each query head, {@code [headSize]}, or null
 * @param keyNorm RMS norm of each key head, {@code [headSize]}, or null
 * @param feedForwardNorm RMS norm before the feed-forward, {@code [hidden]}
 * @param gate hidden to intermediate
 * @param up hidden to intermediate
 * @param down intermediate to hidden
 * @param window how many positions a query sees, its own included
 */
record OracleLayer(
        float[] attentionNorm,
        OracleLinear query,
        OracleLinear key,
        OracleLinear value,
        OracleLinear output,
        float @Nullable [] queryNorm,
        float @Nullable [] keyNorm,
        float[] feedForwardNorm,
        OracleLinear gate,
        OracleLinear up,
        OracleLinear down,
        int window) {
    OracleLayer rounded(int bits) {
        return new OracleLayer(
                attentionNorm,
                query.rounded(bits),
                key.rounded(bits),
                value.rounded(bits),
                output.rounded(bits),
                queryNorm,
                keyNorm,
                feedForwardNorm,
                gate.rounded(bits),
                up.rounded(bits),
                down.rounded(bits),
                window);
    }
}
