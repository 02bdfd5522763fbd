package dev.slipstream.blocks.train;

import ai.djl.ndarray.NDArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.slipstream.blocks.SafeTensorsWriter;
import dev.slipstream.blocks.StoredType;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.SafeTensors;
import dev.slipstream.checkpoint.Weights;
import dev.slipstream.store.StagedDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints of a run, each a directory that appears as a whole or not at all. The two latest
 * are kept: should a disk lose the bytes of one, the one before it is there.
 */
final class Checkpoints {
    private static final Pattern NAME = Pattern.compile("checkpoint-\\d{7}");
    private static final String STATE = "state.json";
    private static final String TENSORS = "model.safetensors";
    private static final String LOSSES = "losses.csv";
    private static final int KEPT = 2;

    private final Path directory;

    Checkpoints(Path directory) {
        this.directory = directory;
    }

    /**
     * A checkpoint that was read.
     *
     * @param step number of steps done
     * @param settings of the run that wrote it
     * @param tensors parameters and moments
     */
    record Checkpoint(int step, String settings, Weights tensors, LossHistory history) {}

    /** Writes a checkpoint and removes the oldest. */
    Path save(int step, String settings, Map<String, NDArray> arrays, LossHistory history)
            throws IOException {
        Path place = directory.resolve("checkpoint-%07d".formatted(step));
        if (Files.exists(place)) {
            StagedDirectory.remove(place);
        }
        try (StagedDirectory staged = StagedDirectory.at(place)) {
            SafeTensorsWriter.write(staged.path().resolve(TENSORS), arrays, StoredType.FLOAT32);
            history.write(staged.path().resolve(LOSSES));
            JsonObject state = new JsonObject();
            state.addProperty("step", step);
            state.addProperty("settings", settings);
            state.addProperty(TENSORS, Files.size(staged.path().resolve(TENSORS)));
            state.addProperty(LOSSES, Files.size(staged.path().resolve(LOSSES)));
            Files.writeString(staged.path().resolve(STATE), state + "\n");
            staged.publish();
        }
        List<Path> all = all();
        for (Path old : all.subList(Math.min(KEPT, all.size()), all.size())) {
            StagedDirectory.remove(old);
        }
        return place;
    }

    /** Returns the latest checkpoint that is whole, or null if there is none. */
    @Nullable Checkpoint latest() throws IOException {
        for (Path place : all()) {
            try {
                return read(place);
            } catch (CheckpointException | IOException | JsonParseException e) {
                // Damaged: the one before it is there for that.
            }
        }
        return null;
    }

    /** Returns the directories, latest first. */
    private List<Path> all() throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> found =
                    new ArrayList<>(
                            files.filter(f -> NAME.matcher(f.getFileName() + "").matches())
                                    .toList());
            found.sort(Comparator.reverseOrder());
            return found;
        }
    }

    private static Checkpoint read(Path place) throws IOException {
        Path file = place.resolve(STATE);
        JsonElement json = JsonParser.parseString(Files.readString(file));
        if (!json.isJsonObject()) {
            throw new IOException(file + ": expected a JSON object, found " + json);
        }
        JsonObject state = json.getAsJsonObject();
        checkSize(place, TENSORS, state);
        checkSize(place, LOSSES, state);
        return new Checkpoint(
                state.get("step").getAsInt(),
                state.get("settings").getAsString(),
                SafeTensors.read(ModelFiles.of(place)),
                LossHistory.read(place.resolve(LOSSES)));
    }

    /** A table that was cut off may still be one. */
    private static void checkSize(Path place, String file, JsonObject state) throws IOException {
        long found = Files.size(place.resolve(file));
        if (!state.has(file) || state.get(file).getAsLong() != found) {
            throw new IOException(
                    "%s: expected %s bytes, found %d"
                            .formatted(place.resolve(file), state.get(file), found));
        }
    }

    /** Puts arrays under names that no other has. */
    static Map<String, NDArray> joined(Map<String, NDArray> first, Map<String, NDArray> second) {
        Map<String, NDArray> all = new LinkedHashMap<>(first);
        all.putAll(second);
        return all;
    }
}
