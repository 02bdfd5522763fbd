/**
 * Writing text by blocks: all places of a block are predicted in one run of the model, some are
 * kept, the others are predicted again with these in sight (block diffusion). One loop; what the
 * methods differ in is a class each: which predictions are kept ({@link
 * dev.slipstream.decode.block.Unmasking}), where a block ends ({@link
 * dev.slipstream.decode.block.BlockBorders}), whether the same model verifies as a decoder of
 * single tokens, and whether attention over the text before the block is computed anew.
 */
@NullMarked
package dev.slipstream.decode.block;

import org.jspecify.annotations.NullMarked;
