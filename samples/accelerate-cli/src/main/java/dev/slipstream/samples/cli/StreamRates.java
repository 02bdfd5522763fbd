package dev.slipstream.samples.cli;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How many tokens a model decodes a second for so many texts at once. */
final class StreamRates {
    private final TextGenerator generator;
    private final RandomPrompts prompts;
    private final int promptTokens;
    private final GenerationOptions options;
    private final Map<Integer, Samples> whole = new TreeMap<>();
    private final Map<Integer, Samples> decoding = new TreeMap<>();

    StreamRates(TextGenerator generator, RandomPrompts prompts, int promptTokens, int maxTokens) {
        this.generator = generator;
        this.prompts = prompts;
        this.promptTokens = promptTokens;
        this.options = wholeTexts(maxTokens);
    }

    /** Returns the options of texts that do not end before so many tokens. */
    static GenerationOptions wholeTexts(int tokens) {
        return GenerationOptions.builder().maxTokens(tokens).ignoreEndOfText(true).build();
    }

    /** Decodes so many texts at once, and keeps how fast it went. */
    void measure(int streams) {
        long start = System.nanoTime();
        double firstToken = Double.POSITIVE_INFINITY;
        double end = 0;
        int tokens = 0;
        List<TokenStream> open = new ArrayList<>();
        List<Double> submitted = new ArrayList<>();
        try {
            for (int i = 0; i < streams; i++) {
                submitted.add((System.nanoTime() - start) / 1e9);
                open.add(generator.stream(prompts.next(promptTokens), options));
            }
            for (int i = 0; i < streams; i++) {
                Statistics used = open.get(i).readAll().statistics();
                double since = submitted.get(i);
                firstToken = Math.min(firstToken, since + seconds(used.timeToFirstToken()));
                end = Math.max(end, since + seconds(used.elapsed()));
                tokens += used.generatedTokens();
            }
        } finally {
            open.forEach(TokenStream::close);
        }
        whole.computeIfAbsent(streams, n -> new Samples()).add(tokens / end);
        decoding.computeIfAbsent(streams, n -> new Samples())
                .add((tokens - streams) / (end - firstToken));
    }

    /** Returns the median rates, each against the first one's. */
    List<ThroughputReport.Streams> rates(List<Integer> streams) {
        double one = whole.get(streams.get(0)).median();
        double oneDecoding = decoding.get(streams.get(0)).median();
        return streams.stream()
                .map(
                        n -> {
                            double rate = whole.get(n).median();
                            double decoded = decoding.get(n).median();
                            return new ThroughputReport.Streams(
                                    n, rate, rate / one, decoded, decoded / oneDecoding);
                        })
                .toList();
    }

    static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
