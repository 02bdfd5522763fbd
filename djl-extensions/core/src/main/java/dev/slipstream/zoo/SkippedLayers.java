package dev.slipstream.zoo;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which sub-layers a model leaves out when it drafts for itself.
 *
 * @param attentions indices of layers without attention
 * @param feedForwards indices of layers without feed-forward
 */
public record SkippedLayers(Set<Integer> attentions, Set<Integer> feedForwards) {
    /** Nothing said: every second layer of the middle half loses both. */
    public static final SkippedLayers UNSAID = new SkippedLayers(Set.of(), Set.of());

    /** Copies the sets. */
    public SkippedLayers {
        attentions = Collections.unmodifiableSet(new TreeSet<>(attentions));
        feedForwards = Collections.unmodifiableSet(new TreeSet<>(feedForwards));
    }

    /**
     * Reads a list such as {@code attention:2-5,feed-forward:3,both:7}; layers count from 0.
     *
     * @throws IllegalArgumentException if it is of another form
     */
    public static SkippedLayers parse(String text) {
        Set<Integer> attentions = new TreeSet<>();
        Set<Integer> feedForwards = new TreeSet<>();
        String kind = "";
        for (String item : text.strip().split(",")) {
            String[] parts = item.strip().split(":", 2);
            if (parts.length == 2) {
                kind = parts[0].strip();
            }
            switch (kind) {
                case "attention" -> add(attentions, parts[parts.length - 1], text);
                case "feed-forward" -> add(feedForwards, parts[parts.length - 1], text);
                case "both" -> {
                    add(attentions, parts[parts.length - 1], text);
                    add(feedForwards, parts[parts.length - 1], text);
                }
                default -> throw wrong(text);
            }
        }
        return new SkippedLayers(attentions, feedForwards);
    }

    private static void add(Set<Integer> layers, String range, String text) {
        try {
            String[] ends = range.strip().split("-", 2);
            int first = Integer.parseInt(ends[0].strip());
            int last = Integer.parseInt(ends[ends.length - 1].strip());
            if (last < first || last - first > 10_000) {
                throw wrong(text);
            }
            for (int layer = first; layer <= last; layer++) {
                layers.add(layer);
            }
        } catch (NumberFormatException e) {
            throw wrong(text);
        }
    }

    private static IllegalArgumentException wrong(String text) {
        return new IllegalArgumentException(
                "skipped layers: expected a list such as attention:2-5,feed-forward:3,both:7, found '%s'"
                        .formatted(text));
    }

    /** Returns what to skip in a model of so many layers. */
    SkippedLayers in(int layers) {
        if (!attentions.isEmpty() || !feedForwards.isEmpty()) {
            return this;
        }
        Set<Integer> middle = new TreeSet<>();
        for (int layer = layers / 4; layer < layers - layers / 4; layer += 2) {
            middle.add(layer);
        }
        return new SkippedLayers(middle, middle);
    }
}
