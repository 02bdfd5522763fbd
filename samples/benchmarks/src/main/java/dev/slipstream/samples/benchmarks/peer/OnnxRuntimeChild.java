package dev.slipstream.samples.benchmarks.peer;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.runtime.OnnxRuntime;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * ONNX Runtime without a library around it: a {@link BareLoop} over the portable graph, with its
 * default session options but for the threads. The model is a directory with {@code model.onnx} and
 * {@code tokenizer.json}.
 */
public final class OnnxRuntimeChild implements PeerEngine {
    private final OrtSession session;
    private final BareLoop loop;
    private final Tokenizer tokenizer;
    private final int context;

    OnnxRuntimeChild(PeerArguments arguments) throws OrtException, IOException {
        OrtEnvironment environment = OnnxRuntime.start();
        context = arguments.context();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(arguments.threads());
            String profile = arguments.option("profile", "");
            if (!profile.isEmpty()) {
                options.enableProfiling(profile);
            }
            String model = arguments.model().resolve("model.onnx").toString();
            session = environment.createSession(model, options);
        }
        loop = new BareLoop(session, context);
        tokenizer = new Tokenizer(Files.readString(arguments.model().resolve("tokenizer.json")));
    }

    /**
     * Runs the child.
     *
     * @param arguments see {@link PeerArguments}
     */
    public static void main(String[] arguments) throws Exception {
        PeerLoop.run(arguments, OnnxRuntimeChild::new);
    }

    @Override
    public String name() {
        return "ONNX Runtime, bare loop (com.microsoft.onnxruntime:onnxruntime " + version() + ")";
    }

    @Override
    public String version() {
        return OnnxRuntime.version();
    }

    @Override
    public Timing prefill(int[] tokens) throws OrtException {
        loop.clear();
        long start = System.nanoTime();
        loop.step(tokens);
        return Timing.of((System.nanoTime() - start) / 1e9);
    }

    @Override
    public Timing decode(int[] prompt, int tokens) throws OrtException {
        loop.clear();
        long start = System.nanoTime();
        int token = loop.step(prompt);
        long first = System.nanoTime();
        for (int i = 0; i < tokens; i++) {
            token = loop.step(token);
        }
        return Timing.between(start, first, System.nanoTime(), tokens, null);
    }

    @Override
    public Timing generate(String prompt, int tokens) throws OrtException {
        loop.clear();
        int[] written = new int[tokens];
        long start = System.nanoTime();
        written[0] = loop.step(tokenizer.encode(prompt, Tokenizer.SpecialTokens.ADD));
        long first = System.nanoTime();
        for (int i = 1; i < tokens; i++) {
            written[i] = loop.step(written[i - 1]);
        }
        long end = System.nanoTime();
        return Timing.between(start, first, end, tokens, tokenizer.decode(written, 0, tokens));
    }

    /** One loop a stream, each on its own thread; the session takes calls from all of them. */
    @Override
    public Timing streams(List<int[]> prompts, int tokens) throws Exception {
        List<BareLoop> loops = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(prompts.size());
        try {
            List<Callable<Integer>> works = new ArrayList<>();
            for (int[] prompt : prompts) {
                BareLoop own = new BareLoop(session, context);
                loops.add(own);
                works.add(
                        () -> {
                            int token = own.step(prompt);
                            for (int i = 1; i < tokens; i++) {
                                token = own.step(token);
                            }
                            return token;
                        });
            }
            long start = System.nanoTime();
            for (Future<Integer> done : threads.invokeAll(works)) {
                done.get();
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return new Timing(seconds, 0, prompts.size() * tokens, null);
        } finally {
            threads.shutdownNow();
            loops.forEach(BareLoop::close);
        }
    }

    @Override
    public void close() {
        loop.close();
        tokenizer.close();
        try {
            session.close();
        } catch (OrtException e) {
            throw new IllegalStateException(e);
        }
    }
}
