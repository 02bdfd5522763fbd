package dev.slipstream.decode.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.ToNumberPolicy;
import com.google.gson.reflect.TypeToken;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each part of the language alone, against what Python's Jinja2 rendered. */
class TemplateSnippetsTest {
    private static final Gson GSON =
            new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();

    private static JsonObject corpus() throws IOException {
        try (InputStream in =
                TemplateSnippetsTest.class.getResourceAsStream("/chat-templates/snippets.json")) {
            return JsonParser.parseString(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                    .getAsJsonObject();
        }
    }

    static Stream<JsonElement> snippets() throws IOException {
        return StreamSupport.stream(corpus().getAsJsonArray("snippets").spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void rendersAsJinja2Does(JsonObject snippet) throws IOException {
        String source = snippet.get("template").getAsString();
        Map<String, Object> variables =
                GSON.fromJson(corpus().get("variables"), new TypeToken<Map<String, Object>>() {});
        if (snippet.has("broken")) {
            assertThatThrownBy(() -> Template.parse(source))
                    .isInstanceOf(TemplateException.class)
                    .hasMessageMatching("(?s)line \\d+: .+");
            return;
        }
        Template template = assertDoesNotThrow(() -> Template.parse(source), source);
        if (snippet.has("expected")) {
            assertThat(template.render(variables, Clock.systemUTC()))
                    .isEqualTo(snippet.get("expected").getAsString());
        } else {
            boolean raised = snippet.has("raised");
            assertThatThrownBy(() -> template.render(variables, Clock.systemUTC()))
                    .isInstanceOfSatisfying(
                            TemplateException.class,
                            e -> assertThat(e.isRaised()).isEqualTo(raised))
                    .hasMessageMatching(raised ? "No way: 1" : "(?s)line \\d+: .+");
        }
    }
}
