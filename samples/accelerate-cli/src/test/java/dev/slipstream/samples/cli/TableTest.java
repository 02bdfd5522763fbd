package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void alignsNumbersRightAndWordsLeft() {
        Table table =
                new Table()
                        .row("layer", "part", "parameters", "reason")
                        .row("0", "attention", "12,352")
                        .row("11", "feed-forward", "-", "no residual Add");

        assertThat(table.toString())
                .isEqualTo(
                        """
                        layer  part          parameters  reason
                            0  attention         12,352
                           11  feed-forward           -  no residual Add
                        """);
    }

    @Test
    void countsCharactersNotUtf16Units() {
        assertThat(new Table().row("x", "y").row("🐉🐉", "b").toString())
                .isEqualTo("x   y\n🐉🐉  b\n");
    }
}
