package dev.slipstream.blocks;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.ParameterStore;
import dev.slipstream.checkpoint.DecoderConfig;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * What a layer computes in bfloat16, as a TorchScript program that is written here and never lies
 * on disk. DJL's PyTorch engine has no bfloat16 arrays and its casts cut gradients off; inside a
 * program both work, and attention is one fused kernel that never stores the scores. Two to three
 * times as fast as {@link Arithmetic#FLOAT32} on a processor with AMX.
 */
final class LayerScript implements AutoCloseable {
    /** PyTorch's code of bfloat16. */
    private static final int BRAIN = 15;

    /** PyTorch's code of 32-bit floats. */
    private static final int FLOAT = 6;

    private static final String ARCHIVE = "layer/";

    /** A pickled object of the class Layer, in the mode of training and without parameters. */
    private static final String OBJECT =
            "\u0080\u0002c__torch__\nLayer\nq\u0000)\u0081}(X\u0008\u0000\u0000\u0000training\u0088ub.";

    private static final String NO_CONSTANTS = "\u0080\u0002).";

    private final Model program;
    private final ParameterStore store;

    LayerScript(DecoderConfig config) {
        program = Model.newInstance("layer", "PyTorch");
        store = new ParameterStore(program.getNDManager(), false);
        try {
            program.load(new ByteArrayInputStream(archive(source(config))));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (MalformedModelException e) {
            throw new IllegalStateException("PyTorch refuses the program of a layer", e);
        }
    }

    /** Returns the residual stream with what the attention adds to it. */
    NDArray attention(NDList inputs, List<NDArray> biases) {
        NDList all = new NDList(inputs);
        for (NDArray bias : biases) {
            bias.setName("biases[]");
            all.add(bias);
        }
        return run("attention", all);
    }

    /** Returns the residual stream with what the feed-forward adds to it. */
    NDArray feedForward(NDList inputs) {
        return run("feed", inputs);
    }

    /** Returns a product in 32-bit floats. */
    NDArray product(NDArray x, NDArray matrix) {
        return run("product", new NDList(x, matrix));
    }

    private NDArray run(String method, NDList inputs) {
        // With it the casts of a program's second run are differentiated wrongly.
        JniUtils.setGraphExecutorOptimize(false);
        NDManager manager = inputs.get(0).getManager();
        try (NDArray name = manager.create(0)) {
            name.setName("module_method:" + method);
            NDList named = new NDList(inputs);
            named.add(name);
            NDArray result = program.getBlock().forward(store, named, true).singletonOrThrow();
            result.attach(manager);
            return result;
        }
    }

    @Override
    public void close() {
        program.close();
    }

    private static String source(DecoderConfig config) {
        List<String> inputs = new ArrayList<>(List.of("stream", "norm", "cos", "sin"));
        boolean norms = config.queryKeyNorms();
        inputs.addAll(projection("query", config.attentionBias()));
        inputs.addAll(projection("key", config.attentionBias()));
        inputs.addAll(projection("value", config.attentionBias()));
        inputs.addAll(projection("output", config.outputBias()));
        if (norms) {
            inputs.addAll(List.of("query_norm", "key_norm"));
        }
        int size = config.headSize();
        String epsilon = Double.toString(config.normEpsilon());
        String queries = norms ? "torch.rms_norm(q, [%d], brain(query_norm), %s)" : "q";
        String keys = norms ? "torch.rms_norm(k, [%d], brain(key_norm), %s)" : "k";
        String text =
                """
                class Layer(Module):
                  __parameters__ = []
                  __buffers__ = []
                  training : bool
                  def forward(self: __torch__.Layer, x: Tensor) -> Tensor:
                    return x
                  def turn(self: __torch__.Layer, h: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
                    halves = torch.chunk(h, 2, -1)
                    a = halves[0]
                    b = halves[1]
                    return torch.cat([torch.sub(torch.mul(a, cos), torch.mul(b, sin)), torch.add(torch.mul(b, cos), torch.mul(a, sin))], -1)
                  def heads(self: __torch__.Layer, x: Tensor, count: int) -> Tensor:
                    return torch.transpose(torch.view(x, [torch.size(x, 0), torch.size(x, 1), count, SIZE]), 1, 2)
                  def attention(self: __torch__.Layer, INPUTS, biases: List[Tensor]) -> Tensor:
                    x = brain(torch.rms_norm(stream, [HIDDEN], norm, EPSILON))
                    c = brain(cos)
                    s = brain(sin)
                    q = (self).heads(QUERY, HEADS)
                    k = (self).heads(KEY, KVHEADS)
                    v = torch.repeat_interleave((self).heads(VALUE, KVHEADS), GROUP, 1)
                    qt = (self).turn(NORMED_QUERY, c, s)
                    kt = torch.repeat_interleave((self).turn(NORMED_KEY, c, s), GROUP, 1)
                    parts = annotate(List[Tensor], [])
                    first = 0
                    for i in range(torch.len(biases)):
                      bias = biases[i]
                      next = torch.add(first, torch.size(bias, 0))
                      seen = torch.size(bias, 1)
                      part = torch.scaled_dot_product_attention(torch.slice(qt, 2, first, next), torch.slice(kt, 2, 0, seen), torch.slice(v, 2, 0, seen), brain(bias))
                      _0 = torch.append(parts, part)
                      first = next
                    joined = torch.flatten(torch.transpose(torch.cat(parts, 2), 1, 2), 2, 3)
                    return torch.add(stream, OUTPUT)
                  def feed(self: __torch__.Layer, stream: Tensor, norm: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
                    x = brain(torch.rms_norm(stream, [HIDDEN], norm, EPSILON))
                    active = torch.mul(torch.silu(torch.linear(x, brain(gate), None)), torch.linear(x, brain(up), None))
                    return torch.add(stream, torch.linear(active, brain(down), None))
                  def product(self: __torch__.Layer, x: Tensor, matrix: Tensor) -> Tensor:
                    return torch.to(torch.linear(brain(x), brain(matrix), None), FLOAT)
                """;
        return text.replace("INPUTS", String.join(": Tensor, ", inputs) + ": Tensor")
                .replace("KVHEADS", Integer.toString(config.keyValueHeads()))
                .replace("NORMED_QUERY", queries.formatted(size, epsilon))
                .replace("NORMED_KEY", keys.formatted(size, epsilon))
                .replace("QUERY", linear("query", "x", config.attentionBias()))
                .replace("KEY", linear("key", "x", config.attentionBias()))
                .replace("VALUE", linear("value", "x", config.attentionBias()))
                .replace("OUTPUT", linear("output", "joined", config.outputBias()))
                .replace("HEADS", Integer.toString(config.heads()))
                .replace("GROUP", Integer.toString(config.heads() / config.keyValueHeads()))
                .replace("HIDDEN", Integer.toString(config.hiddenSize()))
                .replace("SIZE", Integer.toString(size))
                .replace("EPSILON", epsilon)
                .replace("FLOAT", Integer.toString(FLOAT))
                .replaceAll(
                        "brain\\((\\w+|torch\\.rms_norm\\([^)]*\\))\\)",
                        "torch.to($1, " + BRAIN + ")");
    }

    private static List<String> projection(String name, boolean biased) {
        return biased ? List.of(name, name + "_bias") : List.of(name);
    }

    private static String linear(String name, String x, boolean biased) {
        return "torch.linear(%s, brain(%s), %s)"
                .formatted(x, name, biased ? "brain(" + name + "_bias)" : "None");
    }

    private static byte[] archive(String source) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            store(zip, "data.pkl", OBJECT.getBytes(StandardCharsets.ISO_8859_1));
            store(zip, "code/__torch__.py", source.getBytes(StandardCharsets.US_ASCII));
            store(zip, "constants.pkl", NO_CONSTANTS.getBytes(StandardCharsets.ISO_8859_1));
            store(zip, "version", "3\n".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** PyTorch reads entries in place: they must not be compressed. */
    private static void store(ZipOutputStream zip, String name, byte[] bytes) throws IOException {
        ZipEntry entry = new ZipEntry(ARCHIVE + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(bytes.length);
        CRC32 sum = new CRC32();
        sum.update(bytes);
        entry.setCrc(sum.getValue());
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }
}
