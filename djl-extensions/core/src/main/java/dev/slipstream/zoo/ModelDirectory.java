package dev.slipstream.zoo;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.ReportFile;
import dev.slipstream.store.StagedDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes what a plan made of a model as an ordinary model directory, which any ONNX Runtime opens,
 * and {@link Models} and DJL like any other: the graph, the tokenizer, the configurations, and
 * beside them the plan and its report. It appears complete or not at all.
 */
public final class ModelDirectory {
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private static final String PLAN = "plan.yml";

    private ModelDirectory() {}

    /** What becomes of a directory that is there already and not empty. */
    public enum Existing {
        /** It stays, and nothing is written. */
        REFUSED,
        /** It is replaced as a whole, if it was written here before. */
        REPLACED
    }

    /**
     * Checks that a directory may be written, before the work that would be wasted.
     *
     * @param directory its place
     * @param existing what becomes of files that are there
     * @param location of the model that it would be made of, which it must not be
     * @throws IOException if it may not; the message names it
     */
    public static void check(Path directory, Existing existing, String location)
            throws IOException {
        if (Files.exists(directory) && !Files.isDirectory(directory)) {
            throw new IOException(directory + ": expected a directory or nothing, found a file");
        }
        if (!Files.isDirectory(directory) || isEmpty(directory)) {
            return;
        }
        if (existing == Existing.REPLACED && holds(directory, location)) {
            throw new IOException(
                    directory
                            + ": expected another directory than the model's own, whose original would be lost, found the same; name another one");
        }
        if (existing == Existing.REFUSED) {
            throw new IOException(
                    directory
                            + ": expected an empty directory or nothing, found one with files; name another one, or have it replaced (--force on the command line)");
        }
        if (!Files.exists(directory.resolve(PLAN))) {
            throw new IOException(
                    directory
                            + ": expected a directory with the file plan.yml, written by an earlier run, found other files; only such a one is replaced: name another one");
        }
    }

    /** Tells whether a model lies in a directory or below it. */
    private static boolean holds(Path directory, String location) throws IOException {
        Path real = directory.toRealPath();
        try {
            for (Path at = Path.of(location).toRealPath(); at != null; at = at.getParent()) {
                if (at.equals(real)) {
                    return true;
                }
            }
        } catch (NoSuchFileException | InvalidPathException e) {
            // The name of an embedded model.
        }
        return false;
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    /**
     * Writes a model.
     *
     * @param model with its reports
     * @param directory its place
     * @param existing what becomes of files that are there
     * @throws IOException if it cannot be written; then nothing has changed
     */
    public static void write(AcceleratedModel model, Path directory, Existing existing)
            throws IOException {
        check(directory, existing, model.location());
        try (StagedDirectory staged = StagedDirectory.at(directory)) {
            Path place = staged.path();
            model.graph().write(place.resolve("model.onnx"));
            for (Map.Entry<String, String> file : model.files().texts().entrySet()) {
                Path target = place.resolve(file.getKey());
                Files.createDirectories(target.getParent());
                Files.writeString(target, file.getValue());
            }
            Files.writeString(place.resolve(PLAN), model.plan().toYaml());
            Files.writeString(place.resolve("report.json"), report(model));
            Files.writeString(place.resolve("README.md"), readme(model));
            staged.publish();
        }
    }

    static String json(JsonObject json) {
        return GSON.toJson(json);
    }

    static JsonObject object(@Nullable String json) {
        return json == null ? new JsonObject() : JsonParser.parseString(json).getAsJsonObject();
    }

    private static String report(AcceleratedModel model) {
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("source", model.location());
        about.put("sourceFingerprint", model.original().fingerprint());
        about.putAll(model.files().about());
        about.put("bytesBefore", bytes(model.original()));
        about.put("bytesAfter", bytes(model.graph()));
        return ReportFile.write(about, model.reports());
    }

    private static long bytes(OnnxModel graph) {
        return Anatomy.of(graph).bytes();
    }

    private static String readme(AcceleratedModel model) {
        String passes =
                model.plan().inOrder().stream()
                        .map(PassSpec::toString)
                        .map(pass -> "- `" + pass + "`\n")
                        .collect(Collectors.joining());
        return String.format(
                Locale.ROOT,
                """
                # %s, accelerated

                Made by Slipstream from `%s` with these passes, in this order:

                %s
                Weights went from %,d to %,d bytes. `report.json` says what each pass decided, `plan.yml` is the plan; to repeat it:

                    java -jar slipstream.jar accelerate --model '%s' --plan plan.yml %s --out DIR

                `model.onnx` is an ordinary ONNX file. The terms of use of the source hold for it, too.
                """,
                model.name(),
                model.location(),
                passes,
                bytes(model.original()),
                bytes(model.graph()),
                model.location(),
                model.files().flags());
    }
}
