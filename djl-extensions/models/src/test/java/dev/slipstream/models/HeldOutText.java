package dev.slipstream.models;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.evaluate.Perplexity;
import dev.slipstream.evaluate.PerplexityMeter;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.Calibration;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Texts that an embedded model is judged by, and others that passes may look at before. How much of
 * them is read is a matter of patience: {@value #DEFAULT_TOKENS} judged tokens, or as many as
 * {@code -Dslipstream.tokens=N} says; tables in docs name their number.
 */
final class HeldOutText implements AutoCloseable {
    /** The tokens of a window, as many as the smallest model's context has. */
    static final int WINDOW = 256;

    private static final int DEFAULT_TOKENS = 1024;
    private static final RuntimeOptions RUNTIME = new RuntimeOptions(1, Spinning.OFF, 1);

    private final String name;
    private final AutoregressiveGenerator generator;

    /** Children's books, of which nothing is in two parts. */
    enum Part {
        TRAIN("train-00"),
        VALID("valid"),
        TEST("test");

        private final String file;

        Part(String file) {
            this.file = "text-children/" + file + ".txt.gz";
        }
    }

    /**
     * Opens a model of 32-bit floats.
     *
     * @param name of an embedded model
     */
    HeldOutText(String name) {
        this.name = name;
        generator = Models.open(name, LoadOptions.defaults().withPrecision(Precision.FP32));
    }

    /** Returns how many tokens a model is judged by. */
    static int judged() {
        return Integer.getInteger("slipstream.tokens", DEFAULT_TOKENS);
    }

    /**
     * Returns an amount in proportion to the judged tokens.
     *
     * @param least with few tokens
     * @param full what {@code tokens} come with
     */
    static int scaled(int least, int full, int tokens) {
        return Math.max(least, Math.toIntExact((long) full * Math.min(judged(), tokens) / tokens));
    }

    /** Returns the model's graph. */
    OnnxModel graph() {
        return Models.graph(name, LoadOptions.defaults().withPrecision(Precision.FP32));
    }

    /** Returns what stands before a text: the begin token, or nothing. */
    int[] begin() {
        Integer begin = generator.model().beginToken();
        return begin == null ? new int[0] : new int[] {begin};
    }

    /** Returns the tokens of a part, without begin token. */
    int[] tokens(Part part) throws IOException {
        try (InputStream in =
                new GZIPInputStream(Files.newInputStream(DataFolder.file(part.file)))) {
            // Models were trained on line feeds; some files have Windows line ends.
            String text =
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
            return generator.model().tokenizer().encode(text, Tokenizer.SpecialTokens.AS_WRITTEN);
        }
    }

    /** Returns the first of the tokens that a model is judged by. */
    int[] test() throws IOException {
        return Arrays.copyOf(tokens(Part.TEST), judged());
    }

    /** Returns sequences spread over a part, each with its begin token. */
    Calibration calibration(Part part, int sequences, int length) throws IOException {
        return Calibration.cut(tokens(part), begin(), sequences, length, RUNTIME);
    }

    /** Returns texts that the model itself writes, one for each seed, without begin token. */
    List<int[]> stories(long firstSeed, int count, int longest) {
        List<int[]> stories = new ArrayList<>();
        for (long seed = firstSeed; seed < firstSeed + count; seed++) {
            GenerationOptions options =
                    GenerationOptions.builder()
                            .maxTokens(longest)
                            .temperature(1)
                            .seed(seed)
                            .build();
            List<Token> tokens = generator.generate(generator.prompt(""), options).tokens();
            stories.add(tokens.stream().mapToInt(Token::id).toArray());
        }
        return stories;
    }

    /** Returns a text with its begin token before it. */
    int[] begun(int[] text) {
        int[] begun = Arrays.copyOf(begin(), begin().length + text.length);
        System.arraycopy(text, 0, begun, begin().length, text.length);
        return begun;
    }

    /** Returns how surprised a graph is by texts, each read anew: nats a token. */
    double nats(OnnxModel graph, List<int[]> texts, SlidingWindow window) {
        double nats = 0;
        long tokens = 0;
        try (DecoderModel model = DecoderModel.open(graph, window.length(), RUNTIME)) {
            PerplexityMeter meter =
                    new PerplexityMeter(model, window, generator.model().beginToken());
            for (int[] text : texts) {
                Perplexity perplexity = meter.measure(text, text.length, done -> {});
                nats += perplexity.nats();
                tokens += perplexity.tokens();
            }
        }
        return nats / tokens;
    }

    @Override
    public void close() {
        generator.close();
    }
}
