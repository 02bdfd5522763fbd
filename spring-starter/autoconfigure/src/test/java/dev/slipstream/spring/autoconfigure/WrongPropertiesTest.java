package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.pass.PassException;
import dev.slipstream.spring.ScriptedGenerator;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Bean;

/** Wrong properties stop a whole application, with a report that names them. */
class WrongPropertiesTest {

    @ImportAutoConfiguration(SlipstreamAutoConfiguration.class)
    static class Application {
        static @Nullable ScriptedGenerator loaded;

        @Bean
        SlipstreamModelLoader loader() {
            return (name, location, options) -> {
                if (!options.plan().isEmpty()) {
                    throw new PassException("tales: expected a layer 9");
                }
                if (location.equals("nowhere")) {
                    throw new IllegalArgumentException("no model directory nowhere");
                }
                ScriptedGenerator generator = new ScriptedGenerator(name, "a");
                loaded = generator;
                return (location.equals("whole") ? generator.whole() : generator).queued();
            };
        }
    }

    /** Starts the application and returns what it prints, the failure report included. */
    private static String start(Map<String, Object> properties) {
        SpringApplication application = new SpringApplication(Application.class);
        application.setWebApplicationType(WebApplicationType.NONE);
        application.setDefaultProperties(properties);
        PrintStream console = System.out;
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        System.setOut(new PrintStream(output, true, StandardCharsets.UTF_8));
        try {
            application.run().close();
        } catch (RuntimeException e) {
            assertThat(output.toString(StandardCharsets.UTF_8))
                    .contains("APPLICATION FAILED TO START");
        } finally {
            System.setOut(console);
        }
        return output.toString(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "slipstream.models.my-tales.context-length, -1",
                "slipstream.models.my-tales.threads, -2",
                "slipstream.models.my-tales.prefill-threshold, 8",
                "slipstream.models.my-tales.max-active, 0",
                "slipstream.models.my-tales.max-queued, -1",
                "slipstream.models.my-tales.location, nowhere",
                "slipstream.models.my-tales.location, \" \"",
                "slipstream.models.my-tales.generation.max-tokens, -1",
                "slipstream.models.my-tales.generation.temperature, NaN",
                "slipstream.models.my-tales.generation.top-k, -1",
                "slipstream.models.my-tales.generation.top-p, 1.5",
                "slipstream.models.my-tales.generation.min-p, -0.1",
                "slipstream.models.my-tales.generation.repetition-penalty, 0",
                "slipstream.models.my-tales.generation.presence-penalty, NaN",
                "slipstream.models.my-tales.generation.frequency-penalty, NaN",
                "slipstream.models.my-tales.generation.stop, \",x\"",
                "slipstream.models.my-tales.generation.deadline, -1s",
                "slipstream.models.my-tales.generation.weight, 0",
                "slipstream.models.my-tales.generation.millis-per-token, 0",
                "slipstream.models.my-tales.generation.skip-threshold, -2",
                "slipstream.models.my-tales.generation.skip-count, -1",
                "slipstream.models.my-tales.generation.skip-warm-up, -1",
                "slipstream.models.my-tales.batching.prefill-chunk, 0",
                "slipstream.models.my-tales.batching.key-value-memory, 0B",
                "slipstream.models.my-tales.prefix-cache.size, -1MB",
                "slipstream.models.my-tales.drafting.chain, \"corpus,none\"",
                "slipstream.models.my-tales.drafting.min-match, 0",
                "slipstream.models.my-tales.drafting.width, -1",
                "slipstream.models.my-tales.drafting.skip, layers:2",
                "slipstream.models.my-tales.drafting.length, long",
                "slipstream.models.my-tales.blocks.size, 1",
                "slipstream.models.my-tales.blocks.steps, 0",
                "slipstream.models.my-tales.blocks.unmasking, most",
                "slipstream.models.my-tales.blocks.borders, adablock:usual=0",
                "slipstream.models.my-tales.blocks.verification, maybe",
                "slipstream.models.my-tales.blocks.context-reuse, changes=0",
                "slipstream.models.my-tales.passes, nope",
                "slipstream.models.my-tales.passes, quantise:bits=2",
                "slipstream.models.my-tales.gates, nope",
                "slipstream.models.my-tales.plan, /none/plan.yml",
                "slipstream.models.my-tales.calibration.text, /none/text.txt",
                "slipstream.models.my-tales.calibration.length, 64",
                "slipstream.cache-limit, -1GB",
                "slipstream.default-model, nowhere",
            })
    void reportNamesPropertyAndValue(String property, String value) {
        String output = start(Map.of(property, value));
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("Property '" + property + "' has the value '" + value + "'")
                .contains("Correct '" + property + "'");
    }

