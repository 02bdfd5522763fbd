package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.AcceptanceRule;
import dev.slipstream.decode.draft.DraftCache;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.DrafterKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a model's texts are drafted, so that one run of it can give several tokens. The text stays
 * the model's own.
 *
 * @param drafter What proposes; none if left out.
 * @param chain For the drafter "chain": the drafters in order. Prompt lookup, then those that the
 *     other properties give something to work with, if left out.
 * @param model For the drafters "model" and "diffuspec": an embedded model's name, a model
 *     directory, or an ONNX file.
 * @param corpus For the drafter "corpus": a text file or a directory of them; "diffuspec" learns
 *     from it how texts read.
 * @param minMatch Tokens that must be found again before what followed them is proposed.
 * @param width For the drafter "slice": neurons of each feed-forward; the narrowest that the model
 *     was trained for if left out.
 * @param skip For the drafter "layer-skip": what is left out, such as
 *     attention:2-5,feed-forward:3,both:7.
 * @param cache For a model that drafts for itself: where drafts keep keys and values.
 * @param diffuspec For the drafter "diffuspec": how blocks become drafts, such as
 *     k-min=4,k-max=15,beam=3,proxy-weight=0.5.
 * @param length How much is drafted: cost-model, constant:4, confident:8,0.4 or adaptive:2,16.
 * @param acceptance Which drafted tokens stay.
 */
public record DraftingProperties(
        @Nullable DrafterKind drafter,
        @Nullable List<DrafterKind> chain,
        @Nullable String model,
        @Nullable String corpus,
        @Nullable Integer minMatch,
        @Nullable Integer width,
        @Nullable String skip,
        @Nullable DraftCache cache,
        @Nullable String diffuspec,
        @Nullable String length,
        @Nullable AcceptanceRule acceptance) {

    /** Returns the options; what is left out is at its default. */
    DraftOptions options() {
        return DraftOptions.parse(texts()::get);
    }

    /** Checks every value; {@code prefix} is the full name of this group of properties. */
    void check(String prefix) {
        DraftOptions options;
        try {
            options = options();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            int colon = message.indexOf(':');
            throw new SlipstreamConfigurationException(
                    prefix + "." + message.substring(0, colon),
                    message.substring(colon + 1).strip(),
                    e);
        }
        if (uses(options, DrafterKind.CORPUS) && (corpus == null || corpus.isBlank())) {
            throw new SlipstreamConfigurationException(
                    prefix + ".corpus",
                    "expected a text file or a directory of them, because the drafter corpus is"
                            + " chosen, found nothing",
                    null);
        }
        for (DrafterKind kind : List.of(DrafterKind.MODEL, DrafterKind.DIFFUSPEC)) {
            if (uses(options, kind) && (model == null || model.isBlank())) {
                throw new SlipstreamConfigurationException(
                        prefix + ".model",
                        "expected the name or place of a model, because the drafter %s is chosen, found nothing"
                                .formatted(kind.label()),
                        null);
            }
        }
    }

    private static boolean uses(DraftOptions options, DrafterKind kind) {
        return options.drafter() == kind
                || options.drafter() == DrafterKind.CHAIN && options.chain().contains(kind);
    }

    private Map<String, String> texts() {
        Map<String, String> texts = new HashMap<>();
        put(texts, "drafter", drafter == null ? null : drafter.label());
        put(
                texts,
                "chain",
                chain == null || chain.isEmpty()
                        ? null
                        : chain.stream().map(DrafterKind::label).collect(Collectors.joining(",")));
        put(texts, "model", model);
        put(texts, "corpus", corpus);
        put(texts, "min-match", minMatch);
        put(texts, "width", width);
        put(texts, "skip", skip);
        put(texts, "cache", cache);
        put(texts, "diffuspec", diffuspec);
        put(texts, "length", length);
        put(texts, "acceptance", acceptance);
        return texts;
    }

    private static void put(Map<String, String> texts, String key, @Nullable Object value) {
        if (value != null) {
            texts.put(key, value.toString());
        }
    }
}
