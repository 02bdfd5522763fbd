package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import dev.slipstream.checkpoint.Precision;
import dev.slipstream.decode.AcceptanceRule;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.draft.DraftCache;
import dev.slipstream.decode.draft.DraftLengthRule;
import dev.slipstream.decode.draft.diffuse.DiffuSpecOptions;
import dev.slipstream.runtime.Device;
import dev.slipstream.runtime.OnnxRuntime;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.schedule.BatchOptions;
import dev.slipstream.spring.ScriptedGenerator;
import dev.slipstream.zoo.CacheOptions;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.DrafterKind;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.PrefillOptions;
import dev.slipstream.zoo.PrefillWeights;
import dev.slipstream.zoo.SkippedLayers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

class SlipstreamAutoConfigurationTest {
    private final Map<String, ScriptedGenerator> loaded = new LinkedHashMap<>();
    private final Map<String, String> locations = new LinkedHashMap<>();
    private final Map<String, LoadOptions> options = new LinkedHashMap<>();

    private final ApplicationContextRunner runner =
            new ApplicationContextRunner()
                    .withConfiguration(AutoConfigurations.of(SlipstreamAutoConfiguration.class))
                    .withBean(SlipstreamModelLoader.class, () -> this::load);

    private dev.slipstream.schedule.QueuedGenerator load(
            String name, String location, LoadOptions load) {
        if (location.startsWith("/missing")) {
            throw new IllegalArgumentException("no file " + location);
        }
        ScriptedGenerator generator = new ScriptedGenerator("inner", "a", "b");
        loaded.put(name, generator);
        locations.put(name, location);
        options.put(name, load);
        return generator.queued();
    }

    @Test
    void opensNamedModelsInOrderWithWhatIsConfigured() {
        runner.withPropertyValues(
                        "slipstream.models.zebra.location=/models/zebra",
                        "slipstream.models.zebra.weights=int4",
                        "slipstream.models.zebra.prefill-weights=int8",
                        "slipstream.models.zebra.prefill-threshold=20",
                        "slipstream.models.zebra.context-length=512",
                        "slipstream.models.zebra.threads=3",
                        "slipstream.models.zebra.spinning=off",
                        "slipstream.models.zebra.device=auto",
                        "slipstream.models.zebra.max-active=5",
                        "slipstream.models.zebra.max-queued=9",
                        "slipstream.models.apple.location=apple.onnx")
                .run(
                        context -> {
                            SlipstreamModels models = context.getBean(SlipstreamModels.class);
                            assertThat(models.names()).containsExactly("zebra", "apple");
                            assertThat(models.defaultName()).isEqualTo("zebra");
                            assertThat(context.getBean(TextGenerator.class))
                                    .isSameAs(models.defaultModel())
                                    .isSameAs(models.get("zebra"));
                            assertThat(models.get("apple").name()).isEqualTo("apple");
                            assertThat(locations)
                                    .containsExactly(
                                            Map.entry("zebra", "/models/zebra"),
                                            Map.entry("apple", "apple.onnx"));
                            assertThat(options.get("zebra"))
                                    .isEqualTo(
                                            LoadOptions.defaults()
                                                    .withPrecision(Precision.INT4)
                                                    .withPrefill(
                                                            new PrefillOptions(
                                                                    PrefillWeights.INT8, 20))
                                                    .withContextLength(512)
                                                    .withThreads(3)
                                                    .withSpinning(Spinning.OFF)
                                                    .withDevice(Device.AUTO)
                                                    .withRequests(5, 9));
                            assertThat(options.get("apple")).isEqualTo(LoadOptions.defaults());
                            assertThat(models.status("zebra"))
                                    .isEqualTo(
                                            new ModelStatus(
                                                    "zebra",
                                                    "/models/zebra",
                                                    List.of(),
                                                    List.of(),
                                                    64,
                                                    0,
                                                    0,
                                                    null,
                                                    null,
                                                    false));
                        });
        assertThat(loaded.values()).hasSize(2).allMatch(g -> g.closed);
    }

