package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.inference.Predictor;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.BlockWork;
import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.decode.block.BlockDecoding;
import dev.slipstream.pass.Plan;
import dev.slipstream.schedule.BatchingGenerator;
import dev.slipstream.zoo.BlockOptions;
import dev.slipstream.zoo.DecoderKind;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.DrafterKind;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.ModelDirectory;
import dev.slipstream.zoo.Models;
import dev.slipstream.zoo.PrefillOptions;
import dev.slipstream.zoo.PrefillWeights;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Texts by blocks as users ask for them, from a model directory to the text. The model is a decoder
 * of single tokens whose configuration says that it writes blocks: it does so badly, but it does.
 */
@Timeout(600)
class BlockServiceTest {
    private static final Path STORYTELLER =
            Path.of("../models/src/main/resources/META-INF/slipstream/models/storyteller-7m");
    private static final GenerationOptions GREEDY =
            GenerationOptions.builder().maxTokens(21).ignoreEndOfText(true).build();

    @TempDir static Path directory;

    private static String shifted = "";
    private static String aligned = "";

    @BeforeAll
    static void write() throws IOException {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
        shifted = write("shifted");
        aligned = write("aligned");
    }

    private static String write(String alignment) throws IOException {
        Path target = Files.createDirectory(directory.resolve(alignment));
        try (Stream<Path> files = Files.list(STORYTELLER)) {
            for (Path file : files.toList()) {
                Files.copy(file, target.resolve(file.getFileName()));
            }
        }
        Path config = target.resolve("config.json");
        String taught =
                "\"slipstream\": {\"block_diffusion\": {\"block_size\": 8, \"mask_token_id\": 3, \"alignment\": \"%s\"},"
                        .formatted(alignment);
        Files.writeString(
                config, Files.readString(config).replaceFirst("\"slipstream\": \\{", taught));
        return target.toString();
    }

    private static LoadOptions options(String... texts) {
        Map<String, String> named = new HashMap<>();
        for (String text : texts) {
            String[] parts = text.split(" ", 2);
            named.put(parts[0], parts[1]);
        }
        return LoadOptions.defaults()
                .withThreads(1)
                .withCacheDirectory(directory.resolve("cache"))
                .withBlocks(BlockOptions.parse(named::get));
    }

    private static Generation text(String model, LoadOptions options) {
        try (AutoregressiveGenerator generator = Models.open(model, options)) {
            return text(generator);
        }
    }

    private static Generation text(AutoregressiveGenerator generator) {
        return generator.generate(generator.prompt("Once upon a time"), GREEDY);
    }

    private static BlockWork work(Generation generation) {
        return generation.statistics().work().blocks();
    }

    @Test
    void aTaughtModelWritesBlocksByItself() {
        for (String model : List.of(shifted, aligned)) {
            Generation generation = text(model, options());
            BlockWork work = work(generation);
            assertThat(work.blocks()).isPositive();
            assertThat(work.denoisingRuns()).isPositive();
            assertThat(work.verificationRuns()).isZero();
            assertThat(generation.tokens()).hasSize(21);
        }
    }

    @Test
    void singleTokensWhereTheyAreAskedFor() {
        Generation untaught = text(STORYTELLER.toString(), options());
        assertThat(work(untaught)).isEqualTo(BlockWork.NONE);
        Generation plain = text(shifted, options("decoder autoregressive"));
        assertThat(work(plain)).isEqualTo(BlockWork.NONE);
        assertThat(plain.text()).isEqualTo(untaught.text());
        LoadOptions drafted = options().withDrafting(DraftOptions.of(DrafterKind.PROMPT_LOOKUP));
        assertThat(text(shifted, drafted).text()).isEqualTo(untaught.text());
    }

    @Test
    void sizeAndStepsSayHowManyRunsThereAre() {
        BlockWork work = work(text(aligned, options("size 4", "steps 2", "unmasking static")));
        assertThat(work.blocks()).isEqualTo(6);
        assertThat(work.denoisingRuns()).isEqualTo(11);
    }

    @Test
    void allOptionsReachTheDecoder() {
        LoadOptions all =
                options(
                        "size 6",
                        "unmasking entropy-bounded:0.5",
                        "borders adablock:usual=3,threshold=0.2,delimiters=newline|period",
                        "verification policy=always",
                        "context-reuse from=0,changes=6",
                        "storing whole");
        try (AutoregressiveGenerator generator = Models.open(aligned, all)) {
            BlockDecoding method = (BlockDecoding) generator.method();
            assertThat(method.diffusion().blockSize()).isEqualTo(6);
            assertThat(method.decoder().keptContextRows()).isEqualTo(6);
            assertThat(method.unmasking()).isEqualTo(all.blocks().unmasking());
            assertThat(method.verification()).isEqualTo(all.blocks().verification());
            assertThat(method.storing()).isEqualTo(all.blocks().storing());
            assertThat(work(text(generator)).verificationRuns()).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"shifted", "aligned"})
    void contextIsReusedFromTheFirstStartOn(String alignment) {
        LoadOptions reusing = options("context-reuse from=0,changes=100", "unmasking static");
        String model = directory.resolve(alignment).toString();
        Generation first = text(model, reusing);
        assertThat(work(first).keptContexts()).isPositive();
        assertThat(work(first).reusedContexts()).isPositive();
        // Opened as the first start left it.
        assertThat(text(model, reusing).text()).isEqualTo(first.text());
    }

