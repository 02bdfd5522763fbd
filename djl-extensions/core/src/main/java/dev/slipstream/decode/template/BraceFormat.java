package dev.slipstream.decode.template;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Python's {@code str.format} with plain fields: <code>{} {0} {name}</code>. */
final class BraceFormat {
    private static final Pattern FIELD = Pattern.compile("\\{\\{|}}|\\{(\\w*)}|[{}]");

    private BraceFormat() {}

    static Object format(Rendering rendering, String format, Arguments arguments) {
        Buffer out = new Buffer(rendering);
        Matcher field = FIELD.matcher(format);
        int end = 0;
        int next = 0;
        while (field.find()) {
            out.append(format.substring(end, field.start()));
            end = field.end();
            String name = field.group(1);
            if (name == null) {
                if (field.group().length() == 1) {
                    throw new TemplateException(
                            "format knows the fields {}, {0} and {name} only: " + format);
                }
                out.append(field.group().charAt(0));
                continue;
            }
            String key = name.isEmpty() ? Integer.toString(next++) : name;
            Object value = value(arguments, key);
            if (value == null) {
                throw new TemplateException("format has no value for '" + key + "'");
            }
            out.append(Printer.text(rendering, value));
        }
        return out.append(format.substring(end)).toString();
    }

    private static @Nullable Object value(Arguments arguments, String key) {
        if (key.matches("[0-9]{1,6}")) {
            int index = Integer.parseInt(key);
            return index < arguments.positional().size() ? arguments.positional().get(index) : null;
        }
        return arguments.named().get(key);
    }
}
