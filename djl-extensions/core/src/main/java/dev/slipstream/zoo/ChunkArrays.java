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
    private final Runnable onEnd;
    private @Nullable NDManager step;
    private boolean ended;

    /**
     * Takes over a stream.
     *
     * @param onEnd called once, when the text has ended and the stream is closed
     */
    ChunkArrays(NDManager manager, TokenStream stream, Runnable onEnd) {
        this.manager = manager;
        this.stream = stream;
        this.onEnd = onEnd;
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
                onEnd.run();
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
