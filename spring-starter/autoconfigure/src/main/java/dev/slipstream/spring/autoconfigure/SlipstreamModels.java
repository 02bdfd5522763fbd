package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.TextGenerator;
import dev.slipstream.schedule.SharedGenerator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The application's models by name, in order, one of them the default. Owns and closes them. */
public final class SlipstreamModels implements AutoCloseable {
    /** A model, and the same as its users see it. */
    private record Entry(NamedGenerator model, TextGenerator decorated) {}

    private final Map<String, Entry> models = new LinkedHashMap<>();
    private final String defaultName;

    SlipstreamModels(
            List<NamedGenerator> models,
            String defaultName,
            List<TextGeneratorDecorator> decorators) {
        for (NamedGenerator model : models) {
            TextGenerator decorated = model;
            for (TextGeneratorDecorator decorator : decorators) {
                decorated = decorator.decorate(decorated);
            }
            this.models.put(model.name(), new Entry(model, decorated));
        }
        this.defaultName = defaultName;
        entry(defaultName);
    }

    /**
     * Returns a registry of models that were opened elsewhere, which it owns from now on.
     *
     * @param models by name, in order
     * @param defaultName name of the default model
     * @throws UnknownModelException if the default is not among the models
     */
    public static SlipstreamModels of(
            Map<String, ? extends SharedGenerator> models, String defaultName) {
        List<NamedGenerator> named = new ArrayList<>();
        models.forEach(
                (name, model) ->
                        named.add(new NamedGenerator(name, model.name(), model, model.defaults())));
        return new SlipstreamModels(named, defaultName, List.of());
    }

    /** Returns the models' names, in order. */
    public List<String> names() {
        return List.copyOf(models.keySet());
    }

    /** Returns the name of the model that serves requests which name none. */
    public String defaultName() {
        return defaultName;
    }

    /** Returns the model that serves requests which name none. */
    public TextGenerator defaultModel() {
        return get(defaultName);
    }

    /**
     * Returns a model. Its {@link TextGenerator#name()} is the name here, and its {@link
     * TextGenerator#defaults()} are the configured ones.
     *
     * @param name of the model
     * @throws UnknownModelException if there is none of that name
     */
    public TextGenerator get(String name) {
        return entry(name).decorated();
    }

    /**
     * Returns how a model does now.
     *
     * @param name of the model
     * @throws UnknownModelException if there is none of that name
     */
    public ModelStatus status(String name) {
        return entry(name).model().status();
    }

    /** Closes all models, the last one first. */
    @Override
    public void close() {
        List<Entry> open = new ArrayList<>(models.values());
        RuntimeException failure = null;
        for (int i = open.size() - 1; i >= 0; i--) {
            try {
                open.get(i).decorated().close();
            } catch (RuntimeException e) {
                if (failure != null) {
                    e.addSuppressed(failure);
                }
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private Entry entry(String name) {
        Entry entry = models.get(name);
        if (entry == null) {
            throw new UnknownModelException(name, models.keySet());
        }
        return entry;
    }
}