    @Test
    void aGpuThatCannotBeHadIsAFailureOfItsProperty() {
        OnnxRuntime.start();
        assumeThat(OrtEnvironment.getAvailableProviders()).doesNotContain(OrtProvider.CUDA);
        runner.withPropertyValues(
                        "slipstream.models.zebra.location=z", "slipstream.models.zebra.device=gpu")
                .run(
                        context ->
                                assertThat(context.getStartupFailure())
                                        .hasStackTraceContaining(
                                                "slipstream.models.zebra.device: device gpu: "));
        assertThat(loaded).isEmpty();
    }

    @Test
    void defaultModelIsChosenByName() {
        runner.withPropertyValues(
                        "slipstream.models.zebra.location=z",
                        "slipstream.models.apple.location=a",
                        "slipstream.default-model=apple")
                .run(
                        context ->
                                assertThat(context.getBean(TextGenerator.class).name())
                                        .isEqualTo("apple"));
    }

    @Test
    void modelWithoutLocationIsItsName() {
        runner.withPropertyValues("slipstream.models.stories260k.threads=1")
                .run(context -> assertThat(locations).containsEntry("stories260k", "stories260k"));
    }

    @Test
    void defaultModelAloneOpensTheEmbeddedModelOfThatName() {
        runner.withPropertyValues("slipstream.default-model=stories260k")
                .run(
                        context -> {
                            assertThat(context.getBean(SlipstreamModels.class).names())
                                    .containsExactly("stories260k");
                            assertThat(locations).containsEntry("stories260k", "stories260k");
                        });
    }

    @Test
    void batchingDraftingAndPrefixCacheReachTheLoader() {
        String prefix = "slipstream.models.tales.";
        runner.withPropertyValues(
                        prefix + "max-active=3",
                        prefix + "batching.prefill-chunk=32",
                        prefix + "batching.key-value-memory=2GB",
                        prefix + "drafting.drafter=chain",
                        prefix + "drafting.chain=prompt-lookup,corpus,model",
                        prefix + "drafting.model=stories260k",
                        prefix + "drafting.corpus=/texts",
                        prefix + "drafting.min-match=5",
                        prefix + "drafting.width=48",
                        prefix + "drafting.skip=both:2-3",
                        prefix + "drafting.cache=own",
                        prefix + "drafting.diffuspec=beam=7,steps=2",
                        prefix + "drafting.length=constant:4",
                        prefix + "drafting.acceptance=equal-tokens",
                        prefix + "prefix-cache.size=8MB",
                        prefix + "prefix-cache.file=/var/cache/tales")
                .run(
                        context ->
                                assertThat(options.get("tales"))
                                        .isEqualTo(
                                                LoadOptions.defaults()
                                                        .withBatching(
                                                                new BatchOptions(
                                                                        3, 64, 2L << 30, 32))
                                                        .withDrafting(
                                                                new DraftOptions(
                                                                        DrafterKind.CHAIN,
                                                                        List.of(
                                                                                DrafterKind
                                                                                        .PROMPT_LOOKUP,
                                                                                DrafterKind.CORPUS,
                                                                                DrafterKind.MODEL),
                                                                        "stories260k",
                                                                        "/texts",
                                                                        5,
                                                                        48,
                                                                        SkippedLayers.parse(
                                                                                "both:2-3"),
                                                                        DraftCache.OWN,
                                                                        DiffuSpecOptions.parse(
                                                                                "beam=7,steps=2"),
                                                                        DraftLengthRule.parse(
                                                                                "constant:4"),
                                                                        AcceptanceRule
                                                                                .EQUAL_TOKENS))
                                                        .withCache(
                                                                new CacheOptions(
                                                                        8 << 20,
                                                                        Path.of(
                                                                                "/var/cache/tales")))));
    }

    @Test
    void prefixCacheOfNoSizeIsOff() {
        runner.withPropertyValues("slipstream.models.tales.prefix-cache.size=0")
                .run(
                        context ->
                                assertThat(options.get("tales").cache())
                                        .isEqualTo(CacheOptions.NONE));
    }

