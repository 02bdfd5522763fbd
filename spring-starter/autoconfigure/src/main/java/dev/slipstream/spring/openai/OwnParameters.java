package dev.slipstream.spring.openai;

import tools.jackson.core.JsonParser;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.deser.DeserializationProblemHandler;

/**
 * Refuses unknown parameters in the object <code>slipstream</code>: nobody else sends any there, so
 * that one is misspelt. Those of OpenAI that are not known here are ignored, for its clients send
 * them whether they matter or not.
 */
final class OwnParameters extends DeserializationProblemHandler {
    @Override
    public boolean handleUnknownProperty(
            DeserializationContext context,
            JsonParser parser,
            ValueDeserializer<?> deserializer,
            Object target,
            String name) {
        boolean own = target instanceof EffortParameters || target == EffortParameters.class;
        if (own) {
            throw ApiException.badParameter(
                    "slipstream." + name,
                    "no such parameter; expected one of effort, ms_per_token, skip_threshold, skip_count, skip_warm_up");
        }
        return false;
    }
}
