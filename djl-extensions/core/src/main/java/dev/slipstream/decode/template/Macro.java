package dev.slipstream.decode.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A part of a template that is called by its name.
 *
 * @param name for messages
 * @param parameters in order
 * @param uses names that the body mentions: only a body that mentions them gets {@code varargs},
 *     {@code kwargs} and {@code caller}
 * @param body what a call renders
 */
record Macro(String name, List<Parameter> parameters, Set<String> uses, Statement.Body body) {
    /** A parameter and what it is when a call leaves it out. */
    record Parameter(String name, @Nullable Expression otherwise) {}

    /** Returns the macro as a function that sees the variables of the scope. */
    Callable in(Scope scope) {
        return (rendering, arguments) -> call(scope, rendering, arguments);
    }

    private String call(Scope scope, Rendering rendering, Arguments arguments) {
        rendering.enter();
        int line = rendering.line();
        String text = body.capture(bind(scope.inner(), arguments));
        rendering.statement(line);
        rendering.leave();
        return text;
    }

    private Scope bind(Scope inner, Arguments arguments) {
        int given = arguments.positional().size();
        Map<String, Object> named = new LinkedHashMap<>(arguments.named());
        for (int i = 0; i < parameters.size(); i++) {
            Parameter parameter = parameters.get(i);
            Object value = named.remove(parameter.name);
            if (i < given) {
                if (value != null) {
                    throw wrong("got two values for '" + parameter.name + "'");
                }
                value = arguments.positional().get(i);
            }
            if (value == null) {
                value =
                        parameter.otherwise != null
                                ? parameter.otherwise.evaluate(inner)
                                : new Undefined(
                                        "parameter '" + parameter.name + "' was not provided");
            }
            inner.set(parameter.name, value);
        }
        if (uses.contains("caller")) {
            Object caller = named.remove("caller");
            inner.set("caller", caller != null ? caller : new Undefined("No caller defined"));
        }
        if (uses.contains("varargs")) {
            inner.set(
                    "varargs",
                    new Tuple(arguments.from(Math.min(given, parameters.size())).positional()));
        } else if (given > parameters.size()) {
            throw wrong("takes at most " + parameters.size() + " arguments, " + given + " given");
        }
        if (uses.contains("kwargs")) {
            inner.set("kwargs", named);
        } else if (!named.isEmpty()) {
            throw wrong("has no argument '" + named.keySet().iterator().next() + "'");
        }
        return inner;
    }

    private TemplateException wrong(String what) {
        return new TemplateException("macro '" + name + "' " + what);
    }
}
