package dev.slipstream.zoo;

import dev.slipstream.schedule.QueuedGenerator;
import java.util.List;

/** Opens models by name or place. */
public final class Models {
    private Models() {}

    /** Returns the names of the models that lie in jars on the class path, the default first. */
    public static List<String> embedded() {
        return List.of();
    }

    /**
     * Opens a model with {@link LoadOptions#defaults()}.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     */
    public static QueuedGenerator load(String location) {
        return load(location, LoadOptions.defaults());
    }

    /**
     * Opens a model.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     * @param options how to open it
     * @throws dev.slipstream.checkpoint.CheckpointException if it cannot be opened: which file,
     *     what was expected, what was found
     */
    public static QueuedGenerator load(String location, LoadOptions options) {
        throw new UnsupportedOperationException(location + options);
    }
}
