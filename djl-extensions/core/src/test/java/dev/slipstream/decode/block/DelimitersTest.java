package dev.slipstream.decode.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.Tokenizer;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Line breaks in a vocabulary that has several. */
class DelimitersTest {
    /** In byte-level vocabularies U+010A is a line break and U+0120 a space. */
    private static final String VOCABULARY =
            """
            {"version": "1.0",
             "added_tokens": [{"id": 0, "content": "<|end|>", "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": true}],
             "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                "use_regex": true},
             "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                "use_regex": true},
             "model": {"type": "BPE", "merges": [], "vocab": {"<|end|>": 0, "a": 1, "\u010a": 2,
                "\u010a\u010a": 3, ".\u010a": 4, "\u010a\u0120\u0120": 5, ".": 6, "\u0120a": 7, ",": 8}}}
            """;

    private static Tokenizer tokenizer;

    @BeforeAll
    static void open() throws IOException {
        tokenizer = new Tokenizer(VOCABULARY);
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    @Test
    void allTokensWithALineBreakAreFound() {
        assertThat(Delimiters.newlines(tokenizer)).containsExactlyInAnyOrder(2, 3, 4, 5);
    }

    @Test
    void otherTextsMayBeAskedFor() {
        assertThat(Delimiters.of(tokenizer, List.of(".", ","))).containsExactlyInAnyOrder(4, 6, 8);
    }

    @Test
    void whatTheVocabularyLacksIsRefused() {
        assertThatThrownBy(() -> Delimiters.of(tokenizer, List.of("\n", "\n\n\n")))
                .hasMessage(
                        "delimiters: the tokenizer has no token that contains \"\\n\\n\\n\"; leave it out");
        assertThatThrownBy(() -> Delimiters.of(tokenizer, List.of()))
                .hasMessageContaining("found none");
        assertThatThrownBy(() -> Delimiters.of(tokenizer, List.of("")))
                .hasMessageContaining("found an empty one");
    }
}
