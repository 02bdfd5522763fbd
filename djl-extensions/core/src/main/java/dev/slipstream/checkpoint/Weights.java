package dev.slipstream.checkpoint;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.Tensor;
import java.util.List;
import java.util.Set;

/**
 * The tensors of a decoder, under the names of Hugging Face's Llama family: {@code
 * model.embed_tokens.weight}, {@code model.layers.0.self_attn.q_proj.weight}, …, {@code
 * lm_head.weight}. Matrices are {@code [out, in]}; the rows of queries and keys are in the form
 * that rotates the first half of a head against the second.
 */
public interface Weights {
    /** Returns the file that holds or lists the tensors, for messages. */
    String location();

    /** Returns the names of all tensors. */
    Set<String> names();

    /**
     * Tells whether a tensor is there.
     *
     * @param name its Hugging Face name
     */
    boolean contains(String name);

    /**
     * Returns the shape of a tensor without touching its data.
     *
     * @param name its Hugging Face name
     * @throws CheckpointException that names file and tensor, if it is missing
     */
    List<Long> shape(String name);

    /**
     * Returns the element type of a tensor without touching its data.
     *
     * @param name its Hugging Face name
     * @throws CheckpointException that names file and tensor, if it is missing
     */
    ElementType type(String name);

    /**
     * Returns a tensor as it is stored, mapped rather than read where it lies in a file.
     *
     * @param name its Hugging Face name
     * @throws CheckpointException that names file and tensor, if it is missing, cannot be read or
     *     has 2 GiB or more
     */
    Tensor tensor(String name);
}
