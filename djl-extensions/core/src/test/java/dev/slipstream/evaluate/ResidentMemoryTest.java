package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ResidentMemoryTest {
    @Test
    void readsWhatLinuxTells() {
        assertThat(ResidentMemory.of("VmPeak:\t 900 kB\nVmRSS:\t    1234 kB\nRssAnon: 5 kB\n"))
                .isEqualTo(1234 * 1024);
    }

    @Test
    void tellsNothingElse() {
        assertThat(ResidentMemory.of("VmPeak:\t 900 kB\n")).isNull();
        assertThat(ResidentMemory.growthSince(null)).isNull();
        assertThat(ResidentMemory.growthSince(Long.MAX_VALUE)).isNull();
    }
}
