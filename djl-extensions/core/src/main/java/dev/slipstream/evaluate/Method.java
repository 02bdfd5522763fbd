package dev.slipstream.evaluate;

import java.util.Arrays;
import java.util.List;

/**
 * A family of settings that a sweep tries.
 *
 * @param name for users; most often that of the pass
 * @param kind what its passes do to a model
 * @param grid what to try, the most telling first
 */
public record Method(String name, Kind kind, List<Setting> grid) {
    /** What a pass does to a model. */
    public enum Kind {
        /** It changes the graph for good. */
        PASS,
        /** It makes parts of the graph optional. */
        GATE
    }

    /** Copies the list and checks that there is something to try. */
    public Method {
        grid = List.copyOf(grid);
        if (grid.isEmpty()) {
            throw new IllegalArgumentException(
                    name + ": expected one or more settings to try, found none");
        }
    }

    /**
     * Returns a method from the text forms of its settings.
     *
     * @throws dev.slipstream.pass.PassException if a text has another form
     */
    public static Method of(String name, Kind kind, String... grid) {
        return new Method(name, kind, Arrays.stream(grid).map(Setting::parse).toList());
    }
}
