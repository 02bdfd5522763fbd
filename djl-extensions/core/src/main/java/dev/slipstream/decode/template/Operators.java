package dev.slipstream.decode.template;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** Python's arithmetic. Integers have 64 bits; what does not fit is an error. */
final class Operators {
    private Operators() {}

    /** An operator between two values. */
    @FunctionalInterface
    interface Binary {
        Object apply(Rendering rendering, Object left, Object right);
    }

    static Object add(Rendering rendering, Object left, Object right) {
        if (Values.isNumber(left) && Values.isNumber(right)) {
            return integers(left, right)
                    ? exact(() -> Math.addExact(Values.asLong(left), Values.asLong(right)))
                    : Values.asDouble(left) + Values.asDouble(right);
        } else if (left instanceof String a && right instanceof String b) {
            rendering.grow((long) a.length() + b.length());
            return a.concat(b);
        } else if (left instanceof List<?> a
                && right instanceof List<?> b
                && left instanceof Tuple == right instanceof Tuple) {
            rendering.growItems((long) a.size() + b.size());
            List<Object> both = new ArrayList<>(a);
            both.addAll(b);
            return left instanceof Tuple ? new Tuple(both) : both;
        }
        if (left instanceof String && !(right instanceof Undefined)) {
            throw new TemplateException(
                    "can only concatenate str (not \"" + Values.typeName(right) + "\") to str");
        }
        throw unsupported("+", left, right);
    }

    static Object subtract(Rendering rendering, Object left, Object right) {
        numbers("-", left, right);
        return integers(left, right)
                ? exact(() -> Math.subtractExact(Values.asLong(left), Values.asLong(right)))
                : Values.asDouble(left) - Values.asDouble(right);
    }

    static Object multiply(Rendering rendering, Object left, Object right) {
        if (Values.isInteger(left) && (right instanceof String || right instanceof List)) {
            return multiply(rendering, right, left);
        }
        if (left instanceof String text && Values.isInteger(right)) {
            return new Buffer(rendering).repeat(text, Values.asLong(right)).toString();
        }
        if (left instanceof List<?> list && Values.isInteger(right)) {
            long times = Math.max(0, Values.asLong(right));
            rendering.growItems(Buffer.saturatedProduct(list.size(), times));
            List<Object> repeated = new ArrayList<>();
            for (long i = 0; i < times && !list.isEmpty(); i++) {
                repeated.addAll(list);
            }
            return left instanceof Tuple ? new Tuple(repeated) : repeated;
        }
        numbers("*", left, right);
        return integers(left, right)
                ? exact(() -> Math.multiplyExact(Values.asLong(left), Values.asLong(right)))
                : Values.asDouble(left) * Values.asDouble(right);
    }

    static Object divide(Rendering rendering, Object left, Object right) {
        numbers("/", left, right);
        nonZero(right);
        return Values.asDouble(left) / Values.asDouble(right);
    }

    static Object floorDivide(Rendering rendering, Object left, Object right) {
        numbers("//", left, right);
        nonZero(right);
        return integers(left, right)
                ? exact(() -> floor(Values.asLong(left), Values.asLong(right)))
                : Math.floor(Values.asDouble(left) / Values.asDouble(right));
    }

    private static long floor(long a, long b) {
        return b == -1 ? Math.negateExact(a) : Math.floorDiv(a, b);
    }

    static Object remainder(Rendering rendering, Object left, Object right) {
        if (left instanceof String format) {
            return PercentFormat.format(rendering, format, right);
        }
        numbers("%", left, right);
        nonZero(right);
        if (integers(left, right)) {
            return Math.floorMod(Values.asLong(left), Values.asLong(right));
        }
        double divisor = Values.asDouble(right);
        double remainder = Values.asDouble(left) % divisor;
        return remainder != 0 && remainder < 0 != divisor < 0 ? remainder + divisor : remainder;
    }

    static Object power(Rendering rendering, Object left, Object right) {
        numbers("**", left, right);
        if (!integers(left, right) || Values.asLong(right) < 0) {
            return Math.pow(Values.asDouble(left), Values.asDouble(right));
        }
        return exact(() -> power(Values.asLong(left), Values.asLong(right)));
    }

    private static long power(long base, long exponent) {
        long result = 1;
        long square = base;
        for (long rest = exponent; rest > 0; rest >>= 1) {
            if ((rest & 1) == 1) {
                result = Math.multiplyExact(result, square);
            }
            if (rest > 1) {
                square = Math.multiplyExact(square, square);
            }
        }
        return result;
    }

    static Object negate(Object value) {
        if (Values.isInteger(value)) {
            return exact(() -> Math.negateExact(Values.asLong(value)));
        } else if (value instanceof Double number) {
            return -number;
        }
        throw badOperand("-", value);
    }

    static Object plus(Object value) {
        if (Values.isInteger(value)) {
            return Values.asLong(value);
        } else if (value instanceof Double) {
            return value;
        }
        throw badOperand("+", value);
    }

    private static TemplateException badOperand(String operator, Object value) {
        return value instanceof Undefined undefined
                ? undefined.error()
                : new TemplateException(
                        "bad operand type for unary "
                                + operator
                                + ": '"
                                + Values.typeName(value)
                                + "'");
    }

    private static boolean integers(Object left, Object right) {
        return Values.isInteger(left) && Values.isInteger(right);
    }

    private static void numbers(String operator, Object left, Object right) {
        if (!Values.isNumber(left) || !Values.isNumber(right)) {
            throw unsupported(operator, left, right);
        }
    }

    private static TemplateException unsupported(String operator, Object left, Object right) {
        for (Object side : new Object[] {left, right}) {
            if (side instanceof Undefined undefined) {
                return undefined.error();
            }
        }
        return new TemplateException(
                "unsupported operand type(s) for "
                        + operator
                        + ": '"
                        + Values.typeName(left)
                        + "' and '"
                        + Values.typeName(right)
                        + "'");
    }

    private static void nonZero(Object divisor) {
        if (Values.asDouble(divisor) == 0) {
            throw new TemplateException("division by zero");
        }
    }

    private static Object exact(LongSupplier arithmetic) {
        try {
            return arithmetic.getAsLong();
        } catch (ArithmeticException e) {
            throw new TemplateException("integer result does not fit 64 bits");
        }
    }
}
