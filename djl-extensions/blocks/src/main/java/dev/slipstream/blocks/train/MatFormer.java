package dev.slipstream.blocks.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.checkpoint.DecoderConfig;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Language modelling at several widths of the feed-forwards, of which the narrower ones are the
 * first neurons of the wider ones (MatFormer: Devvrit and others, 2023): one checkpoint from which
 * models of many sizes can be cut.
 *
 * @param widths neurons of the feed-forwards of all layers, rising; the last is the whole width
 * @param mode whether a step trains all widths or one
 * @param weights of the widths: factors of their losses in JOINT mode, probabilities in SAMPLE
 *     mode; only their ratios count
 */
public record MatFormer(List<Integer> widths, Mode mode, List<Double> weights) implements Recipe {
    /** What a step trains. */
    public enum Mode {
        /**
         * All widths on the same sequences, one update: the steadier, at the cost of a pass for
         * each.
         */
        JOINT,

        /** One width, drawn anew: the paper's procedure, at the cost of less than one pass. */
        SAMPLE
    }

    /** Checks that widths rise and each has a weight. */
    public MatFormer {
        widths = List.copyOf(widths);
        weights = List.copyOf(weights);
        if (widths.isEmpty() || widths.size() != weights.size()) {
            throw Check.wrong("widths", "one or more, each with a weight", widths + " " + weights);
        }
        for (int i = 0; i < widths.size(); i++) {
            Check.atLeast("width", i == 0 ? 1 : widths.get(i - 1) + 1, widths.get(i));
            Check.positive("weight of a width", weights.get(i));
        }
    }

    /**
     * Returns a recipe whose widths count alike.
     *
     * @param widths rising
     * @param mode whether a step trains all widths or one
     */
    public static MatFormer equal(List<Integer> widths, Mode mode) {
        return new MatFormer(widths, mode, widths.stream().map(w -> 1.0).toList());
    }

    @Override
    public String description() {
        return toString();
    }

    @Override
    public void check(DecoderConfig config, TrainingOptions options) {
        int last = widths.get(widths.size() - 1);
        if (last != config.intermediateSize()) {
            throw Check.wrong("last width", "the whole one, " + config.intermediateSize(), last);
        }
    }

    @Override
    public Objective objective(int step, int[][] windows, SplittableRandom random) {
        if (mode == Mode.SAMPLE) {
            int width = widths.get(drawn(random));
            return (pass, from, to) -> narrow(pass, windows, from, to, width, 1);
        }
        double sum = sum();
        return (pass, from, to) -> {
            for (int i = 0; i < widths.size(); i++) {
                narrow(pass, windows, from, to, widths.get(i), weights.get(i) / sum);
            }
        };
    }

    @Override
    public List<Objective> validation(int[][] windows) {
        return widths.stream()
                .map(
                        width ->
                                (Objective)
                                        (pass, from, to) ->
                                                narrow(pass, windows, from, to, width, 1))
                .toList();
    }

    private static void narrow(
            LossPass pass, int[][] windows, int from, int to, int width, double weight) {
        DecoderBlock decoder = pass.decoder();
        decoder.setWidth(width);
        try {
            pass.take(Causal.loss(pass, windows, from, to, "width " + width, weight));
        } finally {
            decoder.setWidth(decoder.config().intermediateSize());
        }
    }

    private int drawn(SplittableRandom random) {
        double left = random.nextDouble() * sum();
        int width = 0;
        while (width < widths.size() - 1 && left >= weights.get(width)) {
            left -= weights.get(width++);
        }
        return width;
    }

    private double sum() {
        return weights.stream().mapToDouble(Double::doubleValue).sum();
    }

    @Override
    public JsonObject configuration() {
        JsonArray granularities = new JsonArray();
        widths.forEach(granularities::add);
        JsonObject own = new JsonObject();
        own.add("ffn_granularities", granularities);
        own.add("block_diffusion", JsonNull.INSTANCE);
        return own;
    }
}
