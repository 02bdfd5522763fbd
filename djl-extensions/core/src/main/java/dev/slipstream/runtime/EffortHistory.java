package dev.slipstream.runtime;

import java.util.ArrayList;
import java.util.List;

/** With what effort each token of a session was computed. */
final class EffortHistory {
    private final List<Span> spans = new ArrayList<>();

    /**
     * Tokens of one effort.
     *
     * @param from index of the first; the last is before the next span
     * @param effort of their runs
     * @param full how they were computed
     */
    record Span(int from, Effort effort, Completeness full) {
        boolean continues(Effort other, Completeness how) {
            return full == how && (effort == other || effort.equals(other));
        }
    }

    /** How much of the whole model tokens saw. */
    enum Completeness {
        /** All of it. */
        EXACT,
        /** All but what the effort's gates and widths leave out of every run. */
        UNSKIPPED,
        /** All of it, but seeing more or less than the tokens before them. */
        SEEN_OTHERWISE,
        /** A part, perhaps another one for each token. */
        SKIPPED
    }

    /** Notes that the tokens from an index on were computed in some way. */
    void add(int from, Effort effort, Completeness full) {
        if (spans.isEmpty() || !spans.get(spans.size() - 1).continues(effort, full)) {
            spans.add(new Span(from, effort, full));
        }
    }

    /** Forgets the tokens from an index on. */
    void cut(int length) {
        while (!spans.isEmpty() && spans.get(spans.size() - 1).from() >= length) {
            spans.remove(spans.size() - 1);
        }
    }

    /** Returns the spans so far. */
    List<Span> spans() {
        return List.copyOf(spans);
    }

    /** Takes over what another history says. */
    void copyFrom(EffortHistory other) {
        spans.clear();
        spans.addAll(other.spans);
    }

    /** Returns how many of the first tokens are the whole model's, all if none is not. */
    int exact(int length) {
        for (Span span : spans) {
            if (span.full() != Completeness.EXACT) {
                return span.from();
            }
        }
        return length;
    }
}
