package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.slipstream.samples.cli.FrontierReport.Point;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A sweep as one HTML file: a template, the report as JSON, and Chart.js for the plot, all inlined.
 * Without scripts, the table is there nevertheless.
 */
final class FrontierPage {
    private static final Pattern SLOT = Pattern.compile("\\{\\{(\\w+)}}");

    /** Writes {@code <} as an escape, so that no text of a report can end the script element. */
    private static final Gson GSON = new GsonBuilder().create();

    private FrontierPage() {}

    static String of(FrontierReport report) {
        Map<String, String> contents =
                Map.of(
                        "title", escaped("Frontier of " + report.model()),
                        "headline", escaped(report.headline()),
                        "rows", rows(report),
                        "data", GSON.toJson(report),
                        "chart", chart());
        Matcher slots = SLOT.matcher(resource("/dev/slipstream/samples/cli/frontier.html"));
        return slots.replaceAll(
                slot -> {
                    String content = contents.get(slot.group(1));
                    if (content == null) {
                        throw new IllegalStateException("frontier.html: no " + slot.group());
                    }
                    return Matcher.quoteReplacement(content);
                });
    }

    private static String chart() {
        String script =
                resource(
                        "/META-INF/resources/webjars/chart.js/%s/dist/chart.umd.js"
                                .formatted(Versions.of("chartjs")));
        // The map would be looked for beside the page.
        return script.replaceFirst("//# sourceMappingURL=\\S+\\s*$", "");
    }

    private static String rows(FrontierReport report) {
        return report.points().stream().map(FrontierPage::row).collect(Collectors.joining("\n"));
    }

    private static String row(Point point) {
        if (point.ratio() == null || point.measured() == null) {
            return "<tr><td>%s</td><td colspan=\"4\">%s</td></tr>"
                    .formatted(escaped(point.plan()), escaped(String.valueOf(point.failure())));
        }
        return format(
                "<tr><td>%s</td><td>%.2f×</td><td>%+.4f</td><td>%.4f</td><td>%,d</td></tr>",
                escaped(point.plan()),
                point.ratio().median(),
                point.natsLost(),
                point.divergence(),
                point.measured().storedBytes());
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    private static String resource(String name) {
        try (InputStream in = FrontierPage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new FileNotFoundException(name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
