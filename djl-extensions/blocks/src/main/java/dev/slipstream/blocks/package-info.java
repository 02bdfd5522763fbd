/**
 * Trainable decoders of the Llama family, made of DJL blocks on its PyTorch engine. They read and
 * write the directories that {@code dev.slipstream.checkpoint} reads.
 */
@NullMarked
package dev.slipstream.blocks;

import org.jspecify.annotations.NullMarked;
