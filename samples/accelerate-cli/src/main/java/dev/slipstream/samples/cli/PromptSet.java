package dev.slipstream.samples.cli;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Prompts that are measured together.
 *
 * @param name of the set
 * @param form what the texts are
 * @param texts the prompts, or the texts that hold them
 */
record PromptSet(String name, Form form, List<String> texts) {
    /** What the texts of a set are. */
    enum Form {
        /** Each is a prompt. */
        PROMPTS,
        /** Each is to be cut into passages, which are the prompts. */
        RUNNING_TEXT
    }

    /** Copies the list. */
    PromptSet {
        texts = List.copyOf(texts);
    }

    /** Returns so many of the values, evenly spread over them; all if there are no more. */
    static <T> List<T> spread(List<T> values, int limit) {
        return values.size() <= limit
                ? values
                : IntStream.range(0, limit)
                        .mapToObj(i -> values.get((int) ((long) i * values.size() / limit)))
                        .toList();
    }
}
