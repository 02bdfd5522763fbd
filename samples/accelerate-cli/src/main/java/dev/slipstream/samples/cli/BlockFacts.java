package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.runtime.DecoderModel;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a model writes by blocks.
 *
 * @param size the most tokens of a block
 * @param maskToken id of the token that stands where none is known
 * @param alignment {@code shifted} if logits are of the next place, {@code aligned} if of their own
 * @param here whether it can as it was opened
 */
record BlockFacts(int size, int maskToken, String alignment, boolean here) {
    static @Nullable BlockFacts of(DecoderModel decoder) {
        String text = decoder.metadata().get(DecoderGraphs.BLOCK_DIFFUSION);
        if (text == null) {
            return null;
        }
        BlockDiffusion blocks = BlockDiffusion.parse(text);
        return new BlockFacts(
                blocks.blockSize(),
                blocks.maskToken(),
                blocks.alignment().name().toLowerCase(Locale.ROOT),
                decoder.seesBlocks());
    }

    @Override
    public String toString() {
        return format(
                "of %d tokens at most, mask token %d, %s%s",
                size,
                maskToken,
                alignment,
                here ? "" : "; not here, where attention is causal only");
    }
}
