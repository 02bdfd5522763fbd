package dev.slipstream.samples.benchmarks.contest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** What the system counts, and whose share it was. */
class ProcessorUseTest {
    @Test
    void waitingAndGuestsAreNotCounted() {
        assertThat(ProcessorUse.busy("cpu  100 20 30 4000 500 6 7 8 90 10"))
                .isEqualTo(100 + 20 + 30 + 6 + 7 + 8);
    }

    @Test
    void aNameWithSpacesHidesNoNumber() {
        String stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 9 0 0 0 11 12 13 14 20 0 1 0 100 1000";
        assertThat(ProcessorUse.own(stat)).isEqualTo(11 + 12 + 13 + 14);
    }

    @Test
    void othersHaveWhatIsNotOurs() {
        ProcessorUse from = new ProcessorUse(1000, 500, 0);
        // Two seconds on two processors: 400 ticks, 300 of them busy, 260 of those ours.
        ProcessorUse to = new ProcessorUse(1300, 760, 2_000_000_000L);
        assertThat(ProcessorUse.foreignShare(from, to, 2)).isEqualTo(0.1, within(1e-12));
        ProcessorUse ahead = new ProcessorUse(1300, 900, 2_000_000_000L);
        assertThat(ProcessorUse.foreignShare(from, ahead, 2)).isZero();
        assertThat(ProcessorUse.foreignShare(from, from, 2)).isZero();
    }

    @Test
    void memoryIsReadFromAStatus() {
        String status = "Name:\tjava\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assertThat(ProcessMemory.parse(status)).isEqualTo(new ProcessMemory(1 << 20, 2 << 20));
        assertThat(ProcessMemory.parse("")).isEqualTo(ProcessMemory.NONE);
    }
}
