package dev.slipstream.samples.benchmarks.contest;

import dev.slipstream.checkpoint.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A program that can be measured: how to start it as a child process that speaks the protocol of
 * {@link ContenderProcess}, and what it reads.
 */
public interface Contender {
    /** Returns the name that tables show. */
    String name();

    /** Returns the precisions of weights that it can compute with. */
    Set<Precision> precisions();

    /**
     * Returns what the program opens. Writes it first, where it is not there from another time.
     *
     * @param checkpoint a Hugging Face directory: {@code config.json}, {@code model.safetensors} or
     *     its shards, {@code tokenizer.json}; or one of a llama2.c model
     * @param precision one of {@link #precisions()}
     * @param folder an existing directory for files made of this checkpoint, shared by all
     * @throws IOException if it cannot be written
     */
    Path model(Path checkpoint, Precision precision, Path folder) throws IOException;

    /**
     * Returns the command line that starts the program.
     *
     * @param model as {@link #model} returned it
     * @param threads to compute with
     * @param context the most tokens of a text
     */
    List<String> command(Path model, int threads, int context);

    /**
     * Returns the command line of a process that writes ONNX Runtime's profile when it ends; null
     * where there is none.
     *
     * @param model as {@link #model} returned it
     * @param threads to compute with
     * @param context the most tokens of a text
     * @param prefix how the profile's path begins; ONNX Runtime puts the time behind it
     */
    default @Nullable List<String> profiling(Path model, int threads, int context, Path prefix) {
        return null;
    }

    /** Returns settings of the program that make it faster and leave its texts alone. */
    default List<Contender> accelerated() {
        return List.of();
    }

    /**
     * Returns the same program as it starts with a directory for what it keeps from one start to
     * the next; itself where it keeps nothing.
     *
     * @param directory an existing one
     */
    default Contender keepingIn(Path directory) {
        return this;
    }

    /**
     * Returns the same program set up for so many texts at once; itself where that is no setting.
     */
    default Contender forStreams(int streams) {
        return this;
    }

    /**
     * Starts the program and waits until its model is open.
     *
     * @param model as {@link #model} returned it
     * @param threads to compute with
     * @param context the most tokens of a text
     * @param errors file that gets its standard error
     * @param limit the longest wait for an answer
     * @throws IOException if it cannot be started
     */
    default Running start(Path model, int threads, int context, Path errors, Duration limit)
            throws IOException {
        return ContenderProcess.start(name(), command(model, threads, context), errors, limit);
    }

    /** Returns the precision's bits of one weight of a matrix, with its share of the scales. */
    default double bitsPerWeight(Precision precision) {
        return switch (precision) {
            case FP32 -> 32;
            case INT8 -> 8.5;
            case INT4 -> 4.5;
        };
    }

    /** Returns the bytes of one number of the key/value cache. */
    default int cacheBytes() {
        return Float.BYTES;
    }
}
