package dev.slipstream.samples.cli;

import dev.slipstream.runtime.Spinning;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What {@code threads} tells, for people and for programs.
 *
 * @param command always {@code threads}
 * @param model name of the model
 * @param weights their precision
 * @param promptTokens of each text
 * @param maxTokens of each text
 * @param rounds how often each was measured
 * @param neighbours the rates beside each number of busy processes
 */
record ThreadsReport(
        String command,
        String model,
        String weights,
        int promptTokens,
        int maxTokens,
        int rounds,
        List<Beside> neighbours) {
    /**
     * Threads that wait in one way.
     *
     * @param threads of a run of the model
     * @param spinning what they do while they wait
     */
    record Setting(int threads, Spinning spinning) {
        @Override
        public String toString() {
            return threads == 1
                    ? "1 thread"
                    : threads + " threads, " + spinning.name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * All settings beside so many busy processes.
     *
     * @param neighbours busy processes of the command's own
     * @param otherLoad processors that others used at the median, with the neighbours; null where
     *     nobody tells
     * @param rates in the order of the settings
     */
    record Beside(int neighbours, @Nullable Double otherLoad, List<Rate> rates) {}

    /**
     * One setting.
     *
     * @param setting threads and their waits
     * @param tokensPerSecond after the first token; the median of the rounds
     * @param least of the rounds
     * @param most of the rounds
     * @param kept the part of the first number of neighbours' rate
     */
    record Rate(Setting setting, double tokensPerSecond, double least, double most, double kept) {}

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(
                new Table()
                        .row("model", model + ", " + weights)
                        .row("texts", promptTokens + " + " + maxTokens + " tokens")
                        .row("rounds", Integer.toString(rounds)));
        for (Beside beside : neighbours) {
            Double load = beside.otherLoad();
            text.append(
                    Table.format(
                            "\nbeside %d busy %s%s\n",
                            beside.neighbours(),
                            beside.neighbours() == 1 ? "process" : "processes",
                            load == null
                                    ? ""
                                    : Table.format("; others used %.2f processors", load)));
            Table table = new Table().row("threads", "tokens/s", "least", "most", "kept");
            for (Rate rate : beside.rates()) {
                table.row(
                        rate.setting().toString(),
                        Table.format("%,.1f", rate.tokensPerSecond()),
                        Table.format("%,.1f", rate.least()),
                        Table.format("%,.1f", rate.most()),
                        Table.format("%.2f", rate.kept()));
            }
            text.append(table);
        }
        return text.toString();
    }
}
