package dev.slipstream.decode.template;

/**
 * A token of a template.
 *
 * @param kind what it is
 * @param text its text; a string's is decoded
 * @param line from 1
 */
record Token(Kind kind, String text, int line) {
    enum Kind {
        TEXT,
        PRINT_BEGIN,
        PRINT_END,
        TAG_BEGIN,
        TAG_END,
        NAME,
        STRING,
        INTEGER,
        FLOAT,
        OPERATOR,
        END
    }

    boolean is(Kind wanted, String wantedText) {
        return kind == wanted && text.equals(wantedText);
    }

    /** Returns the token in a message's words. */
    String describe() {
        return switch (kind) {
            case TEXT -> "text";
            case PRINT_BEGIN -> "'{{'";
            case PRINT_END -> "'}}'";
            case TAG_BEGIN -> "'{%'";
            case TAG_END -> "'%}'";
            case END -> "the end of the template";
            case STRING -> "a string";
            default -> "'" + text + "'";
        };
    }
}
