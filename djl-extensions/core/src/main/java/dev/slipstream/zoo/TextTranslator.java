package dev.slipstream.zoo;

import ai.djl.inference.streaming.StreamingTranslator;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import com.google.gson.JsonObject;
import dev.slipstream.decode.TextGenerator;
import java.util.Iterator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A prompt in, its continuation out. */
final class TextTranslator
        implements NoBatchifyTranslator<String, String>, StreamingTranslator<String, String> {
    private final TextGenerator generator;
    private final JsonObject parameters;

    TextTranslator(TextGenerator generator, JsonObject parameters) {
        this.generator = generator;
        this.parameters = parameters;
    }

    @Override
    public NDList processInput(TranslatorContext ctx, String input) {
        return GenerationBlock.input(ctx.getNDManager(), generator.prompt(input), parameters);
    }

    @Override
    public String processOutput(TranslatorContext ctx, NDList list) {
        return GenerationBlock.description(list).get("text").getAsString();
    }

    @Override
    public Support getSupport() {
        return Support.BOTH;
    }

    /**
     * {@inheritDoc}
     *
     * <p>A {@code String} cannot come in pieces: iterative output is the next piece at each call
     * (empty when there is none left), asynchronous output the whole text.
     */
    @Override
    public StreamOutput<String> processStreamOutput(TranslatorContext ctx, Stream<NDList> list) {
        Iterator<String> pieces =
                list.map(piece -> GenerationBlock.description(piece).get("text").getAsString())
                        .iterator();
        return new StreamOutput<>() {
            @Override
            protected String buildAsyncOutput() {
                Iterable<String> all = () -> pieces;
                return java.util.stream.StreamSupport.stream(all.spliterator(), false)
                        .collect(Collectors.joining());
            }

            @Override
            protected void computeAsyncOutputInternal(String output) {}

            @Override
            public String getIterativeOutputInternal() {
                return pieces.hasNext() ? pieces.next() : "";
            }
        };
    }
}
