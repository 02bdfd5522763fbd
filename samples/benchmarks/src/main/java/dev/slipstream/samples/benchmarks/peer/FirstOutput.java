package dev.slipstream.samples.benchmarks.peer;

import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import dev.slipstream.graph.OnnxModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives a decoder of the transformers.js form what {@code TextGenerator} has, and remembers when
 * the first logits came back, which that class tells nobody. DJL's own translator for this names
 * the heads of GPT-2 and an input {@code use_cache_branch}, so each model needs one of its own.
 */
final class FirstOutput implements NoBatchifyTranslator<NDList, CausalLMOutput> {
    private record Past(String name, long heads, long headSize) {}

    private final List<Past> pasts = new ArrayList<>();
    private long firstNanos;

    /** Reads the shapes of the past from a model file. */
    FirstOutput(Path model) throws IOException {
        for (var input : OnnxModel.read(model).inputs()) {
            if (input.getName().startsWith("past_key_values.")) {
                var shape = input.getType().getTensorType().getShape();
                pasts.add(
                        new Past(
                                input.getName(),
                                shape.getDim(1).getDimValue(),
                                shape.getDim(3).getDimValue()));
            }
        }
    }

    void reset() {
        firstNanos = 0;
    }

    long firstNanos() {
        return firstNanos;
    }

    @Override
    public NDList processInput(TranslatorContext context, NDList input) {
        NDManager manager = context.getNDManager();
        NDList named = new NDList();
        // Second comes position_ids, which the graph counts for itself.
        named.add(named(input.get(0), "input_ids"));
        named.add(named(input.get(2), "attention_mask"));
        long batch = input.get(0).getShape().get(0);
        for (int i = 0; i < pasts.size(); i++) {
            Past past = pasts.get(i);
            NDArray values =
                    input.size() > 3
                            ? input.get(3 + i)
                            : manager.create(
                                    new Shape(batch, past.heads, 0, past.headSize),
                                    DataType.FLOAT32);
            named.add(named(values, past.name));
        }
        return named;
    }

    private static NDArray named(NDArray array, String name) {
        array.setName(name);
        return array;
    }

    @Override
    public CausalLMOutput processOutput(TranslatorContext context, NDList output) {
        NDArray logits = output.get("logits");
        if (firstNanos == 0) {
            firstNanos = System.nanoTime();
        }
        NDList presents = new NDList();
        for (Past past : pasts) {
            presents.add(output.get(past.name.replace("past_key_values", "present")));
        }
        return new CausalLMOutput(logits, presents);
    }
}
