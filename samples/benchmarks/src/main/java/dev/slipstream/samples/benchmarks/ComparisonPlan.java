package dev.slipstream.samples.benchmarks;

import dev.slipstream.checkpoint.Precision;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is to be compared.
 *
 * @param work directory for weights, profiles and logs
 * @param shapes of models, or names of real ones
 * @param weights precisions
 * @param threads numbers of them
 * @param rounds that are kept, after one to warm up
 * @param prefill tokens of prompts that are read
 * @param prompts tokens before decoding begins
 * @param tokens to decode
 * @param streams numbers of concurrent texts
 * @param parts what is measured
 * @param limit the longest wait for one run
 * @param longestRun seconds that a run may take and be repeated
 * @param text that lossy settings are judged by; null leaves them out
 * @param calibration text that passes look at; null takes only passes that need none
 */
record ComparisonPlan(
        Path work,
        List<String> shapes,
        List<Precision> weights,
        List<Integer> threads,
        int rounds,
        List<Integer> prefill,
        List<Integer> prompts,
        int tokens,
        List<Integer> streams,
        Set<Part> parts,
        Duration limit,
        double longestRun,
        @Nullable Path text,
        @Nullable Path calibration) {
    /** Parts of a comparison. */
    enum Part {
        /** Read speed of the memory. */
        BANDWIDTH,
        /** Reading and decoding drawn tokens, and memory. */
        PLAIN,
        /** Starts of processes. */
        START,
        /** Several texts at once. */
        STREAMS,
        /** Reading and decoding beside a busy process. */
        BUSY,
        /** Operators' shares. */
        PROFILE,
        /** Texts with drafters and the prefix cache; real models only. */
        ACCELERATED,
        /** Passes with their price; real models only, and with a text only. */
        LOSSY
    }

    /** Copies the lists. */
    ComparisonPlan {
        shapes = List.copyOf(shapes);
        weights = List.copyOf(weights);
        threads = List.copyOf(threads);
        prefill = List.copyOf(prefill);
        prompts = List.copyOf(prompts);
        streams = List.copyOf(streams);
        parts = Set.copyOf(parts);
    }

    boolean has(Part part) {
        return parts.contains(part);
    }
}
