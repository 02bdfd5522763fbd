package dev.slipstream.decode.template;

import java.time.Clock;

/** One rendering: what it may still spend, and where it is. Used by one thread. */
final class Rendering {
    /** Deep enough for JSON schemas as nested macros; shallow enough for a thread's stack. */
    private static final int MOST_NESTED_CALLS = 100;

    private static final long CHARACTERS_A_STEP = 1024;
    private static final long CHARACTERS_AN_ITEM = 16;

    private final Clock clock;
    private final long mostSteps;
    private final long mostCharacters;
    private long steps;
    private long characters;
    private int calls;
    private int line = 1;

    Rendering(Clock clock, long mostSteps, long mostCharacters) {
        this.clock = clock;
        this.mostSteps = mostSteps;
        this.mostCharacters = mostCharacters;
    }

    Clock clock() {
        return clock;
    }

    int line() {
        return line;
    }

    /** Begins a statement. */
    void statement(int at) {
        line = at;
        step();
    }

    /** Pays for one statement, loop item, call or comparison. */
    void step() {
        spend(1);
    }

    /** Pays for a call that may read each of the texts given. */
    void call(Object self, Arguments arguments) {
        step();
        read(self);
        arguments.positional().forEach(this::read);
    }

    /** Pays for reading a text, when it is one. */
    void read(Object value) {
        if (value instanceof String text) {
            spend(text.length() / CHARACTERS_A_STEP);
        }
    }

    /** Pays for looking for a part at each place of a text. */
    void search(String text, String part) {
        long places = Math.max(0, (long) text.length() - part.length() + 1);
        spend(places * part.length() / CHARACTERS_A_STEP);
    }

    /** Pays for looking each character of a text up in a set. */
    void lookUp(String text, String set) {
        spend((long) text.length() * set.length() / CHARACTERS_A_STEP);
    }

    private void spend(long count) {
        steps += count;
        if (steps > mostSteps) {
            throw new TemplateException(
                    "stopped after " + mostSteps + " steps: the template seems never to end");
        }
    }

    /** Pays for list items before they are made: each takes the memory of some characters. */
    void growItems(long count) {
        grow(CHARACTERS_AN_ITEM * count);
    }

    /** Pays for characters before they are made. */
    void grow(long count) {
        characters += count;
        if (characters > mostCharacters || characters < 0) {
            throw new TemplateException(
                    "stopped after making more than "
                            + mostCharacters
                            + " characters: the template seems to grow without end");
        }
    }

    void enter() {
        if (++calls > MOST_NESTED_CALLS) {
            throw new TemplateException(
                    "macros call each other more than " + MOST_NESTED_CALLS + " deep");
        }
    }

    void leave() {
        calls--;
    }
}