    @Test
    void optionsOfDjlReachTheDecoder() throws Exception {
        Criteria<Input, Output> criteria =
                Criteria.builder()
                        .setTypes(Input.class, Output.class)
                        .optModelUrls("slipstream:" + shifted + "?blockSize=4&warmStart=off")
                        // Shorter spans are not verified: nearly every block needs a storing run.
                        .optOption("verification", "policy=span:3")
                        .build();
        try (ZooModel<Input, Output> model = criteria.loadModel();
                Predictor<Input, Output> predictor = model.newPredictor()) {
            Input input = new Input();
            input.addProperty("Content-Type", "application/json");
            input.add(
                    "{\"inputs\": \"There was\", \"parameters\": {\"max_new_tokens\": 12, \"seed\": 1, \"details\": true}}"
                            .getBytes(StandardCharsets.UTF_8));
            Output output = predictor.predict(input);
            assertThat(new String(output.getData().getAsBytes(), StandardCharsets.UTF_8))
                    .containsPattern("\"denoising_runs\": ?[1-9]")
                    .containsPattern("\"verification_runs\": ?[1-9]")
                    .containsPattern("\"storing_runs\": ?[1-9]");
        }
    }

    @Test
    void togetherAsAlone() {
        LoadOptions batched = options().withPrecision(Precision.FP32).withRequests(4, 100);
        try (BatchingGenerator service = Models.load(shifted, batched);
                AutoregressiveGenerator alone = Models.open(shifted, batched)) {
            List<TokenStream> streams = new ArrayList<>();
            List<Prompt> prompts = new ArrayList<>();
            for (String word : "the a dog cat and He she sun".split(" ")) {
                prompts.add(alone.prompt("There was " + word));
                streams.add(service.stream(prompts.get(prompts.size() - 1), GREEDY));
            }
            for (int i = 0; i < prompts.size(); i++) {
                Generation together = streams.get(i).readAll();
                assertThat(together.text())
                        .isEqualTo(alone.generate(prompts.get(i), GREEDY).text());
                assertThat(work(together).blocks()).isPositive();
            }
        }
    }

    @Test
    void whatAPlanWroteWritesBlocksToo() throws IOException {
        LoadOptions planned =
                options("decoder blocks")
                        .withPlan(Plan.of(List.of("finercut:count=1,order=last"), List.of(), null));
        Generation made = text(shifted, planned);
        assertThat(work(made).blocks()).isPositive();
        Path target = directory.resolve("planned");
        ModelDirectory.write(
                Models.accelerate(shifted, planned, pass -> {}),
                target,
                ModelDirectory.Existing.REFUSED);
        Generation kept =
                text(target.toString(), options("context-reuse from=0", "decoder blocks"));
        assertThat(work(kept).keptContexts()).isPositive();
    }

    @Test
    void gatesLeaveSubLayersOfBlocksOut() {
        LoadOptions gated =
                options("context-reuse from=0", "verification on")
                        .withPlan(
                                Plan.of(
                                        List.of(),
                                        List.of(
                                                "ffn-skip:cold-start=0,cold-end=8,threshold=-1,count=2,warm-up=0"),
                                        null));
        try (AutoregressiveGenerator generator = Models.open(shifted, gated)) {
            GenerationOptions skipping =
                    GREEDY.toBuilder().effort(new EffortRequest(null, null, -1.0, 2, 0)).build();
            Generation text = generator.generate(generator.prompt("Once upon a time"), skipping);
            assertThat(work(text).blocks()).isPositive();
            assertThat(text.statistics().work().skippedSubLayers()).isPositive();
        }
    }

    @Test
    void blocksStayInTheShortForm() {
        LoadOptions two =
                options()
                        .withPrecision(Precision.INT4)
                        .withPrefill(new PrefillOptions(PrefillWeights.INT8, 9));
        try (AutoregressiveGenerator generator = Models.open(shifted, two)) {
            assertThat(generator.model().decoder().longRunsFrom()).isEqualTo(9);
            assertThat(work(text(generator)).blocks()).isPositive();
        }
        LoadOptions tooLow = two.withPrefill(new PrefillOptions(PrefillWeights.INT8, 8));
        assertThatThrownBy(() -> Models.open(shifted, tooLow))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContainingAll("above the 8 rows of a run that predicts a block", "8");
    }

    @Test
    void impossibleOptionsAreRefused() {
        refused(shifted, "size 9", "at most the 8 places that the model was trained with");
        refused(shifted, "storing whole", "storing: expected CAUSAL");
        refused(STORYTELLER.toString(), "decoder blocks", "was taught to write blocks");
        assertThatThrownBy(
                        () ->
                                LoadOptions.defaults()
                                        .withDrafting(DraftOptions.of(DrafterKind.PROMPT_LOOKUP))
                                        .withBlocks(BlockOptions.of(DecoderKind.BLOCKS)))
                .hasMessageContaining("beside the drafter prompt-lookup");
    }

    private static void refused(String model, String option, String reason) {
        assertThatThrownBy(() -> Models.open(model, options(option)))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(reason);
    }
}
