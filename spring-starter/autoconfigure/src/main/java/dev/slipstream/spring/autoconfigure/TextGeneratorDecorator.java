package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.TextGenerator;

/**
 * Wraps every model before anyone gets it, whichever way the requests come in. Beans of this type
 * are applied in order, the first one innermost; the meters are one of them.
 */
@FunctionalInterface
public interface TextGeneratorDecorator {
    /**
     * Returns a generator to use instead.
     *
     * @param generator to wrap; closing what is returned must close it. Its name is the one that
     *     the application gave it
     */
    TextGenerator decorate(TextGenerator generator);
}
