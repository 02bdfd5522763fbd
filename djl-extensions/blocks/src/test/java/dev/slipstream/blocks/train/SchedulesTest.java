package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Block sizes and rates by step. */
class SchedulesTest {
    @Test
    void scheduleOfThePaper() {
        BlockGrowth growth = new BlockGrowth(1, 32, 2, 0, 500);
        int[] sizes = IntStream.range(0, 8).map(i -> growth.at(500 * i)).toArray();
        assertThat(sizes).containsExactly(1, 2, 4, 8, 16, 32, 32, 32);
        assertThat(growth.at(499)).isEqualTo(1);
        assertThat(growth.at(Integer.MAX_VALUE)).isEqualTo(32);
    }

    @Test
    void aWarmUpComesBeforeTheFirstInterval() {
        BlockGrowth growth = new BlockGrowth(2, 20, 3, 100, 10);
        assertThat(growth.at(109)).isEqualTo(2);
        assertThat(growth.at(110)).isEqualTo(6);
        assertThat(growth.at(120)).isEqualTo(18);
        assertThat(growth.at(130)).isEqualTo(20);
    }

    @Test
    void doublingsAreSpreadOverTheSteps() {
        BlockGrowth growth = BlockGrowth.doubling(2, 16, 960);
        assertThat(growth.at(0)).isEqualTo(2);
        assertThat(growth.at(319)).isEqualTo(2);
        assertThat(growth.at(320)).isEqualTo(4);
        assertThat(growth.at(959)).isEqualTo(8);
        assertThat(growth.at(960)).isEqualTo(16);
        assertThat(BlockGrowth.doubling(8, 8, 100).at(0)).isEqualTo(8);
        assertThat(BlockGrowth.none(4).at(7)).isEqualTo(4);
    }

    @Test
    void theRateGrowsAndFallsToItsFloor() {
        LearningRate rate = new LearningRate(1e-3, 10, 0.1);
        assertThat(rate.at(0, 101)).isCloseTo(1e-4, within(1e-12));
        assertThat(rate.at(9, 101)).isCloseTo(1e-3, within(1e-12));
        assertThat(rate.at(10, 101)).isCloseTo(1e-3, within(1e-12));
        assertThat(rate.at(55, 101)).isCloseTo(5.5e-4, within(1e-12));
        assertThat(rate.at(100, 101)).isCloseTo(1e-4, within(1e-12));
    }

    @Test
    void wrongSettingsAreRefused() {
        assertThatThrownBy(() -> new BlockGrowth(0, 4, 2, 0, 1))
                .hasMessage("first block size: expected 1 or more, found 0");
        assertThatThrownBy(() -> new BlockGrowth(8, 4, 2, 0, 1))
                .hasMessage("largest block size: expected 8 or more, found 4");
        assertThatThrownBy(() -> new BlockGrowth(1, 4, 1, 0, 1))
                .hasMessage("ratio of block sizes: expected 2 or more, found 1");
        assertThatThrownBy(() -> new LearningRate(0, 1, 0))
                .hasMessage("learning rate: expected more than 0, found 0.0");
        assertThatThrownBy(() -> new LearningRate(1, 1, 1.5))
                .hasMessage("floor of the learning rate: expected 0 to 1, found 1.5");
        assertThatThrownBy(() -> new AdamOptions(0.9, 0.9, 1e-8, -1, 1))
                .hasMessage("weight decay: expected 0 or more, found -1.0");
    }
}
