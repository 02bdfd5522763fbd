package dev.slipstream.checkpoint;

import dev.slipstream.graph.OnnxModel;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How the vectors of a sentence's tokens become one vector: as the encoder was trained to. */
public enum Pooling {
    /** The mean over the tokens, padding left out; MiniLM, E5. */
    MEAN,
    /** The vector of the first token, {@code [CLS]}; BGE. */
    CLS;

    /**
     * The metadata property of a graph that says it: passes that compare embeddings see a graph and
     * no files.
     */
    private static final String NOTE = "slipstream.pooling";

    /** Writes it into a graph's metadata. */
    public void note(OnnxModel graph) {
        graph.metadata().put(NOTE, label());
    }

    /** Returns what a graph's metadata says; null where they say nothing. */
    public static @Nullable Pooling noted(OnnxModel graph) {
        String note = graph.metadata().get(NOTE);
        if (note == null) {
            return null;
        }
        for (Pooling pooling : values()) {
            if (pooling.label().equals(note)) {
                return pooling;
            }
        }
        throw new CheckpointException(
                "%s: metadata %s: expected mean or cls, found %s"
                        .formatted(graph.name(), NOTE, note));
    }

    /** Returns the name that files and options have for it: {@code mean}, {@code cls}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
