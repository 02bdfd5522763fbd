package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
            weights.layOut();
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
                BEGIN);
    }

    private void layOut() {
        long hidden = config.hiddenSize();
        long neurons = config.intermediateSize();
        long keys = (long) config.keyValueHeads() * config.headSize();
        long vocabulary = config.vocabularySize();
        add("model.embed_tokens.weight", false, vocabulary, hidden);
        addLayers("input_layernorm", false, hidden);
        addLayers("self_attn.q_proj", true, hidden, hidden);
        addLayers("self_attn.k_proj", true, keys, hidden);
        addLayers("self_attn.v_proj", false, keys, hidden);
        addLayers("self_attn.o_proj", false, hidden, hidden);
        addLayers("post_attention_layernorm", false, hidden);
        addLayers("mlp.gate_proj", false, neurons, hidden);
        addLayers("mlp.down_proj", false, hidden, neurons);
        addLayers("mlp.up_proj", false, neurons, hidden);
        add("model.norm.weight", false, hidden);
        // Two tables of cosines and sines, which llama2.c itself computes anew.
        skip(config.contextLength(), config.headSize());
        if (!config.tiedEmbeddings()) {
            add("lm_head.weight", false, vocabulary, hidden);
        }
    }

    private void addLayers(String part, boolean pairedRows, long... shape) {
        for (int layer = 0; layer < config.layers(); layer++) {
            add("model.layers.%d.%s.weight".formatted(layer, part), pairedRows, shape);
        }
    }

    private void add(String name, boolean pairedRows, long... shape) {
        entries.put(name, new Entry(end, Arrays.stream(shape).boxed().toList(), pairedRows));
        skip(shape);
    }

    private void skip(long... shape) {
        long bytes = Float.BYTES;
        for (long dimension : shape) {
            bytes = Math.multiplyExact(bytes, dimension);
        }
        end = Math.addExact(end, bytes);
    }

    DecoderConfig config() {
        return config;
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
        long bytes = Float.BYTES;
        for (long dimension : entry.shape) {
            bytes *= dimension;
        }
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
