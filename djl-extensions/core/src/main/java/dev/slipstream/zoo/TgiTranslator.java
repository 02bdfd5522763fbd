package dev.slipstream.zoo;

import ai.djl.inference.streaming.IteratorBytesSupplier;
import ai.djl.inference.streaming.PublisherBytesSupplier;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.BytesSupplier;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.ServingTranslator;
import ai.djl.translate.TranslatorContext;
import com.google.gson.JsonObject;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Requests and answers in the JSON of Hugging Face's Text Generation Inference. A wrong request is
 * answered with code 400 and {@code {"error": ..., "error_type": "validation"}}.
 */
final class TgiTranslator implements NoBatchifyTranslator<Input, Output>, ServingTranslator {
    private static final String REQUEST = "slipstream.request";
    private static final String ERROR = "slipstream.error";

    private final TextGenerator generator;
    private JsonObject defaults;

    TgiTranslator(TextGenerator generator, JsonObject defaults) {
        this.generator = generator;
        this.defaults = defaults;
    }

    @Override
    public void setArguments(Map<String, ?> arguments) {
        defaults = RequestArguments.parameters(arguments);
    }

    @Override
    public ai.djl.translate.@Nullable Batchifier getBatchifier() {
        return null;
    }

    @Override
    public Support getSupport() {
        return Support.BOTH;
    }

    @Override
    public NDList processInput(TranslatorContext ctx, Input input) {
        TgiRequest request = null;
        try {
            request = TgiRequest.read(input, defaults, generator);
            ctx.setAttachment(REQUEST, request);
            return GenerationBlock.input(
                    ctx.getNDManager(), request.prompt(), request.parameters());
        } catch (IllegalArgumentException e) {
            // DJL has no way to skip the block: it gets a request without a prompt.
            ctx.setAttachment(ERROR, String.valueOf(e.getMessage()));
            return GenerationBlock.input(
                    ctx.getNDManager(), new Prompt("", new int[0]), new JsonObject());
        }
    }

    @Override
    public Output processOutput(TranslatorContext ctx, NDList list) {
        Output refusal = refusal(ctx);
        if (refusal != null) {
            return refusal;
        }
        JsonObject answer = request(ctx).answer(GenerationBlock.description(list));
        Output output = json(200, "OK");
        output.add(BytesSupplier.wrap(answer.toString()));
        return output;
    }

    /** {@inheritDoc} One JSON object a line: each token, and with the last one the whole text. */
    @Override
    public StreamOutput<Output> processStreamOutput(TranslatorContext ctx, Stream<NDList> list) {
        Output refusal = refusal(ctx);
        Iterator<NDList> pieces = list.iterator();
        TgiRequest request = refusal == null ? request(ctx) : null;
        return new StreamOutput<>() {
            @Override
            protected Output buildAsyncOutput() {
                if (refusal != null) {
                    return refusal;
                }
                Output output = lines();
                output.add(new PublisherBytesSupplier());
                return output;
            }

            @Override
            protected void computeAsyncOutputInternal(Output output) {
                if (request == null) {
                    return;
                }
                PublisherBytesSupplier publisher = (PublisherBytesSupplier) output.getData();
                Iterator<BytesSupplier> events = new TgiEvents(request, pieces);
                while (events.hasNext()) {
                    byte[] event = events.next().getAsBytes();
                    publisher.appendContent(event, !events.hasNext());
                }
            }

            @Override
            public Output getIterativeOutputInternal() {
                if (request == null) {
                    return java.util.Objects.requireNonNull(refusal);
                }
                Output output = lines();
                output.add(new IteratorBytesSupplier(new TgiEvents(request, pieces)));
                return output;
            }
        };
    }

    private static TgiRequest request(TranslatorContext ctx) {
        return (TgiRequest) ctx.getAttachment(REQUEST);
    }

    private static @Nullable Output refusal(TranslatorContext ctx) {
        Object error = ctx.getAttachment(ERROR);
        if (error == null) {
            return null;
        }
        JsonObject body = new JsonObject();
        body.addProperty("error", error.toString());
        body.addProperty("error_type", "validation");
        Output output = json(400, error.toString());
        output.add(BytesSupplier.wrap(body.toString()));
        return output;
    }

    private static Output json(int code, String message) {
        Output output = new Output(code, message);
        output.addProperty("Content-Type", "application/json");
        return output;
    }

    private static Output lines() {
        Output output = new Output(200, "OK");
        output.addProperty("Content-Type", "application/jsonlines");
        return output;
    }

    /** A prompt cut to its last tokens. */
    static Prompt last(Prompt prompt, int tokens) {
        int[] ids = prompt.ids();
        return tokens >= ids.length
                ? prompt
                : new Prompt(
                        prompt.text(), Arrays.copyOfRange(ids, ids.length - tokens, ids.length));
    }

    /** Returns the UTF-8 text of a request's body. */
    static String body(Input input) {
        BytesSupplier data = input.getData();
        return data == null ? "" : new String(data.getAsBytes(), StandardCharsets.UTF_8);
    }
}
