package dev.slipstream.decode.template;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The variables of a template, loop iteration, macro call or block; inner ones see outer ones. */
final class Scope {
    private final Rendering rendering;
    private final @Nullable Scope outer;
    private final Map<String, Object> variables;

    Scope(Rendering rendering, Map<String, Object> variables) {
        this.rendering = rendering;
        this.outer = null;
        this.variables = variables;
    }

    private Scope(Scope outer) {
        this.rendering = outer.rendering;
        this.outer = outer;
        this.variables = new HashMap<>();
    }

    Scope inner() {
        return new Scope(this);
    }

    Rendering rendering() {
        return rendering;
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Object value = scope.variables.get(name);
            if (value != null) {
                return value;
            }
        }
        Object function = Functions.find(name);
        return function != null ? function : new Undefined("'" + name + "' is undefined");
    }

    void set(String name, Object value) {
        variables.put(name, value);
    }
}
