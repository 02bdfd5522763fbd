package dev.slipstream.graph;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says which sub-layer of a model is meant; as text {@code attention.3} or {@code feed-forward.3}.
 *
 * @param kind which of the layer's sub-layers
 * @param layer index of the layer, as in {@link Layer#index()}
 */
public record SubLayerName(SubLayer.Kind kind, int layer) implements Comparable<SubLayerName> {
    private static final Pattern TEXT = Pattern.compile("(attention|feed-forward)\\.(\\d{1,6})");

    /** Checks the range. */
    public SubLayerName {
        if (layer < 0) {
            throw new IllegalArgumentException("layer: expected 0 or more, found " + layer);
        }
    }

    /**
     * Reads a name.
     *
     * @param text such as {@code attention.3}
     */
    public static SubLayerName parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "expected a sub-layer such as attention.3 or feed-forward.3, found " + text);
        }
        SubLayer.Kind kind =
                matcher.group(1).equals("attention")
                        ? SubLayer.Kind.ATTENTION
                        : SubLayer.Kind.FEED_FORWARD;
        return new SubLayerName(kind, Integer.parseInt(matcher.group(2)));
    }

    /** Orders by layer, and within a layer attention first: the order of the stream. */
    @Override
    public int compareTo(SubLayerName other) {
        return layer != other.layer
                ? Integer.compare(layer, other.layer)
                : kind.compareTo(other.kind);
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-') + "." + layer;
    }
}
