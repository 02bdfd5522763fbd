package dev.slipstream.samples.benchmarks.page;

import java.util.ArrayList;
import java.util.List;

/** A table in Markdown. */
final class Markdown {
    private final StringBuilder text = new StringBuilder();

    Markdown(List<String> header) {
        row(header);
        List<String> rule = new ArrayList<>(List.of("---"));
        for (int i = 1; i < header.size(); i++) {
            rule.add("---:");
        }
        row(rule);
    }

    final void row(List<String> cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
