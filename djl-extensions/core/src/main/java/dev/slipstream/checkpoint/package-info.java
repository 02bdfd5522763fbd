/** Model files to graphs: safetensors with {@code config.json}, and llama2.c checkpoints. */
@NullMarked
package dev.slipstream.checkpoint;

import org.jspecify.annotations.NullMarked;
