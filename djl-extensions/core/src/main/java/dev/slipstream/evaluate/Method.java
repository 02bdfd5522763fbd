package dev.slipstream.evaluate;

import dev.slipstream.pass.PassSpec;
import java.util.Arrays;
import java.util.List;

/**
 * A family of passes that a sweep tries.
 *
 * @param name for users; most often that of the pass
 * @param grid what to try, the most telling first
 */
public record Method(String name, List<PassSpec> grid) {
    /** Copies the list and checks that there is something to try. */
    public Method {
        grid = List.copyOf(grid);
        if (grid.isEmpty()) {
            throw new IllegalArgumentException(
                    name + ": expected one or more passes to try, found none");
        }
    }

    /** Returns a method from the text forms of its passes. */
    public static Method of(String name, String... grid) {
        return new Method(name, Arrays.stream(grid).map(PassSpec::parse).toList());
    }
}
