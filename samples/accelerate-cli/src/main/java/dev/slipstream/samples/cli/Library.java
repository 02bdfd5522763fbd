package dev.slipstream.samples.cli;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * What the commands use of Slipstream.
 *
 * @param embedded names of the models in the jar, the default first
 * @param graphs reads a model's graph: an embedded name, a directory or an ONNX file
 * @param generators opens a model for text
 * @param models opens a model for evaluation
 */
record Library(
        Supplier<List<String>> embedded,
        BiFunction<String, LoadOptions, OnnxModel> graphs,
        BiFunction<String, LoadOptions, ? extends TextGenerator> generators,
        BiFunction<String, LoadOptions, LanguageModel> models) {
    static Library slipstream() {
        return new Library(
                Models::embedded,
                Models::graph,
                Models::open,
                (location, options) -> Models.open(location, options).model());
    }
}
