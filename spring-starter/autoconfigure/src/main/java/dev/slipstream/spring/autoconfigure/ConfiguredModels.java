package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.pass.PassException;
import dev.slipstream.schedule.SharedGenerator;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/** Opens what the properties ask for. */
final class ConfiguredModels {
    private static final Log log = LogFactory.getLog(ConfiguredModels.class);

    private final SlipstreamProperties properties;
    private final SlipstreamModelLoader loader;
    private final List<TextGeneratorDecorator> decorators;

    ConfiguredModels(
            SlipstreamProperties properties,
            SlipstreamModelLoader loader,
            List<TextGeneratorDecorator> decorators) {
        this.properties = properties;
        this.loader = loader;
        this.decorators = decorators;
    }

    /**
     * Opens all models; if one fails, those before it are closed.
     *
     * @throws SlipstreamConfigurationException that names the property of the model that failed
     */
    SlipstreamModels open() {
        Map<String, ModelProperties> wanted =
                properties.models().isEmpty()
                        ? Map.of(embedded(), ModelProperties.NONE)
                        : properties.models();
        List<NamedGenerator> opened = new ArrayList<>();
        try {
            wanted.forEach((name, model) -> opened.add(open(name, model)));
            String defaultName =
                    properties.defaultModel() != null
                            ? properties.defaultModel()
                            : opened.get(0).name();
            return new SlipstreamModels(opened, defaultName, decorators);
        } catch (RuntimeException e) {
            opened.forEach(NamedGenerator::close);
            throw e;
        }
    }

    /** Returns the embedded model to open where no model is configured. */
    private String embedded() {
        if (properties.defaultModel() != null) {
            return properties.defaultModel();
        }
        if (Models.embedded().isEmpty()) {
            throw new SlipstreamConfigurationException(
                    "slipstream.models",
                    "no model is configured, and none is embedded in a jar on the class path; set"
                            + " slipstream.models.<name>.location, or add slipstream-models",
                    null);
        }
        return Models.embedded().get(0);
    }

    private NamedGenerator open(String name, ModelProperties model) {
        long start = System.nanoTime();
        String location = model.location() != null ? model.location() : name;
        LoadOptions options =
                model.loadOptions(properties.cacheDirectory(), properties.cacheLimit());
        SharedGenerator generator;
        try {
            generator = loader.load(name, location, options);
        } catch (PassException e) {
            throw new SlipstreamConfigurationException(
                    model.planProperty(SlipstreamProperties.MODELS + name, e), e.getMessage(), e);
        } catch (RuntimeException e) {
            throw new SlipstreamConfigurationException(property(name), reason(name, model, e), e);
        }
        GenerationOptions defaults = defaults(name, model, generator);
        log.info(
                "Opened model %s from %s in %d ms: context of %d tokens, at most %d active and %d queued requests"
                        .formatted(
                                name,
                                location,
                                (System.nanoTime() - start) / 1_000_000,
                                generator.contextLength(),
                                options.batching().maxActive(),
                                options.batching().maxQueued()));
        return new NamedGenerator(name, location, generator, defaults);
    }

    /** Returns what requests get that say nothing; the model is closed if it cannot give that. */
    private static GenerationOptions defaults(
            String name, ModelProperties model, SharedGenerator generator) {
        GenerationProperties generation = model.generation();
        if (generation == null) {
            return generator.defaults();
        }
        try {
            GenerationOptions defaults = generation.over(generator.defaults());
            GenerationProperties.check(
                    SlipstreamProperties.MODELS + name + ".generation",
                    () -> generator.check(defaults));
            return defaults;
        } catch (RuntimeException e) {
            generator.close();
            throw e;
        }
    }

    private String property(String name) {
        return properties.models().isEmpty()
                ? SlipstreamProperties.DEFAULT_MODEL
                : SlipstreamProperties.MODELS + name + ".location";
    }

    private static String reason(String name, ModelProperties model, RuntimeException e) {
        String message = e.getMessage() != null ? e.getMessage() : e.toString();
        return model.location() != null || Models.embedded().contains(name)
                ? message
                : "expected a location, because '%s' is no embedded model (%s); %s"
                        .formatted(name, Models.embedded(), message);
    }
}
