package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.block.Storing;
import dev.slipstream.zoo.BlockOptions;
import dev.slipstream.zoo.DecoderKind;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a model that was taught to writes by blocks, several tokens a run. Whoever sets one of these
 * asks for blocks.
 *
 * @param size Most places of a block; what the model was trained with if left out.
 * @param steps Most denoising runs of a block; one a place if left out.
 * @param unmasking Which predictions of a run are kept, such as confidence:0.9,
 *     confidence:0.5:margin, static or entropy-bounded:0.1; "confidence:0.9" if left out.
 * @param borders How long a block is: "fixed", or "adablock", which ends it at delimiters, such as
 *     adablock:usual=8,threshold=0.3,delimiters=newline|period; "fixed" if left out.
 * @param verification Whether the model verifies its own predictions: "off", "on", or a rule such
 *     as policy=hysteresis:1:-5,score=dynamic; "off" if left out.
 * @param contextReuse Whether attention over the text before a block is used again for the block's
 *     next runs: "off", "on", or a rule such as from=512,changes=2; "off" if left out.
 * @param storing How finished blocks are kept: "causal", as a prompt is, or "whole", each token
 *     seeing the whole block, for models whose logits are of their own place; "causal" if left out.
 */
public record BlockProperties(
        @Nullable Integer size,
        @Nullable Integer steps,
        @Nullable String unmasking,
        @Nullable String borders,
        @Nullable String verification,
        @Nullable String contextReuse,
        @Nullable Storing storing) {
    private static final BlockProperties NONE =
            new BlockProperties(null, null, null, null, null, null, null);

    /** Returns the options; what is left out is at its default. */
    static BlockOptions options(@Nullable DecoderKind decoder, @Nullable BlockProperties blocks) {
        return BlockOptions.parse((blocks == null ? NONE : blocks).texts(decoder)::get);
    }

    /** Checks every value; {@code prefix} is the full name of the model's properties. */
    static void check(
            String prefix, @Nullable DecoderKind decoder, @Nullable BlockProperties blocks) {
        try {
            options(decoder, blocks);
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            int colon = message.indexOf(':');
            throw new SlipstreamConfigurationException(
                    prefix + ".blocks." + message.substring(0, colon),
                    message.substring(colon + 1).strip(),
                    e);
        }
    }

    private Map<String, String> texts(@Nullable DecoderKind decoder) {
        Map<String, String> texts = new HashMap<>();
        put(texts, "decoder", decoder == null ? null : decoder.label());
        put(texts, "size", size);
        put(texts, "steps", steps);
        put(texts, "unmasking", unmasking);
        put(texts, "borders", borders);
        put(texts, "verification", switched(verification));
        put(texts, "context-reuse", switched(contextReuse));
        put(texts, "storing", storing);
        return texts;
    }

    /** YAML reads {@code off} and {@code on} without quotes as false and true. */
    private static @Nullable String switched(@Nullable String text) {
        if (text == null) {
            return null;
        }
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "false" -> "off";
            case "true" -> "on";
            default -> text;
        };
    }

    private static void put(Map<String, String> texts, String key, @Nullable Object value) {
        if (value != null) {
            texts.put(key, value.toString());
        }
    }
}
