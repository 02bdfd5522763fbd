package dev.slipstream.zoo;

import ai.djl.inference.streaming.StreamingBlock;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import com.google.gson.JsonObject;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Iterator;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Text generation as a DJL block. Input: token ids {@code int64 [n]} and the parameters as UTF-8
 * JSON {@code uint8 [m]} (see {@link TgiParameters}). Output: the new ids {@code int64 [k]} and
 * what {@link GenerationJson} says of them, as UTF-8 JSON {@code uint8 [l]}; streamed, one such
 * pair for each piece of text and one without ids at the end.
 */
final class GenerationBlock extends AbstractBlock implements StreamingBlock {
    private final TextGenerator generator;

    GenerationBlock(TextGenerator generator) {
        this.generator = generator;
    }

    TextGenerator generator() {
        return generator;
    }

    /** Returns the input for a request, in a manager's arrays. */
    static NDList input(NDManager manager, Prompt prompt, JsonObject parameters) {
        return new NDList(ids(manager, prompt.ids()), json(manager, parameters));
    }

    /** Reads back the second array of an output. */
    static JsonObject description(NDList output) {
        return GenerationJson.parse(text(output.get(1)));
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameterStore,
            NDList inputs,
            boolean training,
            @Nullable PairList<String, Object> params) {
        if (isEmpty(inputs)) {
            return new NDList();
        }
        try (TokenStream stream = start(inputs)) {
            Generation generation = stream.readAll();
            int[] ids = generation.tokens().stream().mapToInt(token -> token.id()).toArray();
            NDManager manager = inputs.head().getManager();
            return new NDList(ids(manager, ids), json(manager, GenerationJson.whole(generation)));
        }
    }

    @Override
    public Iterator<NDList> forwardStreamIter(
            ParameterStore parameterStore,
            NDList inputs,
            boolean training,
            @Nullable PairList<String, Object> params) {
        if (isEmpty(inputs)) {
            return Collections.emptyIterator();
        }
        NDManager manager = inputs.head().getManager();
        TokenStream stream = start(inputs);
        // DJL closes no stream: one that is left half read ends when its predictor closes.
        String id = UUID.randomUUID().toString();
        manager.attachInternal(id, stream);
        return new ChunkArrays(manager, stream, () -> manager.detachInternal(id));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        return new Shape[] {new Shape(-1), new Shape(-1)};
    }

    static NDArray ids(NDManager manager, int[] ids) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            wide[i] = ids[i];
        }
        return manager.create(wide, new Shape(ids.length));
    }

    static NDArray json(NDManager manager, JsonObject object) {
        byte[] bytes = object.toString().getBytes(StandardCharsets.UTF_8);
        return manager.create(ByteBuffer.wrap(bytes), new Shape(bytes.length), DataType.UINT8);
    }

    /** Tells whether there is no prompt: a request that was refused, and runs nothing. */
    private static boolean isEmpty(NDList inputs) {
        return inputs.head().isEmpty();
    }

    private TokenStream start(NDList inputs) {
        long[] wide = inputs.get(0).toLongArray();
        int[] ids = new int[wide.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = Math.toIntExact(wide[i]);
        }
        GenerationOptions options =
                TgiParameters.of(GenerationJson.parse(text(inputs.get(1))), generator.defaults())
                        .options();
        try {
            return generator.stream(new Prompt("", ids), options);
        } catch (InvalidOptionException e) {
            throw TgiParameters.renamed(e);
        }
    }

    private static String text(NDArray utf8) {
        return new String(utf8.toByteArray(), StandardCharsets.UTF_8);
    }
}
