package dev.slipstream.decode.draft;

import dev.slipstream.decode.DraftLengths;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * How users say how many tokens are drafted. As text, for properties and command lines: {@code
 * cost-model}, {@code cost-model:16}, {@code constant:4}, {@code confident:8,0.4}, {@code
 * adaptive:2,16} or {@code adaptive:20,30,10,0.5}; a rule's {@code toString} is its text.
 */
public sealed interface DraftLengthRule
        permits ConstantLength, ConfidentLength, AdaptiveLength, CostModelLength {
    /**
     * Returns the rule's state for one model.
     *
     * @param costs what the model's runs cost; asked only by rules that need it, as measuring takes
     *     time
     */
    DraftLengths lengths(Supplier<VerificationCosts> costs);

    /** Returns the most tokens of a draft. */
    int mostTokens();

    /**
     * Returns the rule that a text names.
     *
     * @param text see above; numbers that are left out get their defaults
     * @throws IllegalArgumentException if it names none, or a number is missing or out of its range
     */
    static DraftLengthRule parse(String text) {
        int colon = text.indexOf(':');
        String name = (colon < 0 ? text : text.substring(0, colon)).strip();
        List<Double> numbers = colon < 0 ? List.of() : numbers(text, text.substring(colon + 1));
        try {
            return switch (name.toLowerCase(Locale.ROOT)) {
                case "cost-model" -> costModel(text, numbers);
                case "constant" -> constant(text, numbers);
                case "confident" -> confident(text, numbers);
                case "adaptive" -> adaptive(text, numbers);
                default -> throw unknown(text, "\"" + name + "\" is no rule");
            };
        } catch (IllegalArgumentException e) {
            throw e.getMessage().startsWith("draft length") ? e : unknown(text, e.getMessage());
        }
    }

    private static DraftLengthRule costModel(String text, List<Double> numbers) {
        return switch (numbers.size()) {
            case 0 -> CostModelLength.DEFAULT;
            case 1 -> new CostModelLength(whole(text, numbers.get(0)));
            default -> throw unknown(text, "cost-model takes one number, the most tokens");
        };
    }

    private static DraftLengthRule constant(String text, List<Double> numbers) {
        if (numbers.size() != 1) {
            throw unknown(text, "constant takes one number, the tokens of every draft");
        }
        return new ConstantLength(whole(text, numbers.get(0)));
    }

    private static DraftLengthRule confident(String text, List<Double> numbers) {
        return switch (numbers.size()) {
            case 0 -> ConfidentLength.DEFAULT;
            case 2 -> new ConfidentLength(whole(text, numbers.get(0)), numbers.get(1));
            default ->
                    throw unknown(
                            text, "confident takes two numbers, most tokens and least confidence");
        };
    }

    private static DraftLengthRule adaptive(String text, List<Double> numbers) {
        AdaptiveLength standard = AdaptiveLength.DEFAULT;
        int size = numbers.size();
        if (size == 0) {
            return standard;
        }
        if (size != 2 && size != 4) {
            throw unknown(
                    text,
                    "adaptive takes fewest and most tokens, and perhaps the step and the weight of the newest draft");
        }
        return new AdaptiveLength(
                whole(text, numbers.get(0)),
                whole(text, numbers.get(1)),
                size == 4 ? whole(text, numbers.get(2)) : standard.delta(),
                size == 4 ? numbers.get(3) : standard.rho());
    }

    private static List<Double> numbers(String text, String list) {
        List<Double> result = new ArrayList<>();
        for (String part : list.split(",", -1)) {
            try {
                result.add(Double.valueOf(part.strip()));
            } catch (NumberFormatException e) {
                throw unknown(text, "\"" + part.strip() + "\" is no number");
            }
        }
        return result;
    }

    private static int whole(String text, double number) {
        if (number != Math.rint(number) || Math.abs(number) > Integer.MAX_VALUE) {
            throw unknown(text, "expected a whole number of tokens, found " + number);
        }
        return (int) number;
    }

    private static IllegalArgumentException unknown(String text, String reason) {
        return new IllegalArgumentException(
                "draft length \"%s\": %s; write cost-model, constant:4, confident:8,0.4 or adaptive:2,16"
                        .formatted(text, reason));
    }
}
