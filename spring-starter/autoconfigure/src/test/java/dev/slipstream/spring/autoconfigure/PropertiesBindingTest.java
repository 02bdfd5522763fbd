package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.pass.CalibrationText;
import dev.slipstream.pass.Plan;
import dev.slipstream.store.WarmStart;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.util.unit.DataSize;

class PropertiesBindingTest {
    private static SlipstreamProperties bind(String yaml) throws IOException {
        return new Binder(
                        ConfigurationPropertySources.from(
                                new YamlPropertySourceLoader()
                                        .load(
                                                "test",
                                                new ByteArrayResource(
                                                        yaml.getBytes(StandardCharsets.UTF_8)))))
                .bindOrCreate("slipstream", SlipstreamProperties.class);
    }

    @Test
    void nothingIsNoModels() throws IOException {
        assertThat(bind("other: 1").models()).isEmpty();
    }

    @Test
    void modelWithNothingButItsName() throws IOException {
        assertThat(
                        bind("""
                                        slipstream:
                                          models:
                                            stories260k:
                                            storyteller-7m:
                                        """)
                                .models())
                .containsOnlyKeys("stories260k", "storyteller-7m");
    }

    @Test
    void yamlOrderIsKept() throws IOException {
        assertThat(
                        bind("""
                                        slipstream:
                                          models:
                                            zebra: {location: z}
                                            apple: {location: a}
                                            mango: {location: m}
                                        """)
                                .models()
                                .keySet())
                .containsExactly("zebra", "apple", "mango");
    }

    @Test
    void aWarmStartIsOnOrOff() throws IOException {
        SlipstreamProperties properties =
                bind(
                        """
                        slipstream:
                          models:
                            warm: {warm-start: on}
                            cold: {warm-start: off}
                        """);
        assertThat(properties.models().get("warm").loadOptions(null, null).warmStart())
                .isEqualTo(WarmStart.ON);
        assertThat(properties.models().get("cold").loadOptions(null, null).warmStart())
                .isEqualTo(WarmStart.OFF);
    }

    @Test
    void passesAreReadFromListsAndFromOneValue() throws IOException {
        SlipstreamProperties properties =
                bind(
                        """
                        slipstream:
                          cache-directory: /var/cache/slipstream
                          cache-limit: 2GB
                          models:
                            listed:
                              passes:
                                - finercut:remove=0.5,metric=kl
                                - remove:sub-layers=(attention.1,feed-forward.2)
                              calibration: {text: [/a.txt, /b.gz], sequences: 4, length: 32}
                            joined:
                              passes: finercut:remove=0.5,metric=kl,remove:sub-layers=(attention.1,feed-forward.2)
                              calibration: {text: '/a.txt,/b.gz', sequences: 4, length: 32}
                        """);
        Plan expected =
                Plan.of(
                        List.of(
                                "finercut:remove=0.5,metric=kl",
                                "remove:sub-layers=(attention.1,feed-forward.2)"),
                        List.of(),
                        new CalibrationText(
                                List.of(Path.of("/a.txt"), Path.of("/b.gz")), 4, 32, null));
        assertThat(properties.cacheLimit()).isEqualTo(DataSize.ofGigabytes(2));
        assertThat(properties.cacheDirectory()).isEqualTo(Path.of("/var/cache/slipstream"));
        assertThat(properties.models().values())
                .hasSize(2)
                .allSatisfy(
                        model -> {
                            LoadOptions options =
                                    model.loadOptions(Path.of("/cache"), DataSize.ofGigabytes(3));
                            assertThat(options.plan()).isEqualTo(expected);
                            assertThat(options.cacheLimit()).isEqualTo(3L << 30);
                            assertThat(options.cacheDirectory()).isEqualTo(Path.of("/cache"));
                        });
    }

    @Test
    void metadataHasDescriptionsAndHintsForCompletion() throws IOException {
        String metadata =
                new ClassPathResource("META-INF/spring-configuration-metadata.json")
                        .getContentAsString(StandardCharsets.UTF_8);
        assertThat(metadata)
                .contains("\"name\": \"slipstream.models\"")
                .contains(
                        "java.util.Map<java.lang.String,dev.slipstream.spring.autoconfigure.ModelProperties>")
                .contains("\"name\": \"slipstream.default-model\"")
                .contains("\"name\": \"slipstream.cache-directory\"")
                .contains("\"name\": \"slipstream.models.keys\"");
        assertThat(Models.embedded())
                .isNotEmpty()
                .allMatch(name -> metadata.contains("\"value\": \"" + name + "\""));
    }
}
