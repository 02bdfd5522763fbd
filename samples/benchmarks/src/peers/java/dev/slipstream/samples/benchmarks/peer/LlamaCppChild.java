package dev.slipstream.samples.benchmarks.peer;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.LlamaOutput;
import de.kherud.llama.ModelParameters;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * llama.cpp through de.kherud:llama. Options: {@code version=}, {@code flash=on} for its flash
 * attention, {@code draft=FILE} and {@code draft-max=N} for a model that drafts.
 */
public final class LlamaCppChild implements PeerEngine {
    /** The most tokens of a prompt in one run; llama-bench's own setting too. */
    private static final int BATCH = 512;

    /** What {@code generate} gives for one prompt. */
    private record Written(long first, long end, int pieces, String text) {}

    private final PeerArguments arguments;
    private final Field parameters;
    private final LlamaModel model;
    private LlamaModel shared;
    private int slots;

    private LlamaCppChild(PeerArguments arguments) throws ReflectiveOperationException {
        this.arguments = arguments;
        // A prompt of token ids: llama.cpp's server takes one, the binding's setter only text.
        parameters = Class.forName("de.kherud.llama.JsonParameters").getDeclaredField("parameters");
        parameters.setAccessible(true);
        model = open(1);
    }

    /**
     * Runs the child.
     *
     * @param arguments see {@link PeerArguments}
     */
    public static void main(String[] arguments) throws Exception {
        PeerLoop.run(arguments, LlamaCppChild::new);
    }

    private LlamaModel open(int slots) {
        ModelParameters options =
                new ModelParameters()
                        .setModel(arguments.model().toString())
                        .setThreads(arguments.threads())
                        .setThreadsBatch(arguments.threads())
                        .setCtxSize(arguments.context() * slots)
                        .setBatchSize(BATCH)
                        .setUbatchSize(BATCH)
                        .setParallel(slots);
        if (arguments.option("flash", "off").equals("on")) {
            options.enableFlashAttn();
        }
        String draft = arguments.option("draft", "");
        if (!draft.isEmpty()) {
            options.setModelDraft(draft)
                    .setCtxSizeDraft(arguments.context() * slots)
                    .setDraftMax(Integer.parseInt(arguments.option("draft-max", "4")))
                    .setDraftMin(0);
        }
        return new LlamaModel(options);
    }

    @Override
    public String name() {
        return "llama.cpp (de.kherud:llama " + version() + ")";
    }

    @Override
    public String version() {
        return arguments.option("version", "unknown");
    }

    @Override
    public Timing prefill(int[] tokens) throws IllegalAccessException {
        long start = System.nanoTime();
        Written written = write(model, request(tokens, 1).setIgnoreEos(true));
        return Timing.of((written.first - start) / 1e9);
    }

    @Override
    public Timing decode(int[] prompt, int tokens) throws IllegalAccessException {
        long start = System.nanoTime();
        Written written = write(model, request(prompt, tokens + 1).setIgnoreEos(true));
        return Timing.between(start, written.first, written.end, tokens, null);
    }

    @Override
    public Timing generate(String prompt, int tokens) {
        long start = System.nanoTime();
        Written written = write(model, greedy(new InferenceParameters(prompt), tokens));
        int count = Math.min(tokens, written.pieces);
        return Timing.between(start, written.first, written.end, count, written.text);
    }

    /** Slots share a context that is set when a model is opened: a second one, weights mapped twice. */
    @Override
    public Timing streams(List<int[]> prompts, int tokens) throws Exception {
        if (slots < prompts.size()) {
            if (shared != null) {
                shared.close();
            }
            slots = prompts.size();
            shared = open(slots);
        }
        ExecutorService threads = Executors.newFixedThreadPool(prompts.size());
        try {
            List<Callable<Written>> works = new ArrayList<>();
            for (int[] prompt : prompts) {
                works.add(() -> write(shared, request(prompt, tokens).setIgnoreEos(true)));
            }
            long start = System.nanoTime();
            for (Future<Written> done : threads.invokeAll(works)) {
                done.get();
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            return new Timing(seconds, 0, prompts.size() * tokens, null);
        } finally {
            threads.shutdownNow();
        }
    }

    private InferenceParameters request(int[] prompt, int tokens) throws IllegalAccessException {
        InferenceParameters request = greedy(new InferenceParameters(""), tokens);
        @SuppressWarnings("unchecked")
        Map<String, String> json = (Map<String, String>) parameters.get(request);
        json.put("prompt", Arrays.toString(prompt));
        return request;
    }

    private static InferenceParameters greedy(InferenceParameters request, int tokens) {
        return request.setTemperature(0).setTopK(1).setNPredict(tokens).setCachePrompt(false);
    }

    private static Written write(LlamaModel model, InferenceParameters request) {
        StringBuilder text = new StringBuilder();
        long first = 0;
        int pieces = 0;
        for (LlamaOutput output : model.generate(request)) {
            if (pieces++ == 0) {
                first = System.nanoTime();
            }
            text.append(output.text);
        }
        return new Written(first, System.nanoTime(), pieces, text.toString());
    }

    @Override
    public void close() {
        model.close();
        if (shared != null) {
            shared.close();
        }
    }
}
