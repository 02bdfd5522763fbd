package dev.slipstream.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.evaluate.PerplexityMeter;
import dev.slipstream.evaluate.SlidingWindow;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.Calibration;
import dev.slipstream.pass.PassReport;
import dev.slipstream.pass.Passes;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What the pass {@code quantise} costs, by method and budget: prints the tables of
 * docs/quantise.md. Calibration texts and measured texts have nothing in common.
 */
@Tag("thorough")
class QuantiseQualityTest {
    private static final int WINDOW = 256;
    private static final int SEQUENCES = 16;
    private static final int TOKENS = 20_000;
    private static final int STORIES = 40;
    private static final String GPTQ = "quantise:weights=int4,method=gptq";
    private static final List<String> PASSES =
            List.of(
                    "quantise:weights=int8",
                    "quantise:weights=int4",
                    GPTQ,
                    "quantise:weights=int4,int8=embedding",
                    GPTQ + ",int8=embedding",
                    "quantise:weights=int4,int8-share=0.25",
                    GPTQ + ",int8-share=0.1",
                    GPTQ + ",int8-share=0.25",
                    GPTQ + ",int8-share=0.5",
                    "quantise:weights=int8,cache=int8");

    @Test
    void storytellerReadsBooksThatItWasNotTrainedOn() throws IOException {
        int[] measured;
        int[] other;
        int[] begin;
        try (AutoregressiveGenerator generator = open("storyteller-7m")) {
            LanguageModel model = generator.model();
            begin = begin(model);
            measured = Arrays.copyOf(tokens(model, "text-children/test.txt.gz"), TOKENS);
            other = tokens(model, "text-children/valid.txt.gz");
        }
        Map<String, Double> found =
                table(
                        "storyteller-7m",
                        List.of(measured),
                        begin,
                        Calibration.cut(
                                other, begin, SEQUENCES, WINDOW, RuntimeOptions.defaults()));
        assertThat(found.get(GPTQ)).isLessThan(0.65 * found.get("quantise:weights=int4"));
    }

    @Test
    void babyLlamaReadsItsOwnStories() {
        List<int[]> measured;
        List<int[]> calibrated = new ArrayList<>();
        int[] begin;
        try (AutoregressiveGenerator generator = open("babyllama105")) {
            begin = begin(generator.model());
            measured = stories(generator, 1);
            for (int[] story : stories(generator, 1 + STORIES)) {
                int[] sequence = Arrays.copyOf(begin, begin.length + story.length);
                System.arraycopy(story, 0, sequence, begin.length, story.length);
                calibrated.add(sequence);
            }
        }
        Map<String, Double> found =
                table(
                        "babyllama105",
                        measured,
                        begin,
                        new Calibration(
                                calibrated.subList(0, SEQUENCES), RuntimeOptions.defaults()));
        double nearest = found.get("quantise:weights=int4");
        assertThat(found.get(GPTQ)).isLessThan(nearest);
        assertThat(found.get(GPTQ + ",int8=embedding")).isLessThan(0.3 * nearest);
    }

    /** Returns what each pass costs in nats a token. */
    private static Map<String, Double> table(
            String name, List<int[]> texts, int[] begin, Calibration calibration) {
        OnnxModel floats = Models.graph(name, LoadOptions.defaults().withPrecision(Precision.FP32));
        double exact = nats(floats, texts, begin);
        StringBuilder table = new StringBuilder();
        table.append("\n| pass, on ").append(name);
        table.append(" | bytes of the weights | nats/token | beyond fp32 |\n|---|---|---|---|\n");
        row(table, "none (fp32)", floats, exact, exact);
        List<PassReport> reports = new ArrayList<>();
        Map<String, Double> found = new LinkedHashMap<>();
        for (String pass : PASSES) {
            Pipeline.Result result =
                    new Pipeline(Passes.create(List.of(pass)))
                            .apply(floats, calibration, applied -> {});
            double nats = nats(result.graph(), texts, begin);
            found.put(pass, nats - exact);
            row(table, pass, result.graph(), nats, exact);
            reports.addAll(result.reports());
        }
        System.out.println(table);
        reports.get(PASSES.indexOf(GPTQ + ",int8-share=0.25")).lines().forEach(System.out::println);
        return found;
    }

    private static void row(
            StringBuilder table, String pass, OnnxModel graph, double nats, double exact) {
        table.append(
                String.format(
                        Locale.ROOT,
                        "| `%s` | %,d | %.4f | %+.4f |%n",
                        pass,
                        Anatomy.of(graph).bytes(),
                        nats,
                        nats - exact));
    }

    private static double nats(OnnxModel graph, List<int[]> texts, int[] begin) {
        try (DecoderModel model = DecoderModel.open(graph, WINDOW, RuntimeOptions.defaults())) {
            PerplexityMeter meter =
                    new PerplexityMeter(
                            model,
                            new SlidingWindow(WINDOW, WINDOW),
                            begin.length == 0 ? null : begin[0]);
            double nats = 0;
            long tokens = 0;
            for (int[] text : texts) {
                var perplexity = meter.measure(text, text.length, done -> {});
                nats += perplexity.nats();
                tokens += perplexity.tokens();
            }
            return nats / tokens;
        }
    }

    private static int[] begin(LanguageModel model) {
        return model.beginToken() == null ? new int[0] : new int[] {model.beginToken()};
    }

    private static int[] tokens(LanguageModel model, String file) throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(DataFolder.file(file)))) {
            // Models were trained on line feeds; some files have Windows line ends.
            String text =
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
            return model.tokenizer().encode(text, Tokenizer.SpecialTokens.AS_WRITTEN);
        }
    }

    private static List<int[]> stories(AutoregressiveGenerator generator, long firstSeed) {
        List<int[]> stories = new ArrayList<>();
        for (long seed = firstSeed; seed < firstSeed + STORIES; seed++) {
            GenerationOptions options =
                    GenerationOptions.builder().maxTokens(240).temperature(1).seed(seed).build();
            List<Token> tokens = generator.generate(generator.prompt(""), options).tokens();
            stories.add(tokens.stream().mapToInt(Token::id).toArray());
        }
        return stories;
    }

    private static AutoregressiveGenerator open(String name) {
        return Models.open(name, LoadOptions.defaults().withPrecision(Precision.FP32));
    }
}
