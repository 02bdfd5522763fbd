package dev.slipstream.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Which part of a decoder drafts for the whole (self-speculation): in each layer, whether the
 * attention runs, and how many of the feed-forward's neurons. {@link DecoderGraphs} puts the rest
 * behind a switch of the same graph, so that a draft costs less time and no weight is there twice.
 *
 * <p>Narrower feed-forwards are the nested models of Devvrit and others (MatFormer, 2024): the
 * first neurons are a model of their own only if the model was trained so. Skipped sub-layers
 * (Zhang and others, Draft &amp; Verify, 2024) need no training.
 *
 * @param layers one for each layer of the decoder; none if nothing drafts
 */
public record SelfDraftShape(List<Layer> layers) {
    /** What a draft does with an attention. */
    public enum Attention {
        /** Runs it. */
        COMPUTED,
        /** Leaves it out; the keys and values of the drafted positions stay unwritten. */
        SKIPPED
    }

    /**
     * One layer of the draft.
     *
     * @param attention whether it runs
     * @param feedForwardWidth neurons of the feed-forward that run, the first ones; 0 skips it
     */
    public record Layer(Attention attention, int feedForwardWidth) {
        /** Checks the range. */
        public Layer {
            if (feedForwardWidth < 0) {
                throw new IllegalArgumentException(
                        "feedForwardWidth: expected 0 or more, found " + feedForwardWidth);
            }
        }
    }

    /** Copies the list. */
    public SelfDraftShape {
        layers = List.copyOf(layers);
    }

    /** Returns the shape of a graph that is always computed whole. */
    public static SelfDraftShape none() {
        return new SelfDraftShape(List.of());
    }

    /**
     * Returns a draft of narrower feed-forwards.
     *
     * @param config of the model
     * @param width neurons of every feed-forward
     */
    public static SelfDraftShape slice(DecoderConfig config, int width) {
        return slice(new int[config.layers()], width);
    }

    /**
     * Returns a draft whose feed-forwards have widths of their own; trained ones in an order that
     * does not decrease work best (Devvrit and others 2024).
     *
     * @param widths neurons of each layer's feed-forward, the first layer's first
     */
    public static SelfDraftShape slice(int... widths) {
        return slice(widths, 0);
    }

    private static SelfDraftShape slice(int[] widths, int added) {
        List<Layer> layers = new ArrayList<>();
        for (int width : widths) {
            layers.add(new Layer(Attention.COMPUTED, width + added));
        }
        return new SelfDraftShape(layers);
    }

    /**
     * Returns a draft that leaves out whole sub-layers.
     *
     * @param config of the model
     * @param attentions indices of the layers without attention
     * @param feedForwards indices of the layers without feed-forward
     */
    public static SelfDraftShape skip(
            DecoderConfig config, Set<Integer> attentions, Set<Integer> feedForwards) {
        requireLayers("attentions", attentions, config);
        requireLayers("feedForwards", feedForwards, config);
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < config.layers(); i++) {
            layers.add(
                    new Layer(
                            attentions.contains(i) ? Attention.SKIPPED : Attention.COMPUTED,
                            feedForwards.contains(i) ? 0 : config.intermediateSize()));
        }
        return new SelfDraftShape(layers);
    }

    private static void requireLayers(String name, Set<Integer> layers, DecoderConfig config) {
        for (int layer : layers) {
            if (layer < 0 || layer >= config.layers()) {
                throw new IllegalArgumentException(
                        "%s: expected layers of 0 to %d, found %d"
                                .formatted(name, config.layers() - 1, layer));
            }
        }
    }

    /** Tells whether there is a part that drafts. */
    public boolean drafts() {
        return !layers.isEmpty();
    }

    Attention attention(int layer) {
        return drafts() ? layers.get(layer).attention() : Attention.COMPUTED;
    }

    /** Returns the neurons of a layer's feed-forward that a draft runs. */
    int feedForwardWidth(int layer, DecoderConfig config) {
        return drafts() ? layers.get(layer).feedForwardWidth() : config.intermediateSize();
    }

    /**
     * Checks that a model can be cut so.
     *
     * @param name of the model, for messages
     * @throws CheckpointException that names the layer, what was expected and what was found
     */
    void checkAgainst(String name, DecoderConfig config) {
        if (drafts() && layers.size() != config.layers()) {
            throw new CheckpointException(
                    "%s: expected a draft of %d layers, found one of %d"
                            .formatted(name, config.layers(), layers.size()));
        }
        for (int i = 0; i < layers.size(); i++) {
            checkWidth(name, i, layers.get(i).feedForwardWidth(), config);
        }
    }

    private static void checkWidth(String name, int layer, int width, DecoderConfig config) {
        int whole = config.intermediateSize();
        if (width == 0 || width == whole) {
            return;
        }
        if (config.feedForwardGranularities().isEmpty()) {
            throw new CheckpointException(
                    "%s, layer %d: expected a draft with the whole feed-forward of %d neurons, or without it, found a width of %d; only models trained with nested feed-forwards, which say so by slipstream.ffn_granularities in config.json, can be sliced: draft by skipping layers"
                            .formatted(name, layer, whole, width));
        }
        if (width > whole || width % BlockQuantizer.BLOCK != 0) {
            throw new CheckpointException(
                    "%s, layer %d: expected a draft width of at most %d and a multiple of %d, best one of %s that the model was trained with, found %d"
                            .formatted(
                                    name,
                                    layer,
                                    whole,
                                    BlockQuantizer.BLOCK,
                                    config.feedForwardGranularities(),
                                    width));
        }
    }
}
