package dev.slipstream.zoo;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.SelfDraftShape;
import dev.slipstream.decode.DraftLengths;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Speculation;
import dev.slipstream.decode.draft.Chain;
import dev.slipstream.decode.draft.Corpus;
import dev.slipstream.decode.draft.CorpusIndex;
import dev.slipstream.decode.draft.DraftModel;
import dev.slipstream.decode.draft.PromptLookup;
import dev.slipstream.decode.draft.SelfDraft;
import dev.slipstream.decode.draft.VerificationCosts;
import dev.slipstream.decode.draft.diffuse.CausalProxy;
import dev.slipstream.decode.draft.diffuse.DiffusionDraft;
import dev.slipstream.decode.draft.diffuse.ProxyKind;
import dev.slipstream.pass.Plan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** From options to drafters. */
final class DraftingOpener {
    private final LoadOptions loading;
    private final DraftOptions options;

    DraftingOpener(LoadOptions loading) {
        this.loading = loading;
        this.options = loading.drafting();
    }

    /**
     * Returns the part of the model that drafts, which its graph must have.
     *
     * @throws CheckpointException if the model or the options rule it out
     */
    SelfDraftShape shape(DecoderConfig config, String model) {
        boolean slice = options.drafters().contains(DrafterKind.SLICE);
        boolean skip = options.drafters().contains(DrafterKind.LAYER_SKIP);
        if (slice && skip) {
            throw new CheckpointException(
                    model
                            + ": expected one part of the model to draft with, found both slice and"
                            + " layer-skip in the chain; leave one of them out");
        }
        try {
            if (slice) {
                return SelfDraftShape.slice(config, width(config, model));
            }
            if (skip) {
                SkippedLayers skipped = options.skipped().in(config.layers());
                return SelfDraftShape.skip(config, skipped.attentions(), skipped.feedForwards());
            }
            return SelfDraftShape.none();
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(model + ": " + e.getMessage(), e);
        }
    }

    /** Returns what of the options a model's graph depends on: equal texts for equal graphs. */
    String partOfGraph() {
        return draftsItself()
                ? "%s %d %s %s"
                        .formatted(
                                options.drafters(),
                                options.width(),
                                new TreeSet<>(options.skipped().attentions()),
                                new TreeSet<>(options.skipped().feedForwards()))
                : "";
    }

    private int width(DecoderConfig config, String model) {
        if (options.width() > 0) {
            return options.width();
        }
        if (config.feedForwardGranularities().isEmpty()) {
            throw new CheckpointException(
                    model
                            + ": expected a model trained with nested feed-forwards, whose widths"
                            + " slipstream.ffn_granularities in config.json lists, found none; draft"
                            + " with layer-skip or prompt-lookup");
        }
        return config.feedForwardGranularities().get(0);
    }

    /** Tells whether the model's own graph has to have a part that drafts. */
    boolean draftsItself() {
        return options.drafters().contains(DrafterKind.SLICE)
                || options.drafters().contains(DrafterKind.LAYER_SKIP);
    }

    /** Returns how the model's texts are drafted; null if they are not. */
    @Nullable Speculation open(LanguageModel model) {
        if (!options.drafters().isEmpty() && !model.decoder().savesTokens()) {
            throw new CheckpointException(
                    model.name()
                            + ": expected keys and values that can be cut behind any token, found"
                            + " states without a time axis; each refused token would have the whole"
                            + " text read again: open it without a drafter");
        }
        List<Drafting> opened = new ArrayList<>();
        try {
            for (DrafterKind kind : options.drafters()) {
                opened.add(open(kind, model));
            }
            if (opened.isEmpty()) {
                return null;
            }
            Drafting drafting =
                    options.drafter() == DrafterKind.CHAIN ? new Chain(opened) : opened.get(0);
            DraftLengths lengths =
                    options.length().lengths(() -> VerificationCosts.measure(model.decoder()));
            lengths.measure(drafting, model.decoder());
            return new Speculation(drafting, lengths, options.acceptance());
        } catch (RuntimeException e) {
            opened.forEach(Drafting::close);
            throw e;
        }
    }

    private Drafting open(DrafterKind kind, LanguageModel model) {
        return switch (kind) {
            case PROMPT_LOOKUP -> new PromptLookup(options.shortestMatch());
            case CORPUS -> corpus(model);
            case SLICE -> new SelfDraft(SelfDraft.Part.SLICE, options.cache(), model.endTokens());
            case LAYER_SKIP ->
                    new SelfDraft(SelfDraft.Part.LAYER_SKIP, options.cache(), model.endTokens());
            case MODEL -> draftModel(model);
            case DIFFUSPEC -> diffusion(model);
            case NONE, CHAIN -> throw new IllegalStateException("not a drafter: " + kind);
        };
    }

    private Drafting corpus(LanguageModel model) {
        String place = options.corpus();
        if (place == null) {
            throw new CheckpointException(
                    model.name()
                            + ": expected a text file or a directory of them for the corpus drafter,"
                            + " found none; set the corpus");
        }
        return new Corpus(index(place, model), options.shortestMatch());
    }

    private static CorpusIndex index(String place, LanguageModel model) {
        try {
            return Corpus.open(Path.of(place), model.tokenizer()).index();
        } catch (IOException e) {
            throw new CheckpointException(
                    "corpus %s cannot be read: %s".formatted(place, e.getMessage()), e);
        }
    }

    private Drafting draftModel(LanguageModel model) {
        LanguageModel draft = openDraft(model);
        try {
            return DraftModel.of(draft, model);
        } catch (RuntimeException e) {
            draft.close();
            throw e;
        }
    }

    private Drafting diffusion(LanguageModel model) {
        LanguageModel draft = openDraft(model);
        try {
            return new DiffusionDraft(draft, model, options.diffuspec(), proxy(model));
        } catch (IllegalArgumentException e) {
            draft.close();
            throw new CheckpointException(e.getMessage(), e);
        } catch (RuntimeException e) {
            draft.close();
            throw e;
        }
    }

    private CausalProxy proxy(LanguageModel model) {
        String place = options.corpus();
        ProxyKind kind = options.diffuspec().proxy();
        boolean fits = kind == ProxyKind.NGRAM && place != null;
        return kind.proxy(fits ? index(place, model) : null, model.decoder().vocabularySize());
    }

    private LanguageModel openDraft(LanguageModel model) {
        String place = options.model();
        if (place == null) {
            throw new CheckpointException(
                    model.name()
                            + ": expected the name or place of a model that drafts, found none; set"
                            + " the draft model");
        }
        LoadOptions plain =
                loading.withDrafting(DraftOptions.NONE)
                        .withBlocks(BlockOptions.of(DecoderKind.AUTOREGRESSIVE))
                        .withPlan(Plan.NONE)
                        .withPrefill(PrefillOptions.of(loading.prefill().weights()))
                        .withContextLength(0)
                        .withRequests(1, 0);
        ModelSource source = ModelSource.find(place, plain.precision());
        return new ModelOpener(plain).open(source).model();
    }
}
