package dev.slipstream.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LongRunsTest {
    @Test
    void longRunsBeginWhereTheyAreFasterAndStayFaster() {
        assertThat(LongRuns.crossing(times(10, 12, 20, 17, 40, 25))).isEqualTo(4);
        // One lucky size below a slower one is no reason.
        assertThat(LongRuns.crossing(times(10, 8, 20, 21, 40, 25))).isEqualTo(8);
        assertThat(LongRuns.crossing(times(10, 8, 20, 17, 40, 25))).isEqualTo(2);
    }

    @Test
    void neverWhereTheLargestIsNotFaster() {
        assertThat(LongRuns.crossing(times(10, 8, 20, 17, 40, 37))).isEqualTo(Integer.MAX_VALUE);
        assertThat(LongRuns.crossing(new TreeMap<>())).isEqualTo(Integer.MAX_VALUE);
    }

    /** Times of 2, 4 and 8 tokens, in the short and the long form each. */
    private static SortedMap<Integer, LongRuns.Times> times(long... nanos) {
        SortedMap<Integer, LongRuns.Times> times = new TreeMap<>();
        for (int i = 0; i < nanos.length; i += 2) {
            times.put(2 << i / 2, new LongRuns.Times(nanos[i], nanos[i + 1]));
        }
        return times;
    }
}
