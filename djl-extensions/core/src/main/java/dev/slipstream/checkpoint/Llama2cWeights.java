package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of a llama2.c checkpoint of version 0: seven 32-bit integers, then F32 tensors kind
 * by kind, the layers of one kind one after another. Queries and keys are stored for a rotation of
 * neighbouring rows and are handed out with their rows in the order that the rotation of halves
 * needs; all other tensors are mapped as they are.
 */
final class Llama2cWeights implements Weights {
    private static final int HEADER = 7 * Integer.BYTES;

    /** First word of versions 1 and 2, "ak42". */
    private static final int LATER_VERSION = 0x616b3432;

    private static final int BEGIN = 1;
    private static final int END = 2;

    private record Entry(long offset, List<Long> shape, boolean pairedRows) {}

    /** One kind of tensor: its name, with {@code {layer}} in it if every layer has one. */
    private record Kind(String name, Entry first) {
        boolean inLayers() {
            return name.contains("{layer}");
        }
    }

    private final ModelFiles files;
    private final String file;
    private final DecoderConfig config;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private long end = HEADER;

    private Llama2cWeights(ModelFiles files, String file, DecoderConfig config) {
        this.files = files;
        this.file = file;
        this.config = config;
    }

    static Llama2cWeights read(ModelFiles files, String file) throws IOException {
        String where = files.location() + "/" + file;
        long size = files.size(file);
        if (size < HEADER) {
            throw new CheckpointException(
                    "%s: expected a llama2.c header of %d bytes, found a file of %d; it is cut off, copy it again"
                            .formatted(where, HEADER, size));
        }
        ByteBuffer header = files.bytes(file, 0, HEADER);
        if (header.getInt(0) == LATER_VERSION) {
            throw new CheckpointException(
                    "%s: expected a llama2.c checkpoint of version 0, found version %d; export it with --version 0"
                            .formatted(where, header.getInt(4)));
        }
        try {
            DecoderConfig config = config(header);
            Llama2cWeights weights = new Llama2cWeights(files, file, config);
            List<Kind> kinds = weights.layOut();
            if (weights.end != size) {
                throw new CheckpointException(
                        "%s: expected %d bytes by its header (dim %d, hidden_dim %d, %d layers, %d heads, %d key and value heads, vocabulary %d, context %d), found %d; the file is cut off or not a llama2.c checkpoint, copy it again"
                                .formatted(
                                        where,
                                        weights.end,
                                        config.hiddenSize(),
                                        config.intermediateSize(),
                                        config.layers(),
                                        config.heads(),
                                        config.keyValueHeads(),
                                        config.vocabularySize(),
                                        config.contextLength(),
                                        size));
            }
            // Only now: a damaged header's billions of layers would fill the heap with names.
            kinds.forEach(weights::add);
            return weights;
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new CheckpointException(
                    "%s: header: %s; the file is not a llama2.c checkpoint"
                            .formatted(where, e.getMessage()),
                    e);
        }
    }

    private static DecoderConfig config(ByteBuffer header) {
        int hiddenSize = header.getInt();
        int intermediateSize = header.getInt();
        int layers = header.getInt();
        int heads = header.getInt();
        int keyValueHeads = header.getInt();
        int signedVocabularySize = header.getInt();
        int contextLength = header.getInt();
        if (heads < 1 || hiddenSize % heads != 0) {
            throw new IllegalArgumentException(
                    "dim: expected a multiple of the %d heads, found %d"
                            .formatted(heads, hiddenSize));
        }
        return new DecoderConfig(
                Architecture.LLAMA.className(),
                hiddenSize,
                layers,
                heads,
                keyValueHeads,
                hiddenSize / heads,
                intermediateSize,
                Math.absExact(signedVocabularySize),
                contextLength,
                1e-5,
                new RotaryScaling.None(10000),
                signedVocabularySize > 0,
                false,
                false,
                null,
                Set.of(BEGIN, END),
                BEGIN,
                List.of(),
                null);
    }

