package dev.slipstream.zoo;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TokenStream;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/** The pieces of a text as arrays; those of a step are freed at the next one. */
final class ChunkArrays implements Iterator<NDList> {
    private final NDManager manager;
    private final TokenStream stream;
    private @Nullable NDManager step;
    private boolean ended;

    ChunkArrays(NDManager manager, TokenStream stream) {
        this.manager = manager;
        this.stream = stream;
    }

    @Override
    public boolean hasNext() {
        if (ended) {
            closeStep();
        }
        return !ended;
    }

    @Override
    public NDList next() {
        if (ended) {
            throw new NoSuchElementException("the text has ended");
        }
        closeStep();
        NDManager arrays = manager.newSubManager();
        step = arrays;
        try {
            if (stream.hasNext()) {
                TextChunk chunk = stream.next();
                int[] ids = chunk.tokens().stream().mapToInt(token -> token.id()).toArray();
                return new NDList(
                        GenerationBlock.ids(arrays, ids),
                        GenerationBlock.json(arrays, GenerationJson.piece(chunk)));
            }
            ended = true;
            return new NDList(
                    GenerationBlock.ids(arrays, new int[0]),
                    GenerationBlock.json(arrays, GenerationJson.end(stream)));
        } catch (RuntimeException e) {
            ended = true;
            closeStep();
            throw e;
        } finally {
            if (ended) {
                stream.close();
            }
        }
    }

    private void closeStep() {
        if (step != null) {
            step.close();
            step = null;
        }
    }
}
