package dev.slipstream.samples.benchmarks;

import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where a session's time went, by ONNX Runtime's own profile.
 *
 * @param runs of the graph
 * @param entries the most expensive first
 */
record OperatorProfile(long runs, List<Entry> entries) {
    private static final String KERNEL = "_kernel_time";
    private static final String RUN = "model_run";

    /** Copies the list. */
    OperatorProfile {
        entries = List.copyOf(entries);
    }

    /**
     * One operator.
     *
     * @param operator type of the node
     * @param calls of its kernel
     * @param share of the time of all kernels, 0 to 1
     */
    record Entry(String operator, long calls, double share) {}

    /** Reads a profile. */
    static OperatorProfile read(Path file) throws IOException {
        Map<String, long[]> times = new HashMap<>();
        long runs = 0;
        try (Reader text = Files.newBufferedReader(file);
                JsonReader json = new JsonReader(text)) {
            json.beginArray();
            while (json.hasNext()) {
                Event event = event(json);
                if (event.name.equals(RUN)) {
                    runs++;
                } else if (event.name.endsWith(KERNEL)) {
                    long[] time = times.computeIfAbsent(event.operator, name -> new long[2]);
                    time[0]++;
                    time[1] += event.duration;
                }
            }
            json.endArray();
        } catch (IllegalStateException | NumberFormatException e) {
            throw new IOException(file + ": expected a profile of ONNX Runtime", e);
        }
        double all = Math.max(1, times.values().stream().mapToLong(time -> time[1]).sum());
        return new OperatorProfile(
                runs,
                times.entrySet().stream()
                        .map(e -> new Entry(e.getKey(), e.getValue()[0], e.getValue()[1] / all))
                        .sorted(Comparator.comparingDouble(Entry::share).reversed())
                        .toList());
    }

    private record Event(String name, String operator, long duration) {}

    private static Event event(JsonReader json) throws IOException {
        String name = "";
        String operator = "";
        long duration = 0;
        json.beginObject();
        while (json.hasNext()) {
            switch (json.nextName()) {
                case "name" -> name = json.nextString();
                case "dur" -> duration = json.nextLong();
                case "args" -> operator = operator(json);
                default -> json.skipValue();
            }
        }
        json.endObject();
        return new Event(name, operator, duration);
    }

    private static String operator(JsonReader json) throws IOException {
        String operator = "";
        json.beginObject();
        while (json.hasNext()) {
            if (json.nextName().equals("op_name")) {
                operator = json.nextString();
            } else {
                json.skipValue();
            }
        }
        json.endObject();
        return operator;
    }
}
