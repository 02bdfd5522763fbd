package dev.slipstream.checkpoint;

import static dev.slipstream.checkpoint.SafeTensorsTest.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationConfigTest {
    @TempDir private Path directory;

    @Test
    void readsWhatTheFileAdvises() {
        assertThat(
                        read(
                                """
                                {"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95,
                                 "min_p": 0.05, "repetition_penalty": 1.05, "max_new_tokens": 512,
                                 "transformers_version": "4.51.0", "pad_token_id": 0}
                                """))
                .isEqualTo(new GenerationConfig(0.6, 20, 0.95, 0.05, 1.05, 512));
    }

    @Test
    void advisesNothingWithoutAFileOrFields() {
        assertThat(GenerationConfig.read(ModelFiles.of(directory)))
                .isEqualTo(GenerationConfig.NONE);
        assertThat(read("{\"top_p\": null}")).isEqualTo(GenerationConfig.NONE);
    }

    @Test
    void mapsSamplingToTemperature() {
        assertThat(read("{\"do_sample\": false, \"temperature\": 0.6}").temperature()).isZero();
        assertThat(read("{\"do_sample\": false}").temperature()).isZero();
        assertThat(read("{\"do_sample\": true}").temperature()).isEqualTo(1);
        assertThat(read("{\"temperature\": 0.6}").temperature()).isEqualTo(0.6);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "{\"temperature\": -0.1}|temperature: expected 0 or more, found -0.1",
                "{\"temperature\": NaN}|temperature",
                "{\"temperature\": \"warm\"}|temperature: expected a number, found \"warm\"",
                "{\"top_k\": -1}|top_k: expected 0 or more, found -1",
                "{\"top_k\": 1.5}|top_k: expected an integer",
                "{\"top_p\": 1.1}|top_p: expected 0 to 1, found 1.1",
                "{\"min_p\": -1}|min_p: expected 0 to 1, found -1",
                "{\"repetition_penalty\": 0}|repetition_penalty: expected more than 0, found 0",
                "{\"max_new_tokens\": -5}|max_new_tokens: expected 0 or more, found -5",
                "{\"do_sample\": \"yes\"}|do_sample: expected true or false, found \"yes\"",
                "{\"temperature\": 1|expected JSON",
            })
    void refusesWrongValuesByName(String json, String message) {
        refused(() -> read(json), directory + "/generation_config.json", message);
    }

    private GenerationConfig read(String json) {
        try {
            Files.writeString(directory.resolve("generation_config.json"), json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return GenerationConfig.read(ModelFiles.of(directory));
    }
}
