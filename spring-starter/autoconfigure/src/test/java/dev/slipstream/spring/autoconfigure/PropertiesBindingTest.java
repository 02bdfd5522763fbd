package dev.slipstream.spring.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.zoo.Models;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.ClassPathResource;

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
    void metadataHasDescriptionsAndHintsForCompletion() throws IOException {
        String metadata =
                new ClassPathResource("META-INF/spring-configuration-metadata.json")
                        .getContentAsString(StandardCharsets.UTF_8);
        assertThat(metadata)
                .contains("\"name\": \"slipstream.models\"")
                .contains(
                        "java.util.Map<java.lang.String,dev.slipstream.spring.autoconfigure.ModelProperties>")
                .contains("\"name\": \"slipstream.default-model\"")
                .contains("\"name\": \"slipstream.models.keys\"");
        assertThat(Models.embedded())
                .isNotEmpty()
                .allMatch(name -> metadata.contains("\"value\": \"" + name + "\""));
    }
}
