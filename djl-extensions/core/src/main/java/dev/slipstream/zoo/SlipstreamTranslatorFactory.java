package dev.slipstream.zoo;

import ai.djl.Model;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;
import com.google.gson.JsonObject;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.TextGenerator;
import java.io.Serializable;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Translators for text generation: {@code String} to {@code String} (prompt to continuation), and
 * {@code Input} to {@code Output} in JSON, {@code {"inputs": ..., "parameters": {...}}} with the
 * parameter names of Hugging Face's Text Generation Inference. Criteria arguments of those names
 * are the defaults of every request.
 */
public final class SlipstreamTranslatorFactory implements TranslatorFactory, Serializable {
    private static final long serialVersionUID = 1L;

    /** Constructs a factory. */
    public SlipstreamTranslatorFactory() {}

    @Override
    public Set<Pair<Type, Type>> getSupportedTypes() {
        return Set.of(
                new Pair<>(String.class, String.class), new Pair<>(Input.class, Output.class));
    }

    /**
     * {@inheritDoc}
     *
     * @throws TranslateException if the model is not one of Slipstream's, or an argument is wrong
     */
    @Override
    @SuppressWarnings("unchecked")
    public <I, O> Translator<I, O> newInstance(
            Class<I> input, Class<O> output, Model model, @Nullable Map<String, ?> arguments)
            throws TranslateException {
        TextGenerator generator = generator(model);
        Map<String, ?> given = arguments == null ? Map.of() : arguments;
        refuseDrafting(given);
        JsonObject defaults = RequestArguments.parameters(given);
        try {
            TgiParameters.of(defaults, generator.defaults());
        } catch (InvalidOptionException e) {
            throw new TranslateException("criteria argument " + e.getMessage(), e);
        }
        if (input == String.class && output == String.class) {
            return (Translator<I, O>) new TextTranslator(generator, defaults);
        }
        if (input == Input.class && output == Output.class) {
            return (Translator<I, O>) new TgiTranslator(generator, defaults);
        }
        throw new IllegalArgumentException(
                "expected types String to String or Input to Output, found %s to %s"
                        .formatted(input.getName(), output.getName()));
    }

    /** Such an argument would be ignored: the model is open already. */
    private static void refuseDrafting(Map<String, ?> arguments) throws TranslateException {
        for (String name : arguments.keySet()) {
            if (name.startsWith("draft")) {
                throw new TranslateException(
                        "criteria argument %s: expected an argument of requests, found an option of the model; give it by optOption"
                                .formatted(name));
            }
        }
    }

    private static TextGenerator generator(Model model) throws TranslateException {
        if (model.getBlock() instanceof GenerationBlock block) {
            return block.generator();
        }
        throw new TranslateException(
                "model %s is not open in Slipstream's engine; add optEngine(\"%s\") to its criteria"
                        .formatted(model.getName(), SlipstreamEngine.NAME));
    }
}
