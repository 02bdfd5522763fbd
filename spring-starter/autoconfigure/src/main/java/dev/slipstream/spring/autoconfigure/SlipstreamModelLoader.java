package dev.slipstream.spring.autoconfigure;

import dev.slipstream.schedule.SharedGenerator;
import dev.slipstream.zoo.LoadOptions;

/**
 * Opens the models that the properties name. Declare a bean of this type to bring models from
 * another place, in a {@link dev.slipstream.schedule.QueuedGenerator} if they have no queue, or to
 * wrap what {@link dev.slipstream.zoo.Models#load} returns.
 */
@FunctionalInterface
public interface SlipstreamModelLoader {
    /**
     * Opens a model. The application closes it.
     *
     * @param name of the model in the application
     * @param location as configured; the name if no location is configured
     * @param options as configured
     * @throws RuntimeException if it cannot be opened; the message reaches the user beside the
     *     property's name
     */
    SharedGenerator load(String name, String location, LoadOptions options);
}
