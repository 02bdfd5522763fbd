package dev.slipstream.decode.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop} inside a loop. */
final class Loop {
    private final List<Object> items;
    private int index = -1;
    private @Nullable Object seen;

    Loop(List<Object> items) {
        this.items = items;
    }

    void advance() {
        index++;
    }

    Object attribute(String name) {
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) items.size() - index;
            case "revindex0" -> items.size() - index - 1L;
            case "first" -> index == 0;
            case "last" -> index == items.size() - 1;
            case "length" -> (long) items.size();
            // Only recursive loops, which there are none of here, go deeper.
            case "depth" -> 1L;
            case "depth0" -> 0L;
            case "previtem" -> neighbour(index - 1, "there is no previous item");
            case "nextitem" -> neighbour(index + 1, "there is no next item");
            case "cycle" -> (Callable) this::cycle;
            case "changed" -> (Callable) this::changed;
            default -> new Undefined("'loop' has no attribute '" + name + "'");
        };
    }

    private Object neighbour(int at, String otherwise) {
        return at >= 0 && at < items.size() ? items.get(at) : new Undefined(otherwise);
    }

    private Object cycle(Rendering rendering, Arguments arguments) {
        if (arguments.positional().isEmpty()) {
            throw new TemplateException("no items for cycling given");
        }
        return arguments.positional().get(index % arguments.positional().size());
    }

    private Object changed(Rendering rendering, Arguments arguments) {
        Object now = new Tuple(arguments.positional());
        boolean changed = seen == null || !Values.equal(rendering, seen, now);
        seen = now;
        return changed;
    }
}
