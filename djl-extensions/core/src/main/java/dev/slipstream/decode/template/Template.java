package dev.slipstream.decode.template;

import java.time.Clock;
import java.util.Map;

/**
 * A parsed Jinja template, with the settings of Hugging Face's chat templates: {@code trim_blocks},
 * {@code lstrip_blocks}, {@code break} and {@code continue}, {@code raise_exception}, {@code
 * strftime_now} and a {@code tojson} that escapes nothing for HTML. What a template does not need
 * for a conversation is left out: files, blocks and inheritance, escaping, random numbers,
 * recursive loops, and all that changes a value in place.
 *
 * <p>Immutable; safe for use by many threads.
 */
public final class Template {
    /** What a small template may spend on an empty conversation. */
    private static final long BASE_STEPS = 200_000;

    private static final long BASE_CHARACTERS = 4_000_000;

    /** What it may spend more for each value and character of its input. */
    private static final long STEPS_PER_VALUE = 1_000;

    private static final long CHARACTERS_PER_CHARACTER = 100;

    /** A text has to fit one array. */
    private static final long MOST_CHARACTERS = 1L << 30;

    private final Statement.Body body;

    private Template(Statement.Body body) {
        this.body = body;
    }

    /**
     * Reads a template.
     *
     * @param source its text
     * @throws TemplateException that names the line, if it is broken
     */
    public static Template parse(String source) {
        try {
            return new Template(StatementParser.parse(source));
        } catch (StackOverflowError e) {
            throw new TemplateException("the template is nested too deep to be read");
        }
    }

    /**
     * Renders the template.
     *
     * @param variables by name: null, strings, numbers, booleans, and lists and maps of them
     * @param clock for {@code strftime_now}
     * @throws TemplateException if the template fails, refuses by {@code raise_exception}, or
     *     spends more steps or characters than a rendering of this input may
     */
    public String render(Map<String, ?> variables, Clock clock) {
        Inputs inputs = new Inputs();
        Map<String, Object> copies = inputs.variables(variables);
        Rendering rendering =
                new Rendering(
                        clock,
                        BASE_STEPS + STEPS_PER_VALUE * inputs.values() + inputs.characters(),
                        Math.min(
                                MOST_CHARACTERS,
                                BASE_CHARACTERS + CHARACTERS_PER_CHARACTER * inputs.characters()));
        try {
            return body.capture(new Scope(rendering, copies));
        } catch (TemplateException e) {
            throw e.placed(rendering.line());
        } catch (StackOverflowError e) {
            // Values that a template nests in each other, and sums of thousands of terms.
            throw TemplateException.at(rendering.line(), "nested too deep to be rendered");
        }
    }
}
