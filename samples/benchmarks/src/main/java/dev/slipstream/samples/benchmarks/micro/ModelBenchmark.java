package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Locale;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.TearDown;

/** A benchmark of a model, which is closed at its end. */
public abstract class ModelBenchmark extends MicroBenchmark {
    /** The name of an embedded model, or a model directory. */
    @Param("storyteller-7m")
    public String model;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    ModelBenchmark() {}

    /** Closes what was opened, the last first; a model closes its sessions. */
    @TearDown
    public void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    /**
     * Returns options as a user gets them, without a prefix cache.
     *
     * @param weights fp32, int8 or int4
     * @param threads of a run
     */
    static LoadOptions options(String weights, int threads) {
        return LoadOptions.defaults()
                .withPrecision(precision(weights))
                .withThreads(threads)
                .withCache(CacheOptions.NONE);
    }

    private static Precision precision(String weights) {
        return Arrays.stream(Precision.values())
                .filter(precision -> precision.name().toLowerCase(Locale.ROOT).equals(weights))
                .findFirst()
                .orElseThrow(
                        () ->
                                new IllegalArgumentException(
                                        "weights: expected fp32, int8 or int4, found " + weights));
    }

    /** Opens the model; it is closed at the end. */
    final LanguageModel open(LoadOptions options) {
        var generator = Models.open(model, options);
        opened.push(generator);
        return generator.model();
    }

    /**
     * Opens what was made of the model's graph; it is closed at the end.
     *
     * @param graph of the same tokens
     * @param contextLength the most tokens of a session
     */
    final DecoderModel open(OnnxModel graph, int contextLength, RuntimeOptions options) {
        DecoderModel decoder = DecoderModel.open(graph, contextLength, options);
        opened.push(decoder);
        return decoder;
    }
}
