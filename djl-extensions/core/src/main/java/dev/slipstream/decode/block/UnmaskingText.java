package dev.slipstream.decode.block;

import java.util.Locale;

/** Reads the rules of this package that decide which predictions are kept. */
final class UnmaskingText {
    private static final String FORMS =
            "expected confidence:0.9, confidence:0.5:margin, static, static:margin or entropy-bounded:0.1";

    private final String text;
    private final String[] parts;

    private UnmaskingText(String text) {
        this.text = text;
        this.parts = text.strip().toLowerCase(Locale.ROOT).split(":", -1);
    }

    static Unmasking read(String text) {
        return new UnmaskingText(text).rule();
    }

    private Unmasking rule() {
        return switch (parts[0]) {
            case "confidence" -> {
                atMost(3);
                yield new ConfidenceUnmasking(number(1), kind(2));
            }
            case "static" -> {
                atMost(2);
                yield new StaticUnmasking(kind(1));
            }
            case "entropy-bounded" -> {
                atMost(2);
                yield new EntropyBoundedUnmasking(number(1));
            }
            default -> throw wrong();
        };
    }

    private void atMost(int count) {
        if (parts.length > count) {
            throw wrong();
        }
    }

    private double number(int index) {
        try {
            if (index < parts.length) {
                return Double.parseDouble(parts[index].strip());
            }
        } catch (NumberFormatException e) {
            // Told below, with what was expected.
        }
        throw wrong();
    }

    private ConfidenceKind kind(int index) {
        return index < parts.length
                ? Settings.constant("confidence", parts[index].strip(), ConfidenceKind.class)
                : ConfidenceKind.PROBABILITY;
    }

    private IllegalArgumentException wrong() {
        return new IllegalArgumentException(FORMS + ", found '" + text + "'");
    }
}
