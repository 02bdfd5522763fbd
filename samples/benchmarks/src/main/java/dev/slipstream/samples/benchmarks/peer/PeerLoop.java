package dev.slipstream.samples.benchmarks.peer;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * The main loop of a child: reads requests from standard input, a line of JSON each, and answers.
 */
public final class PeerLoop {
    /** Loads a model. */
    @FunctionalInterface
    public interface Loader {
        /**
         * Loads a model.
         *
         * @param arguments which, and how
         */
        PeerEngine load(PeerArguments arguments) throws Exception;
    }

    private final BufferedReader requests;
    private final PrintStream answers;
    private final DrawnTokens drawn = new DrawnTokens();

    PeerLoop(BufferedReader requests, PrintStream answers) {
        this.requests = requests;
        this.answers = answers;
    }

    /**
     * Loads the model, says so, and answers until it is told to exit or the input ends.
     *
     * @param arguments of the command line, see {@link PeerArguments}
     * @param loader of the library
     */
    public static void run(String[] arguments, Loader loader) throws Exception {
        PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // What else prints, a log for instance, goes where it does not disturb the answers.
        System.setOut(System.err);
        long start = System.nanoTime();
        try (PeerEngine engine = loader.load(PeerArguments.parse(arguments))) {
            double seconds = (System.nanoTime() - start) / 1e9;
            BufferedReader requests =
                    new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            new PeerLoop(requests, answers).answer(engine, seconds);
        }
        // Some libraries leave threads behind that would keep the process.
        Runtime.getRuntime().halt(0);
    }

    void answer(PeerEngine engine, double loadSeconds) throws IOException {
        JsonObject ready = new JsonObject();
        ready.addProperty("ready", true);
        ready.addProperty("name", engine.name());
        ready.addProperty("version", engine.version());
        ready.addProperty("loadSeconds", loadSeconds);
        say(ready);
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            if (line.isBlank()) {
                continue;
            }
            JsonObject answer = new JsonObject();
            try {
                JsonObject request = JsonParser.parseString(line).getAsJsonObject();
                if (text(request, "run").equals("exit")) {
                    return;
                }
                answer = run(engine, request).json();
            } catch (UnsupportedOperationException e) {
                answer.addProperty("unsupported", String.valueOf(e.getMessage()));
            } catch (Exception | LinkageError | OutOfMemoryError e) {
                e.printStackTrace();
                answer.addProperty("error", e.toString());
            }
            say(answer);
        }
    }

    private Timing run(PeerEngine engine, JsonObject request) throws Exception {
        String run = text(request, "run");
        return switch (run) {
            case "prefill" -> engine.prefill(drawn.draw(number(request, "tokens")));
            case "decode" ->
                    engine.decode(
                            drawn.draw(Math.max(1, number(request, "prompt"))),
                            number(request, "tokens"));
            case "generate" -> engine.generate(text(request, "prompt"), number(request, "tokens"));
            case "streams" ->
                    engine.streams(
                            drawn.draw(
                                    number(request, "streams"),
                                    Math.max(1, number(request, "prompt"))),
                            number(request, "tokens"));
            default ->
                    throw new IllegalArgumentException(
                            "run: expected prefill, decode, generate, streams or exit, found "
                                    + run);
        };
    }

    private static String text(JsonObject request, String field) {
        if (!request.has(field)) {
            throw new IllegalArgumentException(field + ": expected one, found " + request);
        }
        return request.get(field).getAsString();
    }

    private static int number(JsonObject request, String field) {
        int number = Integer.parseInt(text(request, field));
        if (number < 0) {
            throw new IllegalArgumentException(field + ": expected 0 or more, found " + number);
        }
        return number;
    }

    /** Begins a line of its own: native logs on the same stream need not end theirs. */
    private void say(JsonObject answer) {
        answers.print("\n" + answer + "\n");
        answers.flush();
    }
}
