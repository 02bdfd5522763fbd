package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PassExceptionTest {
    @Test
    void namesThePassOnce() {
        assertThat(new PassException("expected fewer to be removed").in("remove"))
                .hasMessage("pass remove: expected fewer to be removed");
        assertThat(new PassException("pass remove: expected names").in("remove"))
                .hasMessage("pass remove: expected names");
        assertThat(new PassException("m: low-rank: expected a text").in("low-rank"))
                .hasMessage("m: low-rank: expected a text");
        assertThat(new PassException("m: expected").in("slice").pass()).isEqualTo("slice");
    }
}
