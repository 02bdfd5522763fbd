package dev.slipstream.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.schedule.StepLog.Part;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whose tokens go in, counted in steps. */
@Timeout(60)
class BatchFairnessTest {
    private static final String PACE = "pace";

    private final Random random = new Random(7);
    private final ConcurrentLinkedQueue<TokenStream> streams = new ConcurrentLinkedQueue<>();

    @Test
    void aShortPromptDoesNotWaitForALongOneNorHoldsUpATextThatFlows() {
        StepLog log =
                run(
                        16,
                        8,
                        Map.of(
                                0,
                                        List.of(
                                                new Arrival("long a", 400, 1),
                                                new Arrival("long b", 400, 1)),
                                10, List.of(new Arrival("short", 12, 1))));
        List<List<Part>> steps = log.steps();
        int first = firstStep(steps, "short");
        assertThat(first).isBetween(11, 13);
        assertThat(part(steps.get(first), "short").unread()).isEqualTo(12);
        assertThat(steps).allSatisfy(step -> assertThat(part(step, PACE).tokens()).isEqualTo(1));
        assertThat(firstStep(steps, "long b")).isLessThan(5);
    }

    @Test
    void promptsAreReadInTheRatioOfTheirWeights() {
        StepLog log =
                run(
                        8,
                        8,
                        Map.of(
                                0,
                                List.of(new Arrival("three", 450, 3), new Arrival("one", 450, 1))));
        int three = 0;
        int one = 0;
        for (List<Part> step : log.steps().subList(1, 50)) {
            three += tokens(step, "three");
            one += tokens(step, "one");
            assertThat(Math.abs(three / 3.0 - one)).isLessThanOrEqualTo(8);
        }
        assertThat(one).isGreaterThan(80);
    }

    @Test
    void aStreamOfShortPromptsDoesNotStarveALongOne() {
        Map<Integer, List<Arrival>> arrivals = new LinkedHashMap<>();
        arrivals.put(0, List.of(new Arrival("long", 200, 1)));
        for (int step = 1; step < 200; step++) {
            arrivals.put(step, List.of(new Arrival("short " + step, 16, 1)));
        }
        List<List<Part>> steps = run(16, 8, arrivals).steps();
        int read = steps.subList(0, 120).stream().mapToInt(step -> tokens(step, "long")).sum();
        assertThat(read).isEqualTo(200);
    }

    /** The plain simulation. It ends before the 500 steps of the text that sets the pace do. */
    @Test
    void agreesWithASimulationOfTheRule() {
        for (int trial = 0; trial < 10; trial++) {
            long seed = new Random().nextLong();
            Random draws = new Random(seed);
            int chunk = 8 + draws.nextInt(40);
            int maxActive = 2 + draws.nextInt(5);
            Map<Integer, List<Arrival>> arrivals = new LinkedHashMap<>();
            for (int i = 0, step = 0; i < 20; i++, step += draws.nextInt(6)) {
                Arrival arrival =
                        new Arrival("r" + i, 1 + draws.nextInt(150), 0.5 + 5 * draws.nextDouble());
                arrivals.computeIfAbsent(step, key -> new ArrayList<>()).add(arrival);
            }
            List<Map<String, Integer>> found = new ArrayList<>();
            for (List<Part> step : run(chunk, maxActive, arrivals).steps()) {
                Map<String, Integer> prompts = new LinkedHashMap<>();
                step.stream()
                        .filter(part -> !part.prompt().equals(PACE))
                        .forEach(part -> prompts.put(part.prompt(), part.tokens()));
                found.add(prompts);
            }
            List<Map<String, Integer>> expected = simulate(chunk, maxActive, arrivals);
            assertThat(found.subList(0, expected.size()))
                    .as("seed %d, chunk %d, active %d", seed, chunk, maxActive)
                    .isEqualTo(expected);
        }
    }