    @ParameterizedTest
    @CsvSource({
        "slipstream.models.my-tales.weights, int5",
        "slipstream.models.my-tales.prefill-weights, int4",
        "slipstream.models.my-tales.threads, two",
        "slipstream.models.my-tales.generation.deadline, soon",
        "slipstream.models.my-tales.batching.key-value-memory, plenty",
        "slipstream.models.my-tales.prefix-cache.size, plenty",
        "slipstream.models.my-tales.drafting.drafter, oracle",
        "slipstream.models.my-tales.drafting.chain, oracle",
        "slipstream.models.my-tales.drafting.cache, both",
        "slipstream.models.my-tales.drafting.acceptance, always",
        "slipstream.models.my-tales.decoder, diffusion",
        "slipstream.models.my-tales.blocks.storing, twice",
        "slipstream.models.my-tales.calibration.sequences, few",
        "slipstream.models.my-tales, /models/tales"
    })
    void valueOfTheWrongTypeIsReportedByItsName(String property, String value) {
        String output = start(Map.of(property, value));
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("Property: " + property)
                .contains("Value: \"" + value + "\"");
    }

    @Test
    void defaultModelMustBeOneOfTheModels() {
        String output =
                start(
                        Map.of(
                                "slipstream.models.tales.location",
                                "x",
                                "slipstream.default-model",
                                "poems"));
        assertThat(output)
                .contains("Property 'slipstream.default-model' has the value 'poems'")
                .contains("expected one of the configured models [tales], found 'poems'");
    }

    @Test
    void missingLocationIsSaidWhereTheNameIsNoEmbeddedModel() {
        String output = start(Map.of("slipstream.models.nowhere.threads", "1"));
        assertThat(output)
                .contains("Property 'slipstream.models.nowhere.location' is not set")
                .contains("expected a location, because 'nowhere' is no embedded model")
                .contains("no model directory nowhere");
    }

    @ParameterizedTest
    @CsvSource({"corpus, drafter", "model, drafter", "corpus, chain", "model, chain"})
    void drafterWithoutWhatItWorksWithIsNamed(String drafter, String place) {
        String drafting = "slipstream.models.my-tales.drafting.";
        String output =
                start(
                        place.equals("drafter")
                                ? Map.of(drafting + "drafter", drafter)
                                : Map.of(
                                        drafting + "drafter",
                                        "chain",
                                        drafting + "chain",
                                        "prompt-lookup," + drafter));
        assertThat(output)
                .contains("Property '" + drafting + drafter + "' is not set")
                .contains("because the drafter " + drafter + " is chosen");
    }

    @ParameterizedTest
    @CsvSource({"passes", "gates"})
    void planThatCannotBeCarriedOutIsBlamedAndNotTheLocation(String list) {
        String property = "slipstream.models.my-tales." + list;
        String output =
                start(
                        Map.of(
                                "slipstream.models.my-tales.location",
                                "somewhere",
                                property,
                                "remove:sub-layers=attention.9"));
        assertThat(output)
                .contains("Property '" + property + "' has the value")
                .contains("tales: expected a layer 9");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "passes[1]|remove:sub-layers=attention.9|nope|passes[1]|found nope",
                "gates[1]|elastic|switch:sub-layers=x|gates[1]|found x",
                "passes[0]|quantise:weights=int3|remove:sub-layers=attention.9|passes[0]|found int3",
                "calibration.text[0]|scale|remove:sub-layers=attention.9|calibration.text|found none"
            })
    void oneOfAListIsNamed(String wrong, String first, String second, String named, String found) {
        String prefix = "slipstream.models.my-tales.";
        String list = wrong.substring(0, wrong.indexOf('['));
        Map<String, Object> properties =
                list.startsWith("calibration")
                        ? Map.of(prefix + "calibration.text[0]", "/none/text.txt")
                        : Map.of(prefix + list + "[0]", first, prefix + list + "[1]", second);
        String output = start(properties);
        assertThat(output)
                .contains("Property '" + prefix + named + "' ")
                .contains(found)
                .doesNotContain("is not set");
    }

    @Test
    void aPassThatCannotBeAppliedIsNamedAmongTheOthers() {
        String output =
                start(
                        Map.of(
                                "slipstream.models.my-tales.location", "somewhere",
                                "slipstream.models.my-tales.passes[0]",
                                        "remove:sub-layers=attention.9",
                                "slipstream.models.my-tales.gates[0]", "elastic"));
        assertThat(output)
                .contains(
                        "Property 'slipstream.models.my-tales.passes' cannot be what it is (from ")
                .contains("tales: expected a layer 9");
    }

    @ParameterizedTest
    @CsvSource({"effort, fast", "skip-count, 2"})
    void whatTheModelCannotDoByDefaultStopsTheStart(String name, String value) {
        String property = "slipstream.models.my-tales.generation." + name;
        String output =
                start(Map.of("slipstream.models.my-tales.location", "whole", property, value));
        assertThat(output)
                .contains("APPLICATION FAILED TO START")
                .contains("Property '" + property + "' has the value '" + value + "'")
                .contains("expected the whole model");
        assertThat(Application.loaded).matches(generator -> generator.closed);
    }

    @Test
    void rightPropertiesStart() {
        String output = start(Map.of("slipstream.models.my-tales.location", "somewhere"));
        assertThat(output)
                .contains("Opened model my-tales from somewhere in ")
                .doesNotContain("APPLICATION FAILED TO START");
    }
}