    @Test
    void configuredGenerationLiesOverTheModelsOwnDefaults() {
        String prefix = "slipstream.models.tales.generation.";
        runner.withPropertyValues(
                        prefix + "temperature=0.9",
                        prefix + "top-p=0.8",
                        prefix + "min-p=0.1",
                        prefix + "repetition-penalty=1.1",
                        prefix + "presence-penalty=0.2",
                        prefix + "frequency-penalty=0.3",
                        prefix + "seed=42",
                        prefix + "stop=END,STOP",
                        prefix + "deadline=30s",
                        prefix + "weight=2.5")
                .run(
                        context ->
                                assertThat(context.getBean(TextGenerator.class).defaults())
                                        .isEqualTo(
                                                GenerationOptions.builder()
                                                        .maxTokens(16)
                                                        .temperature(0.9)
                                                        .topK(7)
                                                        .topP(0.8)
                                                        .minP(0.1)
                                                        .repetitionPenalty(1.1)
                                                        .presencePenalty(0.2)
                                                        .frequencyPenalty(0.3)
                                                        .seed(42L)
                                                        .stopStrings(List.of("END", "STOP"))
                                                        .deadline(Duration.ofSeconds(30))
                                                        .weight(2.5)
                                                        .build()));
    }

    @Test
    void maxTokensAndTopKLieOverTheModelsOwnToo() {
        runner.withPropertyValues(
                        "slipstream.models.tales.generation.max-tokens=5",
                        "slipstream.models.tales.generation.top-k=3")
                .run(
                        context -> {
                            GenerationOptions defaults =
                                    context.getBean(TextGenerator.class).defaults();
                            assertThat(defaults.maxTokens()).isEqualTo(5);
                            assertThat(defaults.topK()).isEqualTo(3);
                            assertThat(defaults.temperature()).isEqualTo(0.5);
                        });
    }

    @Test
    void modelThatFailsToOpenNamesItsPropertyAndClosesTheOthers() {
        runner.withPropertyValues(
                        "slipstream.models.good.location=good",
                        "slipstream.models.bad.location=/missing/model")
                .run(
                        context ->
                                assertThat(context)
                                        .getFailure()
                                        .cause()
                                        .rootCause()
                                        .hasMessage("no file /missing/model"));
        assertThat(loaded.get("good").closed).isTrue();
    }

    @Test
    void decoratorsWrapEveryModelInOrder() {
        runner.withPropertyValues("slipstream.models.tales.location=x")
                .withBean("inner", TextGeneratorDecorator.class, () -> g -> new Renamed(g, "inner"))
                .withBean("outer", TextGeneratorDecorator.class, () -> g -> new Renamed(g, "outer"))
                .run(
                        context ->
                                assertThat(context.getBean(TextGenerator.class).name())
                                        .isEqualTo("outer(inner(tales))"));
        assertThat(loaded.get("tales").closed).isTrue();
    }

    @Test
    void unknownModelIsRefusedWithTheNamesThatThereAre() {
        runner.withPropertyValues("slipstream.models.tales.location=x")
                .run(
                        context ->
                                assertThatThrownBy(
                                                () ->
                                                        context.getBean(SlipstreamModels.class)
                                                                .get("poems"))
                                        .isInstanceOf(UnknownModelException.class)
                                        .hasMessage("no model 'poems'; the models are [tales]"));
    }

    @Test
    void backsOffFromTheUsersModels() {
        ScriptedGenerator mine = new ScriptedGenerator("mine", "x");
        runner.withBean(
                        SlipstreamModels.class,
                        () -> SlipstreamModels.of(Map.of("mine", mine.queued()), "mine"))
                .run(
                        context ->
                                assertThat(context.getBean(TextGenerator.class).name())
                                        .isEqualTo("mine"));
        assertThat(loaded).isEmpty();
        assertThat(mine.closed).isTrue();
    }

    @Test
    void backsOffFromTheUsersGenerator() {
        ScriptedGenerator mine = new ScriptedGenerator("mine", "x");
        runner.withPropertyValues("slipstream.models.tales.location=x")
                .withBean(TextGenerator.class, () -> mine)
                .run(
                        context -> {
                            assertThat(context.getBean(TextGenerator.class)).isSameAs(mine);
                            assertThat(context.getBean(SlipstreamModels.class).names())
                                    .containsExactly("tales");
                        });
    }
}
