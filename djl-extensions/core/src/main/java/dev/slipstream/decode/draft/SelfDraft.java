package dev.slipstream.decode.draft;

import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import java.util.Set;

/**
 * A model drafts with a part of itself: with narrower feed-forwards where it was trained for them
 * (Devvrit and others, MatFormer, 2024), or without some of its sub-layers (Zhang and others, Draft
 * &amp; Verify, 2024). No second model, hardly a weight stored twice (a slice keeps its columns of
 * {@code down_proj} beside the whole), and, with the {@link DraftCache#SHARED} cache, no second
 * reading of the prompt. The graph says which part, by {@link
 * dev.slipstream.checkpoint.SelfDraftShape}.
 */
public final class SelfDraft implements Drafting {
    /** The part of a model that drafts. */
    public enum Part {
        /** Narrower feed-forwards. */
        SLICE("slice"),
        /** The model without some sub-layers. */
        LAYER_SKIP("layer-skip");

        private final String label;

        Part(String label) {
            this.label = label;
        }
    }

    private final Part part;
    private final DraftCache cache;
    private final Set<Integer> endTokens;

    /**
     * Constructs a way to draft.
     *
     * @param part what the graph has as its part
     * @param cache where drafts keep keys and values
     * @param endTokens ids that end a text of the model
     */
    public SelfDraft(Part part, DraftCache cache, Set<Integer> endTokens) {
        this.part = part;
        this.cache = cache;
        this.endTokens = Set.copyOf(endTokens);
    }

    @Override
    public String name() {
        return part.label;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the model has no such part
     */
    @Override
    public Drafter open(DecoderSession target, GenerationOptions options) {
        DecoderModel model = target.model();
        if (!model.drafts()) {
            throw new IllegalArgumentException(
                    "%s: expected a graph with the input draft, which switches to the part of the model that drafts (%s), found none; open the checkpoint with a self-draft shape, or draft in another way"
                            .formatted(model.name(), part.label));
        }
        int ids = model.vocabularySize();
        return new SessionDrafter(
                cache == DraftCache.SHARED ? target : model.newSession(target.capacity()),
                cache,
                Depth.DRAFT,
                TokenChoice.of(options, ids, ids),
                options.ignoreEndOfText() ? Set.of() : endTokens);
    }

    /** Frees nothing: the model belongs to its texts. */
    @Override
    public void close() {}
}
