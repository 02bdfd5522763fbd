package dev.slipstream.pass;

import java.util.List;

/** What decides how wide feed-forwards are. */
public sealed interface Width {
    /**
     * A width for each layer.
     *
     * @param widths in neurons, the first layer's first; one alone is every layer's
     */
    record Each(List<Integer> widths) implements Width {
        /** Copies the list. */
        public Each {
            widths = List.copyOf(widths);
        }
    }

    /**
     * A budget that {@link MixAndMatch} spends.
     *
     * @param parameters up to 1 the share of the feed-forwards' parameters, beyond that the
     *     parameters of the whole model
     */
    record Budget(double parameters) implements Width {
        /** Checks the range. */
        public Budget {
            if (!(parameters > 0)) {
                throw new PassException("parameters: expected more than 0, found " + parameters);
            }
        }
    }
}
