package dev.slipstream.samples.benchmarks.contest;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * llama.cpp's own {@code llama-bench}, a process for each run: it cannot be asked and stay. It
 * warms itself up before what it times, except in its first run, which stands for a cold start.
 */
public final class LlamaBench implements Running {
    private static final int POLL_MILLIS = 20;

    private final List<String> command;
    private final Path errors;
    private final Duration limit;
    private String version = "llama-bench";
    private ProcessMemory memory = ProcessMemory.NONE;
    private boolean cold = true;

    /**
     * Constructs runs.
     *
     * @param binary of {@code llama-bench}
     * @param model a GGUF file
     * @param threads to compute with
     * @param errors file that gets its output
     * @param limit the longest run
     */
    public LlamaBench(Path binary, Path model, int threads, Path errors, Duration limit) {
        this.command =
                List.of(
                        binary.toString(),
                        "-m",
                        model.toString(),
                        "-t",
                        Integer.toString(threads),
                        "-b",
                        "512",
                        "-ub",
                        "512",
                        "-ngl",
                        "0",
                        "-r",
                        "1",
                        "-o",
                        "json");
        this.errors = errors;
        this.limit = limit;
    }

    @Override
    public String version() {
        return version;
    }

    /** Returns 0: it opens the model in each run. */
    @Override
    public double loadSeconds() {
        return 0;
    }

    @Override
    public ProcessMemory memory() {
        return memory;
    }

    @Override
    public Answer run(Request request) {
        List<String> asked = new ArrayList<>(command);
        if (request instanceof Request.Prefill prefill) {
            asked.addAll(List.of("-p", Integer.toString(prefill.tokens()), "-n", "0"));
        } else if (request instanceof Request.Decode decode) {
            asked.addAll(List.of("-p", "0", "-n", Integer.toString(decode.tokens())));
            asked.addAll(List.of("-d", Integer.toString(decode.prompt())));
        } else {
            return new Answer.Unsupported(
                    "llama-bench reads drawn tokens only, one text at a time");
        }
        if (cold) {
            asked.add("--no-warmup");
            cold = false;
        }
        try {
            return parse(output(asked));
        } catch (IOException e) {
            return new Answer.Failed("llama-bench: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Answer.Failed("llama-bench: interrupted");
        }
    }

    private String output(List<String> asked) throws IOException, InterruptedException {
        Path out = errors.resolveSibling(errors.getFileName() + ".json");
        Process process =
                new ProcessBuilder(asked)
                        .redirectOutput(out.toFile())
                        .redirectError(errors.toFile())
                        .start();
        Thread killer = new Thread(process::destroyForcibly, "end llama-bench");
        Runtime.getRuntime().addShutdownHook(killer);
        try {
            long end = System.nanoTime() + limit.toNanos();
            // Only while it lives does the system tell its memory; the peak only grows.
            while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                ProcessMemory now = ProcessMemory.of(process.pid());
                if (now.peak() > 0) {
                    // What it has at some moment of a run says nothing.
                    memory = new ProcessMemory(0, Math.max(memory.peak(), now.peak()));
                }
                if (System.nanoTime() > end) {
                    throw new IOException("no end in %d s, ended".formatted(limit.toSeconds()));
                }
            }
        } finally {
            process.destroyForcibly();
            try {
                Runtime.getRuntime().removeShutdownHook(killer);
            } catch (IllegalStateException e) {
                // The hook is running.
            }
        }
        if (process.exitValue() != 0) {
            throw new IOException(
                    "ended with exit code " + process.exitValue() + ", see " + errors);
        }
        return Files.readString(out, StandardCharsets.UTF_8);
    }

    private Answer parse(String output) throws IOException {
        try {
            JsonArray tests = JsonParser.parseString(output).getAsJsonArray();
            JsonObject test = tests.get(tests.size() - 1).getAsJsonObject();
            version =
                    "llama-bench %s (%s)"
                            .formatted(
                                    test.get("build_number").getAsString(),
                                    test.get("build_commit").getAsString());
            return new Answer.Done(test.get("avg_ns").getAsDouble() / 1e9, null, 0, null);
        } catch (JsonParseException
                | IllegalStateException
                | IndexOutOfBoundsException
                | NullPointerException e) {
            throw new IOException("expected a list of tests with avg_ns, found " + output, e);
        }
    }

    @Override
    public void close() {
        // Nothing stays between runs.
    }
}
