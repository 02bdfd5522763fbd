package dev.slipstream.spring.openai;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/** The body of every answer that is not a success. */
record ErrorAnswer(Detail error) {
    /** What went wrong; OpenAI writes the nulls too. */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record Detail(String message, String type, @Nullable String param, @Nullable String code) {}
}