    private static List<Map<String, Integer>> simulate(
            int chunk, int maxActive, Map<Integer, List<Arrival>> arrivals) {
        List<Map<String, Integer>> steps = new ArrayList<>();
        List<Arrival> queue = new ArrayList<>();
        List<Arrival> active = new ArrayList<>();
        Map<Arrival, Integer> read = new LinkedHashMap<>();
        Map<Arrival, Double> pace = new LinkedHashMap<>();
        double level = 0;
        int count = arrivals.values().stream().mapToInt(List::size).sum();
        for (int step = 0; read.size() < count || !active.isEmpty(); step++) {
            Map<String, Integer> parts = new LinkedHashMap<>();
            List<Arrival> order = new ArrayList<>(active);
            order.sort(
                    Comparator.comparingDouble(
                            a ->
                                    pace.get(a)
                                            + Math.min(chunk, a.length() - read.get(a))
                                                    / a.weight()));
            int left = chunk;
            for (Arrival arrival : order) {
                int tokens = Math.min(left, arrival.length() - read.get(arrival));
                if (tokens > 0) {
                    parts.put(arrival.name(), tokens);
                    left -= tokens;
                    read.merge(arrival, tokens, Integer::sum);
                    pace.merge(arrival, tokens / arrival.weight(), Double::sum);
                    level = parts.size() == 1 ? Math.max(level, pace.get(arrival)) : level;
                }
            }
            steps.add(parts);
            active.removeIf(arrival -> read.get(arrival) == arrival.length());
            queue.addAll(arrivals.getOrDefault(step, List.of()));
            // The text that sets the pace takes a place.
            while (active.size() < maxActive - 1 && !queue.isEmpty()) {
                Arrival next = queue.remove(0);
                pace.put(next, level);
                read.put(next, 0);
                active.add(next);
            }
        }
        return steps;
    }

    private record Arrival(String name, int length, double weight) {}

    /**
     * Submits requests for one token at given steps, beside an endless text that sets the pace, and
     * returns when all have ended.
     */
    private StepLog run(int chunk, int maxActive, Map<Integer, List<Arrival>> arrivals) {
        int count = arrivals.values().stream().mapToInt(List::size).sum();
        AutoregressiveGenerator model = BatchModels.open("stories260k");
        Semaphore submitted = new Semaphore(0);
        BatchingGenerator[] batch = new BatchingGenerator[1];
        IntConsumer submit =
                step -> {
                    for (Arrival arrival : arrivals.getOrDefault(step, List.of())) {
                        GenerationOptions options =
                                GenerationOptions.builder()
                                        .maxTokens(1)
                                        .weight(arrival.weight())
                                        .build();
                        streams.add(
                                batch[0].stream(
                                        BatchModels.prompt(
                                                arrival.name(), arrival.length(), 512, random),
                                        options));
                        submitted.release();
                    }
                };
        StepLog log = new StepLog(submit);
        BatchOptions options =
                BatchOptions.defaults().withRequests(maxActive, 1000).withPrefillChunk(chunk);
        try (BatchingGenerator generator = new BatchingGenerator(model, options, null, log)) {
            batch[0] = generator;
            GenerationOptions endless =
                    GenerationOptions.builder().maxTokens(500).ignoreEndOfText(true).build();
            TokenStream pace = generator.stream(BatchModels.prompt(PACE, 1, 512, random), endless);
            submitted.acquireUninterruptibly(count);
            streams.forEach(TokenStream::readAll);
            pace.cancel();
            streams.clear();
        }
        return log;
    }

    private static int firstStep(List<List<Part>> steps, String prompt) {
        for (int i = 0; i < steps.size(); i++) {
            if (part(steps.get(i), prompt) != null) {
                return i;
            }
        }
        return Integer.MAX_VALUE;
    }

    private static Part part(List<Part> step, String prompt) {
        return step.stream().filter(part -> part.prompt().equals(prompt)).findFirst().orElse(null);
    }

    private static int tokens(List<Part> step, String prompt) {
        Part part = part(step, prompt);
        return part == null ? 0 : part.tokens();
    }
}
