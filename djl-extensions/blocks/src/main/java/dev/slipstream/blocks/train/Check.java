package dev.slipstream.blocks.train;

/** The errors of settings outside their range. */
final class Check {
    private Check() {}

    static void atLeast(String name, long least, long found) {
        if (found < least) {
            throw wrong(name, least + " or more", found);
        }
    }

    static void positive(String name, double found) {
        if (!(found > 0 && found < Double.POSITIVE_INFINITY)) {
            throw wrong(name, "more than 0", found);
        }
    }

    static void notNegative(String name, double found) {
        if (!(found >= 0 && found < Double.POSITIVE_INFINITY)) {
            throw wrong(name, "0 or more", found);
        }
    }

    static void fraction(String name, double found) {
        if (!(found >= 0 && found <= 1)) {
            throw wrong(name, "0 to 1", found);
        }
    }

    static IllegalArgumentException wrong(String name, String expected, Object found) {
        return new IllegalArgumentException(
                "%s: expected %s, found %s".formatted(name, expected, found));
    }
}
