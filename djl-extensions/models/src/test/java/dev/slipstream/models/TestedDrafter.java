package dev.slipstream.models;

import dev.slipstream.cache.PrefixCache;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AcceptanceRule;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Speculation;
import dev.slipstream.decode.draft.DraftLengthRule;
import dev.slipstream.decode.draft.DraftModel;
import dev.slipstream.decode.draft.VerificationCosts;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.DrafterKind;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Every way to draft, and how a model is opened with it. */
enum TestedDrafter {
    PROMPT_LOOKUP,
    CORPUS,
    /** The same model in another precision. */
    SAME_TOKENIZER,
    TRANSLATED,
    SLICE_SHARED,
    SLICE_OWN,
    LAYER_SKIP_SHARED,
    LAYER_SKIP_OWN,
    CHAIN;

    /** Returns the model that can be tested in place of another: not each can be sliced. */
    String modelInPlaceOf(String model) {
        return this == SLICE_SHARED || this == SLICE_OWN ? "storyteller-7m" : model;
    }

    /**
     * Opens a model that drafts so, accepts by equal tokens, and remembers what it has read.
     *
     * @param corpus a text file for the drafters that quote
     * @param requests that run at once
     */
    AutoregressiveGenerator open(
            String model, Precision precision, DraftLengthRule length, Path corpus, int requests) {
        LoadOptions loading =
                LoadOptions.defaults().withPrecision(precision).withRequests(requests, 64);
        if (this == SAME_TOKENIZER) {
            return withItself(model, length, loading);
        }
        Map<String, String> said = new HashMap<>();
        said.put("length", length.toString());
        said.put("acceptance", "equal-tokens");
        said.put("drafter", kind().label());
        if (this == CORPUS || this == CHAIN) {
            said.put("corpus", corpus.toString());
        }
        if (this == TRANSLATED || this == CHAIN) {
            said.put("model", model.equals("stories260k") ? "babyllama105" : "stories260k");
        }
        if (this == CHAIN) {
            said.put("chain", "prompt-lookup,corpus,layer-skip,model");
        }
        if (this == SLICE_OWN || this == LAYER_SKIP_OWN) {
            said.put("cache", "own");
        }
        return Models.open(model, loading.withDrafting(DraftOptions.parse(said::get)));
    }

    private DrafterKind kind() {
        return switch (this) {
            case PROMPT_LOOKUP -> DrafterKind.PROMPT_LOOKUP;
            case CORPUS -> DrafterKind.CORPUS;
            case SAME_TOKENIZER, TRANSLATED -> DrafterKind.MODEL;
            case SLICE_SHARED, SLICE_OWN -> DrafterKind.SLICE;
            case LAYER_SKIP_SHARED, LAYER_SKIP_OWN -> DrafterKind.LAYER_SKIP;
            case CHAIN -> DrafterKind.CHAIN;
        };
    }

    private static AutoregressiveGenerator withItself(
            String model, DraftLengthRule length, LoadOptions loading) {
        Precision other = loading.precision() == Precision.INT4 ? Precision.INT8 : Precision.INT4;
        LoadOptions plain = loading.withCache(CacheOptions.NONE);
        LanguageModel target = Models.open(model, plain).model();
        LanguageModel draft = Models.open(model, plain.withPrecision(other)).model();
        Speculation speculation =
                new Speculation(
                        new DraftModel(draft, target),
                        length.lengths(() -> VerificationCosts.measure(target.decoder())),
                        AcceptanceRule.EQUAL_TOKENS);
        return new AutoregressiveGenerator(
                target, speculation, new PrefixCache(target.decoder(), loading.cache().bytes()));
    }
}
