package dev.slipstream.evaluate;

import dev.slipstream.pass.PassException;
import dev.slipstream.pass.PassSpec;
import org.jspecify.annotations.Nullable;

/**
 * What a sweep tries of one method; as text {@code ffn-skip:share=0.25@balanced}.
 *
 * @param pass with its parameters
 * @param effort the level that requests then ask for; null for passes without gates
 */
public record Setting(PassSpec pass, @Nullable String effort) {
    private static final char LEVEL = '@';

    /**
     * Reads the text form.
     *
     * @throws PassException if it has another form
     */
    public static Setting parse(String text) {
        int at = text.lastIndexOf(LEVEL);
        if (at < 0) {
            return new Setting(PassSpec.parse(text), null);
        }
        String effort = text.substring(at + 1).strip();
        if (effort.isEmpty()) {
            throw new PassException(
                    "'%s': expected a level of effort after %s, found none".formatted(text, LEVEL));
        }
        return new Setting(PassSpec.parse(text.substring(0, at)), effort);
    }

    /** Tells whether both can be parts of one candidate. */
    boolean goesWith(Setting other) {
        return !pass.name().equals(other.pass.name())
                && (effort == null || other.effort == null || effort.equals(other.effort));
    }

    @Override
    public String toString() {
        return effort == null ? pass.toString() : pass.toString() + LEVEL + effort;
    }
}
