package dev.slipstream.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a graph's metadata says of blocks. */
class BlockDiffusionTest {
    @ParameterizedTest
    @EnumSource(BlockDiffusion.Alignment.class)
    void isReadAsItIsWritten(BlockDiffusion.Alignment alignment) {
        BlockDiffusion blocks = new BlockDiffusion(16, 3, alignment);
        assertThat(blocks.text()).isEqualTo("16,3," + alignment);
        assertThat(BlockDiffusion.parse(blocks.text())).isEqualTo(blocks);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "16,3", "16,3,SHIFTED,1", "16,3,shifted", "1,3,SHIFTED", "a,3,ALIGNED"})
    void refusesOtherText(String text) {
        assertThatThrownBy(() -> BlockDiffusion.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("slipstream.block_diffusion", "found '" + text + "'");
    }
}
