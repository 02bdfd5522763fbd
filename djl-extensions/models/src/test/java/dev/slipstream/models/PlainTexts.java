package dev.slipstream.models;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Texts of plain decoding: one token a run, one request at a time, every prompt read. */
final class PlainTexts implements AutoCloseable {
    private record Model(String name, Precision precision) {}

    private record Request(Model model, Prompt prompt, GenerationOptions options) {}

    private final Map<Model, AutoregressiveGenerator> models = new HashMap<>();
    private final Map<Request, Generation> texts = new HashMap<>();

    Generation of(String model, Precision precision, Prompt prompt, GenerationOptions options) {
        Model which = new Model(model, precision);
        return texts.computeIfAbsent(
                new Request(which, prompt, options),
                request -> open(which).generate(prompt, options));
    }

    private AutoregressiveGenerator open(Model which) {
        return models.computeIfAbsent(
                which,
                model ->
                        Models.open(
                                model.name,
                                LoadOptions.defaults()
                                        .withPrecision(model.precision)
                                        .withRequests(1, 0)
                                        .withCache(CacheOptions.NONE)));
    }

    @Override
    public void close() {
        List.copyOf(models.values()).forEach(AutoregressiveGenerator::close);
    }
}
