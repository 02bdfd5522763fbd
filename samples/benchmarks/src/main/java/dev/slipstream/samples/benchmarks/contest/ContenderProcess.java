package dev.slipstream.samples.benchmarks.contest;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A contender in a child process, which stays loaded from run to run. They speak JSON, a line at a
 * time; what else it prints is noise and passed over.
 *
 * <pre>
 * child   {"ready":true,"name":"...","version":"...","loadSeconds":1.23}
 * parent  {"run":"prefill","tokens":128}
 * child   {"seconds":0.14}
 * parent  {"run":"decode","prompt":512,"tokens":128}
 * child   {"seconds":0.61,"firstTokenSeconds":0.75}
 * parent  {"run":"generate","prompt":"Once","tokens":128}
 * child   {"seconds":0.6,"firstTokenSeconds":0.01,"tokens":128,"text":"..."}
 * parent  {"run":"streams","streams":4,"prompt":32,"tokens":64}
 * child   {"seconds":0.9,"tokens":256}
 * parent  {"run":"exit"}
 * </pre>
 *
 * <p>A run that it cannot do is answered with {@code {"unsupported":"why"}}, one that failed with
 * {@code {"error":"message"}}. A child that dies or keeps silent longer than the limit is a failed
 * run and nothing worse; none outlives this process.
 */
public final class ContenderProcess implements Running {
    private static final Duration GOODBYE = Duration.ofSeconds(5);
    private static final int LAST_LINES = 5;

    /** Stands for the end of the child's output. */
    private static final JsonObject END = new JsonObject();

    private final String name;
    private final Process process;
    private final BufferedWriter requests;
    private final BlockingQueue<JsonObject> answers = new LinkedBlockingQueue<>();
    private final Path errors;
    private final Duration limit;
    private final Thread killer;
    private final long started = System.nanoTime();
    private String version = "";
    private double loadSeconds;
    private @Nullable String death;
    private ProcessMemory memory = ProcessMemory.NONE;

    private ContenderProcess(String name, Process process, Path errors, Duration limit) {
        this.name = name;
        this.process = process;
        this.errors = errors;
        this.limit = limit;
        this.requests =
                new BufferedWriter(
                        new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        this.killer = new Thread(process::destroyForcibly, "end " + name);
        Runtime.getRuntime().addShutdownHook(killer);
        Thread reader = new Thread(this::read, "answers of " + name);
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Starts a child and waits until its model is open.
     *
     * @param name for messages
     * @param command with its arguments
     * @param errors file that gets its standard error
     * @param limit the longest wait for an answer
     * @throws IOException if it cannot be started, or dies or keeps silent instead; the message has
     *     the last lines of its standard error
     */
    public static ContenderProcess start(
            String name, List<String> command, Path errors, Duration limit) throws IOException {
        Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        ContenderProcess started = new ContenderProcess(name, process, errors, limit);
        started.awaitReady();
        return started;
    }

    private void awaitReady() throws IOException {
        JsonObject ready = next();
        if (ready == null || !ready.has("ready")) {
            String why = death;
            if (ready != null) {
                why = name + ": expected to hear that it is ready, found " + ready;
            }
            close();
            throw new IOException(why);
        }
        loadSeconds = (System.nanoTime() - started) / 1e9;
        version = ready.has("name") ? ready.get("name").getAsString() : name;
    }

    @Override
    public String version() {
        return version;
    }

    @Override
    public double loadSeconds() {
        return loadSeconds;
    }

    @Override
    public ProcessMemory memory() {
        ProcessMemory now = ProcessMemory.of(process.pid());
        if (now.resident() > 0) {
            memory = now;
        }
        return memory;
    }

    @Override
    public Answer run(Request request) {
        if (death == null) {
            try {
                requests.write(request.json() + "\n");
                requests.flush();
            } catch (IOException e) {
                // The reader says how it ended.
            }
            JsonObject answer = next();
            if (answer != null) {
                return Answer.of(answer);
            }
        }
        return new Answer.Failed(String.valueOf(death));
    }

    /** Returns the next answer; null if there is none and never will be. */
    private @Nullable JsonObject next() {
        try {
            JsonObject answer = answers.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (answer == null) {
                process.destroyForcibly();
                death = "%s: no answer in %d s, ended".formatted(name, limit.toSeconds());
            } else if (answer == END) {
                death =
                        "%s: ended with exit code %d%s"
                                .formatted(name, process.waitFor(), lastErrors());
            } else {
                return answer;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
            death = name + ": ended, for the comparison was interrupted";
        }
        return null;
    }

    private void read() {
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonObject answer = answer(line);
                if (answer != null) {
                    answers.add(answer);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            // A killed child closes its output in the middle of a line.
        } finally {
            answers.add(END);
        }
    }

    private static @Nullable JsonObject answer(String line) {
        if (!line.startsWith("{")) {
            return null;
        }
        try {
            return JsonParser.parseString(line).getAsJsonObject();
        } catch (JsonParseException | IllegalStateException e) {
            return null;
        }
    }

    private String lastErrors() {
        try {
            List<String> lines =
                    Files.readString(errors, StandardCharsets.ISO_8859_1)
                            .lines()
                            .filter(line -> !line.isBlank() && !line.startsWith("\tat "))
                            .toList();
            List<String> last = lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size());
            return last.isEmpty() ? "" : ": " + String.join(" | ", last);
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    public void close() {
        try {
            requests.write("{\"run\":\"exit\"}\n");
            requests.close();
        } catch (IOException e) {
            // It is dead already.
        }
        try {
            if (!process.waitFor(GOODBYE.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(killer);
        } catch (IllegalStateException e) {
            // The hook is running.
        }
    }
}
