package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of {@code model.safetensors}, or of the shards that {@code
 * model.safetensors.index.json} lists. Headers are read and checked at once, data is mapped when
 * asked for.
 */
public final class SafeTensors implements Weights {
    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private final ModelFiles files;
    private final String file;
    private final Map<String, SafeTensorsFile.Entry> entries;

    private SafeTensors(ModelFiles files, String file, Map<String, SafeTensorsFile.Entry> entries) {
        this.files = files;
        this.file = file;
        this.entries = Collections.unmodifiableMap(entries);
    }

    /**
     * Reads and checks the headers of a model's safetensors files.
     *
     * @param files the model's files
     * @throws CheckpointException if there are none, or one is cut off, damaged, or does not hold
     *     what the index says: which file and tensor, what was expected, what was found
     */
    public static SafeTensors read(ModelFiles files) {
        if (files.contains(SINGLE)) {
            return new SafeTensors(files, SINGLE, SafeTensorsFile.read(files, SINGLE));
        }
        if (files.contains(INDEX)) {
            return new SafeTensors(files, INDEX, readShards(files));
        }
        throw new CheckpointException(
                "%s: expected %s or %s, found neither; copy the model's safetensors files there (pickled .bin files are not read)"
                        .formatted(files.location(), SINGLE, INDEX));
    }

    /**
     * Returns the names of the files that {@link #read} reads, without reading weights.
     *
     * @param files the model's files
     * @throws CheckpointException if there are none, or the index is damaged
     */
    public static List<String> names(ModelFiles files) {
        if (files.contains(SINGLE) || !files.contains(INDEX)) {
            return List.of(SINGLE);
        }
        JsonFields map = weightMap(files);
        SortedSet<String> names = new TreeSet<>();
        for (String tensor : map.object().keySet()) {
            names.add(map.textOrNull(tensor) + "");
        }
        names.add(INDEX);
        return List.copyOf(names);
    }

    private static JsonFields weightMap(ModelFiles files) {
        JsonFields index = JsonFields.read(files, INDEX);
        JsonFields map = index.fieldsOrNull("weight_map");
        if (map == null) {
            throw index.wrong("weight_map", "an object from tensor to file", "none");
        }
        return map;
    }

    private static Map<String, SafeTensorsFile.Entry> readShards(ModelFiles files) {
        JsonFields map = weightMap(files);
        Map<String, Map<String, SafeTensorsFile.Entry>> shards = new HashMap<>();
        Map<String, SafeTensorsFile.Entry> entries = new LinkedHashMap<>();
        for (String tensor : map.object().keySet()) {
            String shard = map.textOrNull(tensor);
            if (shard == null || shard.contains("/") || shard.contains("\\")) {
                throw map.wrong(tensor, "the name of a file beside the index", shard + "");
            }
            if (!shards.containsKey(shard)) {
                if (!files.contains(shard)) {
                    throw map.wrong(
                            tensor,
                            "a file " + shard + " beside the index",
                            "none; the model was not copied completely");
                }
                shards.put(shard, SafeTensorsFile.read(files, shard));
            }
            SafeTensorsFile.@Nullable Entry entry = shards.get(shard).get(tensor);
            if (entry == null) {
                throw new CheckpointException(
                        "%s/%s: %s: expected this tensor by %s, found none; take index and shards from the same model"
                                .formatted(files.location(), shard, tensor, INDEX));
            }
            entries.put(tensor, entry);
        }
        return entries;
    }

    @Override
    public String location() {
        return files.location() + "/" + file;
    }

    @Override
    public Set<String> names() {
        return entries.keySet();
    }

    @Override
    public boolean contains(String name) {
        return entries.containsKey(name);
    }

    @Override
    public List<Long> shape(String name) {
        return entry(name).shape();
    }

    @Override
    public ElementType type(String name) {
        return entry(name).type();
    }

    @Override
    public Tensor tensor(String name) {
        SafeTensorsFile.Entry entry = entry(name);
        String where = files.location() + "/" + entry.file();
        if (entry.length() > Integer.MAX_VALUE) {
            throw new CheckpointException(
                    "%s: %s: expected a tensor below 2 GiB, found %d bytes"
                            .formatted(where, name, entry.length()));
        }
        try {
            return new Tensor(
                    entry.type(),
                    entry.shape(),
                    files.bytes(entry.file(), entry.offset(), entry.length()));
        } catch (IOException e) {
            throw new CheckpointException(
                    "%s: %s: cannot be read: %s".formatted(where, name, e.getMessage()), e);
        }
    }

    private SafeTensorsFile.Entry entry(String name) {
        SafeTensorsFile.Entry entry = entries.get(name);
        if (entry == null) {
            throw new CheckpointException(
                    "%s/%s: %s: expected a tensor of this name, found none; take config.json and weights from the same model"
                            .formatted(files.location(), file, name));
        }
        return entry;
    }
}
