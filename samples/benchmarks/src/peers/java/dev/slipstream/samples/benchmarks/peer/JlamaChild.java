package dev.slipstream.samples.benchmarks.peer;

import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.safetensors.SafeTensorSupport;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.tensor.operations.TensorOperationsProvider;
import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import dev.slipstream.decode.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Jlama. Options: {@code version=}, {@code activations=} for the type that it rounds activations to,
 * {@code I8} or {@code F32}. With the arguments {@code quantize FROM TO TYPE} it writes a directory
 * of its own quantisation instead.
 */
public final class JlamaChild implements PeerEngine {
    private final PeerArguments arguments;
    private final AbstractModel model;
    private final KvBufferCache cache;
    private final Tokenizer tokenizer;

    private JlamaChild(PeerArguments arguments) throws IOException {
        this.arguments = arguments;
        PhysicalCoreExecutor.overrideThreadCount(arguments.threads());
        model =
                ModelSupport.loadModel(
                        arguments.model().toFile(),
                        DType.F32,
                        DType.valueOf(arguments.option("activations", "F32")));
        cache = new KvBufferCache(model);
        // Its own cuts byte-level vocabularies of GPT-2's form wrongly, and gives no spaces back.
        tokenizer = new Tokenizer(Files.readString(arguments.model().resolve("tokenizer.json")));
    }

    /**
     * Runs the child.
     *
     * @param arguments see {@link PeerArguments}, or {@code quantize FROM TO TYPE}
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("quantize")) {
            SafeTensorSupport.quantizeModel(
                    Path.of(arguments[1]),
                    DType.valueOf(arguments[3]),
                    new String[0],
                    new String[0],
                    Optional.of(Path.of(arguments[2])));
            System.exit(0);
        }
        PeerLoop.run(arguments, JlamaChild::new);
    }

    @Override
    public String name() {
        return "Jlama (com.github.tjake:jlama-core "
                + version()
                + ", "
                + TensorOperationsProvider.get().name()
                + ")";
    }

    @Override
    public String version() {
        return arguments.option("version", "unknown");
    }

    @Override
    public Timing prefill(int[] tokens) {
        long start = System.nanoTime();
        try (KvBufferCache.KvBuffer past = cache.getEphemeralKvBuffer();
                AbstractTensor logits = logits()) {
            read(tokens, past, logits);
        }
        return Timing.of((System.nanoTime() - start) / 1e9);
    }

    @Override
    public Timing decode(int[] prompt, int tokens) {
        long start = System.nanoTime();
        try (KvBufferCache.KvBuffer past = cache.getEphemeralKvBuffer();
                AbstractTensor logits = logits()) {
            int token = read(prompt, past, logits);
            long first = System.nanoTime();
            for (int i = 0; i < tokens; i++) {
                token = step(token, prompt.length + i, past, logits);
            }
            return Timing.between(start, first, System.nanoTime(), tokens, null);
        }
    }

    @Override
    public Timing generate(String prompt, int tokens) {
        int[] ids = tokenizer.encode(prompt, Tokenizer.SpecialTokens.ADD);
        int[] written = new int[tokens];
        long start = System.nanoTime();
        try (KvBufferCache.KvBuffer past = cache.getEphemeralKvBuffer();
                AbstractTensor logits = logits()) {
            int token = read(ids, past, logits);
            long first = System.nanoTime();
            int count = 1;
            written[0] = token;
            while (count < tokens && !model.getConfig().eosTokens.contains(token)) {
                token = step(token, ids.length + count - 1, past, logits);
                written[count++] = token;
            }
            long end = System.nanoTime();
            String text = tokenizer.decode(written, 0, count);
            return Timing.between(start, first, end, count, text);
        }
    }

    @Override
    public Timing streams(List<int[]> prompts, int tokens) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(prompts.size());
        try {
            List<Callable<Timing>> works = new ArrayList<>();
            for (int[] prompt : prompts) {
                works.add(() -> decode(prompt, tokens - 1));
            }
            long start = System.nanoTime();
            for (Future<Timing> done : threads.invokeAll(works)) {
                done.get();
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return new Timing(seconds, 0, prompts.size() * tokens, null);
        } finally {
            threads.shutdownNow();
        }
    }

    private AbstractTensor logits() {
        return model.makeDenseTensor(1, model.getConfig().vocabularySize);
    }

    private int read(int[] tokens, KvBufferCache.KvBuffer past, AbstractTensor logits) {
        try (AbstractTensor rows = model.batchForward(tokens, 0, past)) {
            return model.sample(rows.slice(rows.shape().first() - 1), 0, 0, logits);
        }
    }

    private int step(int token, int at, KvBufferCache.KvBuffer past, AbstractTensor logits) {
        try (AbstractTensor row = model.forward(token, at, past, Optional.empty())) {
            return model.sample(row, 0, 0, logits);
        }
    }

    @Override
    public void close() {
        tokenizer.close();
        cache.close();
        model.close();
    }
}
