package dev.slipstream.blocks;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;

/** A block whose parameters have their shapes from its construction, whatever its inputs are. */
public abstract class SizedBlock extends AbstractBlock {
    SizedBlock() {}

    @Override
    protected final void initializeChildBlocks(
            NDManager manager, DataType type, Shape... inputShapes) {
        getChildren().values().forEach(child -> child.initialize(manager, type, inputShapes));
    }
}
