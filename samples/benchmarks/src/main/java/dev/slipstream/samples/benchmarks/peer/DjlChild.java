package dev.slipstream.samples.benchmarks.peer;

import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.modality.nlp.generate.SearchConfig;
import ai.djl.modality.nlp.generate.TextGenerator;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.runtime.OnnxRuntime;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;

/**
 * DJL's own {@link TextGenerator}, greedy, on its ONNX Runtime engine. It does its arithmetic
 * between two steps with NDArrays, which that engine has not, so PyTorch's must be on the class
 * path. It knows no end of a text, cannot be watched while it writes, and searches in batches of
 * prompts of one length.
 */
public final class DjlChild implements PeerEngine {
    private final ZooModel<NDList, CausalLMOutput> model;
    private final Predictor<NDList, CausalLMOutput> predictor;
    private final FirstOutput watch;
    private final NDManager manager;
    private final Tokenizer tokenizer;

    private DjlChild(PeerArguments arguments) throws Exception {
        OnnxRuntime.start();
        watch = new FirstOutput(arguments.model().resolve("model.onnx"));
        model =
                Criteria.builder()
                        .setTypes(NDList.class, CausalLMOutput.class)
                        .optModelPath(arguments.model())
                        .optModelName("model")
                        .optEngine("OnnxRuntime")
                        .optOption("intraOpNumThreads", String.valueOf(arguments.threads()))
                        .optTranslator(watch)
                        .build()
                        .loadModel();
        predictor = model.newPredictor();
        manager = NDManager.newBaseManager(ai.djl.Device.cpu(), "PyTorch");
        tokenizer = new Tokenizer(Files.readString(arguments.model().resolve("tokenizer.json")));
    }

    /**
     * Runs the child.
     *
     * @param arguments see {@link PeerArguments}
     */
    public static void main(String[] arguments) throws Exception {
        PeerLoop.run(arguments, DjlChild::new);
    }

    @Override
    public String name() {
        return "DJL TextGenerator (ai.djl:api " + version() + ", ONNX Runtime, PyTorch NDArrays)";
    }

    @Override
    public String version() {
        return Engine.getDjlVersion();
    }

    @Override
    public Timing prefill(int[] tokens) throws TranslateException {
        long start = System.nanoTime();
        search(List.of(tokens), 1);
        return Timing.of((System.nanoTime() - start) / 1e9);
    }

    @Override
    public Timing decode(int[] prompt, int tokens) throws TranslateException {
        long start = System.nanoTime();
        search(List.of(prompt), tokens + 1);
        long end = System.nanoTime();
        return Timing.between(start, watch.firstNanos(), end, tokens, null);
    }

    @Override
    public Timing generate(String prompt, int tokens) throws TranslateException {
        int[] ids = tokenizer.encode(prompt, Tokenizer.SpecialTokens.ADD);
        long start = System.nanoTime();
        long[] all = search(List.of(ids), tokens);
        long end = System.nanoTime();
        int[] written = Arrays.stream(all).skip(ids.length).mapToInt(Math::toIntExact).toArray();
        return Timing.between(
                start,
                watch.firstNanos(),
                end,
                written.length,
                tokenizer.decode(written, 0, written.length));
    }

    @Override
    public Timing streams(List<int[]> prompts, int tokens) throws TranslateException {
        long start = System.nanoTime();
        search(prompts, tokens);
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Timing(seconds, 0, prompts.size() * tokens, null);
    }

    /** Returns the ids of prompts and what was written, one after the other. */
    private long[] search(List<int[]> prompts, int tokens) throws TranslateException {
        int length = prompts.get(0).length;
        long[] ids = prompts.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
        SearchConfig config = new SearchConfig();
        config.setMaxSeqLength(length + tokens);
        // Its own padding token would be taken out of the attention, wherever it stands.
        config.setPadTokenId(Long.MIN_VALUE);
        watch.reset();
        try (NDManager run = manager.newSubManager()) {
            NDArray input = run.create(ids, new Shape(prompts.size(), length));
            TextGenerator generator = new TextGenerator(predictor, "greedy", config);
            return generator.greedySearch(input).toLongArray();
        }
    }

    @Override
    public void close() {
        tokenizer.close();
        manager.close();
        predictor.close();
        model.close();
    }
}
