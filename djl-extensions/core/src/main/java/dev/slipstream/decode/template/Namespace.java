package dev.slipstream.decode.template;

import java.util.HashMap;
import java.util.Map;

/** An object whose attributes a template may set from inner scopes. */
final class Namespace {
    private final Map<String, Object> attributes;

    Namespace(Map<String, Object> attributes) {
        this.attributes = new HashMap<>(attributes);
    }

    Object get(String name) {
        Object value = attributes.get(name);
        return value != null
                ? value
                : new Undefined("'Namespace object' has no attribute '" + name + "'");
    }

    void set(String name, Object value) {
        attributes.put(name, value);
    }
}
