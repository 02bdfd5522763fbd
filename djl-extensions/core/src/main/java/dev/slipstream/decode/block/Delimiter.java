package dev.slipstream.decode.block;

/** What may end a block of {@link AdaBlock}, by the name that a user gives it. */
public enum Delimiter {
    /** A line break. */
    NEWLINE("\n"),

    /** A full stop. */
    PERIOD("."),

    /** An exclamation mark. */
    EXCLAMATION_MARK("!"),

    /** A question mark. */
    QUESTION_MARK("?"),

    /** A comma. */
    COMMA(","),

    /** A semicolon. */
    SEMICOLON(";"),

    /** A colon. */
    COLON(":");

    private final String text;

    Delimiter(String text) {
        this.text = text;
    }

    /** Returns the text that a token has to contain. */
    public String text() {
        return text;
    }
}
