package dev.slipstream.samples.benchmarks.contest;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

/** A contender without a model: what it does is the text of the prompt. */
final class TinyChild {
    private TinyChild() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments[0].equals("die")) {
            System.err.println("model.gguf: no such file");
            System.err.println("\tat some.Frame(Frame.java:1)");
            System.exit(3);
        }
        System.out.println("loading {layers}");
        System.out.println("{\"ready\":true,\"name\":\"tiny 1.0\",\"loadSeconds\":0.01}");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        int runs = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonObject request = JsonParser.parseString(line).getAsJsonObject();
            switch (request.get("run").getAsString()) {
                case "exit" -> System.exit(0);
                case "generate" -> generate(request.get("prompt").getAsString());
                case "streams" -> System.out.println("{\"unsupported\":\"one at a time\"}");
                case "decode" -> System.out.println("{\"seconds\":0.5,\"firstTokenSeconds\":0.25}");
                default -> {
                    runs++;
                    System.out.println("{ not JSON\nnoise\n{\"seconds\":0." + runs + "}");
                }
            }
            System.out.flush();
        }
    }

    private static void generate(String what) {
        switch (what) {
            case "die" -> {
                System.err.println("out of luck");
                System.exit(7);
            }
            case "silence" -> {}
            case "fail" -> System.out.println("{\"error\":\"no luck\"}");
            default -> System.out.println("{\"seconds\":1,\"tokens\":2,\"text\":\"é\"}");
        }
    }
}
