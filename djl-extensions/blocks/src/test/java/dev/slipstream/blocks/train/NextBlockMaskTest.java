package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Proof 1 of NBDiff: the four quadrants against matrices written by hand. */
class NextBlockMaskTest {
    @Test
    void maskOracleOfContextCausalBlocksOfFour() {
        assertThat(drawn(NextBlockMask.of(Visibility.CONTEXT_CAUSAL, 8, 4)))
                .isEqualTo(
                        """
                        x....... ........
                        xx...... ........
                        xxx..... ........
                        xxxx.... ........
                        xxxxx... ........
                        xxxxxx.. ........
                        xxxxxxx. ........
                        xxxxxxxx ........
                        ........ xxxx....
                        ........ xxxx....
                        ........ xxxx....
                        ........ xxxx....
                        xxxx.... ....xxxx
                        xxxx.... ....xxxx
                        xxxx.... ....xxxx
                        xxxx.... ....xxxx
                        """);
    }

    @Test
    void maskOracleOfBlocksOfOne() {
        assertThat(drawn(NextBlockMask.of(Visibility.CONTEXT_CAUSAL, 3, 1)))
                .isEqualTo(
                        """
                        x.. ...
                        xx. ...
                        xxx ...
                        ... x..
                        x.. .x.
                        xx. ..x
                        """);
    }

    @Test
    void maskOracleOfBlockCausalContextAndAShorterLastBlock() {
        assertThat(drawn(NextBlockMask.of(Visibility.BLOCK_CAUSAL, 5, 2)))
                .isEqualTo(
                        """
                        xx... .....
                        xx... .....
                        xxxx. .....
                        xxxx. .....
                        xxxxx .....
                        ..... xx...
                        ..... xx...
                        xx... ..xx.
                        xx... ..xx.
                        xxxx. ....x
                        """);
    }

    private static String drawn(boolean[][] mask) {
        StringBuilder text = new StringBuilder();
        for (boolean[] row : mask) {
            for (int key = 0; key < row.length; key++) {
                text.append(key == row.length / 2 ? " " : "").append(row[key] ? 'x' : '.');
            }
            text.append('\n');
        }
        return text.toString();
    }
}