    /** Returns where each kind of tensor lies, and moves {@link #end} to the end of the file. */
    private List<Kind> layOut() {
        long hidden = config.hiddenSize();
        long neurons = config.intermediateSize();
        long keys = (long) config.keyValueHeads() * config.headSize();
        long vocabulary = config.vocabularySize();
        String layer = "model.layers.{layer}.";
        List<Kind> kinds = new ArrayList<>();
        kinds.add(kind("model.embed_tokens.weight", false, vocabulary, hidden));
        kinds.add(kind(layer + "input_layernorm.weight", false, hidden));
        kinds.add(kind(layer + "self_attn.q_proj.weight", true, hidden, hidden));
        kinds.add(kind(layer + "self_attn.k_proj.weight", true, keys, hidden));
        kinds.add(kind(layer + "self_attn.v_proj.weight", false, keys, hidden));
        kinds.add(kind(layer + "self_attn.o_proj.weight", false, hidden, hidden));
        kinds.add(kind(layer + "post_attention_layernorm.weight", false, hidden));
        kinds.add(kind(layer + "mlp.gate_proj.weight", false, neurons, hidden));
        kinds.add(kind(layer + "mlp.down_proj.weight", false, hidden, neurons));
        kinds.add(kind(layer + "mlp.up_proj.weight", false, neurons, hidden));
        kinds.add(kind("model.norm.weight", false, hidden));
        // Two tables of cosines and sines, which llama2.c itself computes anew.
        skip(1, List.of((long) config.contextLength(), (long) config.headSize()));
        if (!config.tiedEmbeddings()) {
            kinds.add(kind("lm_head.weight", false, vocabulary, hidden));
        }
        return kinds;
    }

    private Kind kind(String name, boolean pairedRows, long... dimensions) {
        List<Long> shape = Arrays.stream(dimensions).boxed().toList();
        Kind kind = new Kind(name, new Entry(end, shape, pairedRows));
        skip(kind.inLayers() ? config.layers() : 1, shape);
        return kind;
    }

    private void skip(int count, List<Long> shape) {
        end = Math.addExact(end, Math.multiplyExact(bytes(shape), count));
    }

    private void add(Kind kind) {
        Entry first = kind.first;
        if (!kind.inLayers()) {
            entries.put(kind.name, first);
            return;
        }
        for (int layer = 0; layer < config.layers(); layer++) {
            entries.put(
                    kind.name.replace("{layer}", Integer.toString(layer)),
                    new Entry(
                            first.offset + layer * bytes(first.shape),
                            first.shape,
                            first.pairedRows));
        }
    }

    private static long bytes(List<Long> shape) {
        long bytes = Float.BYTES;
        for (long dimension : shape) {
            bytes = Math.multiplyExact(bytes, dimension);
        }
        return bytes;
    }

    DecoderConfig config() {
        return config;
    }

    @Override
    public String location() {
        return files.location() + "/" + file;
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    @Override
    public boolean contains(String name) {
        return entries.containsKey(name);
    }

    @Override
    public List<Long> shape(String name) {
        return entry(name).shape;
    }

    @Override
    public ElementType type(String name) {
        entry(name);
        return ElementType.FLOAT;
    }

    @Override
    public Tensor tensor(String name) {
        Entry entry = entry(name);
        String where = files.location() + "/" + file + ": " + name;
        long bytes = bytes(entry.shape);
        if (bytes > Integer.MAX_VALUE) {
            throw new CheckpointException(
                    "%s: expected a tensor below 2 GiB, found %d bytes".formatted(where, bytes));
        }
        try {
            ByteBuffer data = files.bytes(file, entry.offset, bytes);
            return new Tensor(
                    ElementType.FLOAT, entry.shape, entry.pairedRows ? halves(data) : data);
        } catch (IOException e) {
            throw new CheckpointException(where + ": cannot be read: " + e.getMessage(), e);
        }
    }

    /** Copies rows {@code 2i} and {@code 2i+1} of each head to {@code i} and {@code i+size/2}. */
    private ByteBuffer halves(ByteBuffer paired) {
        int row = config.hiddenSize() * Float.BYTES;
        int half = config.headSize() / 2;
        int heads = paired.remaining() / row / config.headSize();
        ByteBuffer halves =
                ByteBuffer.allocateDirect(paired.remaining()).order(ByteOrder.LITTLE_ENDIAN);
        for (int head = 0; head < heads; head++) {
            int first = head * config.headSize();
            for (int i = 0; i < half; i++) {
                halves.put((first + i) * row, paired, (first + 2 * i) * row, row);
                halves.put((first + i + half) * row, paired, (first + 2 * i + 1) * row, row);
            }
        }
        return halves.asReadOnlyBuffer();
    }

    private Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new CheckpointException(
                    "%s/%s: %s: expected a tensor of this name, found none; a llama2.c checkpoint has only those of a Llama without biases"
                            .formatted(files.location(), file, name));
        }
        return entry;
    }
}
