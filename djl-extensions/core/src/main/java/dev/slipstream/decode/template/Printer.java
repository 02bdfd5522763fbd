package dev.slipstream.decode.template;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;

/** How Python prints values: {@code str} and {@code repr}. */
final class Printer {
    private Printer() {}

    /** Returns what {@code {{ value }}} prints. */
    static String text(Rendering rendering, Object value) {
        if (value instanceof String text) {
            return text;
        }
        if (value instanceof Undefined) {
            return "";
        }
        return repr(rendering, value);
    }

    static String repr(Rendering rendering, Object value) {
        Buffer out = new Buffer(rendering);
        write(out, value);
        return out.toString();
    }

    private static void write(Buffer out, Object value) {
        out.rendering().step();
        if (value instanceof String text) {
            quote(out, text);
        } else if (value instanceof Boolean flag) {
            out.append(flag ? "True" : "False");
        } else if (value instanceof Double number) {
            out.append(number(number));
        } else if (value == None.NONE) {
            out.append("None");
        } else if (value instanceof Range range) {
            writeItems(out, "[", range, "]");
        } else if (value instanceof Tuple tuple) {
            writeItems(out, "(", tuple, tuple.size() == 1 ? ",)" : ")");
        } else if (value instanceof List<?> list) {
            writeItems(out, "[", list, "]");
        } else if (value instanceof Map<?, ?> map) {
            String separator = "{";
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.append(separator);
                write(out, entry.getKey());
                out.append(": ");
                write(out, entry.getValue());
                separator = ", ";
            }
            out.append(map.isEmpty() ? "{}" : "}");
        } else if (value instanceof Long number) {
            out.append(number.toString());
        } else if (value instanceof Undefined) {
            out.append("Undefined");
        } else {
            out.append("<").append(Values.typeName(value)).append(">");
        }
    }

    private static void writeItems(Buffer out, String open, List<?> items, String close) {
        out.append(open);
        String separator = "";
        for (Object item : items) {
            out.append(separator);
            write(out, item);
            separator = ", ";
        }
        out.append(close);
    }

    private static void quote(Buffer out, String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        text.codePoints()
                .forEach(
                        c -> {
                            if (c == quote || c == '\\') {
                                out.append('\\').append((char) c);
                            } else if (c == '\n') {
                                out.append("\\n");
                            } else if (c == '\r') {
                                out.append("\\r");
                            } else if (c == '\t') {
                                out.append("\\t");
                            } else if (isPrintable(c)) {
                                out.append(Character.toString(c));
                            } else if (c < 0x100) {
                                out.append(String.format("\\x%02x", c));
                            } else if (c < 0x10000) {
                                out.append(String.format("\\u%04x", c));
                            } else {
                                out.append(String.format("\\U%08x", c));
                            }
                        });
        out.append(quote);
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                    false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }

    /** Returns the shortest decimal that reads back as the same number, as Python writes it. */
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0.0" : "0.0";
        }
        BigDecimal shortest = shortest(value).stripTrailingZeros();
        int exponent = shortest.precision() - shortest.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = shortest.toPlainString();
            return plain.indexOf('.') >= 0 ? plain : plain + ".0";
        }
        String digits = shortest.unscaledValue().abs().toString();
        String mantissa =
                digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        return (value < 0 ? "-" : "")
                + mantissa
                + (exponent < 0 ? "e-" : "e+")
                + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }

    /** {@code Double.toString} before Java 19 may write one digit too many. */
    private static BigDecimal shortest(double value) {
        BigDecimal written = new BigDecimal(Double.toString(value));
        BigDecimal exact = new BigDecimal(value);
        for (int precision = written.precision() - 2;
                precision < written.precision();
                precision++) {
            if (precision > 0) {
                BigDecimal rounded =
                        exact.round(new MathContext(precision, RoundingMode.HALF_EVEN));
                if (rounded.doubleValue() == value) {
                    return rounded;
                }
            }
        }
        return written;
    }
}
