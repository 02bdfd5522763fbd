package dev.slipstream.samples.benchmarks.page;

import dev.slipstream.samples.benchmarks.result.Figure;
import dev.slipstream.samples.benchmarks.result.Figure.Kind;
import dev.slipstream.samples.benchmarks.result.Machine;
import dev.slipstream.samples.benchmarks.result.Results;
import dev.slipstream.samples.benchmarks.result.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Writes results as a page in Markdown with its plots. */
public final class Page {
    private static final List<Kind> WORK = List.of(Kind.PREFILL, Kind.DECODE, Kind.FIRST_TOKEN);
    private static final List<Kind> COST =
            List.of(
                    Kind.LOAD_COLD,
                    Kind.LOAD_WARM,
                    Kind.COLD_START,
                    Kind.WARM_START,
                    Kind.RESIDENT,
                    Kind.PEAK);
    private static final double GIGABYTE = 1e9;

    private final Results results;
    private final Selection selection;
    private final StringBuilder text = new StringBuilder();

    /** Constructs a page of results. */
    public Page(Results results) {
        this.results = results;
        this.selection = new Selection(results);
    }

    /**
     * Writes the page, and its plots into the directory {@code images} beside it.
     *
     * @param file of the page
     * @throws IOException if one cannot be written
     */
    public void write(Path file) throws IOException {
        Path images = file.toAbsolutePath().resolveSibling("images");
        String prefix = String.valueOf(file.getFileName()).replaceFirst("\\.md$", "") + "-";
        Files.writeString(file, render(new PagePlots(selection, images, prefix)));
    }

    private String render(PagePlots plots) throws IOException {
        paragraph("# Benchmarks");
        paragraph(
                "Written by a program from measured values, which lie beside it as JSON; [how to run"
                        + " it](benchmarking.md). This is what was asked:");
        paragraph("    " + results.command().replace("\n", "\n    "));
        machine();
        method();
        Tables tables = new Tables(results, selection);
        for (Selection.Subject subject : selection.subjects()) {
            paragraph("## " + subject);
            section("Reading and decoding", tables.against(subject, WORK, Sample.Neighbour.NONE));
            plots.bars(subject, this::paragraph);
            plots.context(subject, this::paragraph);
            section("How near the memory's limit", tables.limit(subject));
            section("Starts and memory", tables.against(subject, COST, Sample.Neighbour.NONE));
            section("Beside one busy neighbour", tables.busy(subject));
            section(
                    "Several texts at once",
                    tables.against(subject, List.of(Kind.STREAMS), Sample.Neighbour.NONE));
            plots.streams(subject, this::paragraph);
            section("Real texts, with what leaves them alone", tables.accelerated(subject));
            section("Settings that change the text, and their price", tables.lossy(subject));
            section("Where the time goes", tables.operators(subject));
        }
        behind(tables);
        notes();
        return text.toString().stripTrailing() + "\n";
    }

    private void machine() {
        Machine machine = results.machine();
        paragraph("## Machine");
        Markdown table = new Markdown(List.of("", ""));
        table.row(List.of("processor", machine.processor()));
        table.row(List.of("processors", String.valueOf(machine.processors())));
        table.row(List.of("instruction sets", String.join(" ", machine.instructions())));
        table.row(List.of("memory", Cell.number(Figure.Unit.BYTES, machine.memory()) + " MiB"));
        table.row(List.of("system", machine.system()));
        table.row(List.of("Java", machine.java()));
        machine.versions().forEach((name, version) -> table.row(List.of(name, version)));
        for (Results.Bandwidth read : results.bandwidth()) {
            table.row(
                    List.of(
                            "reads %d MiB, %s"
                                    .formatted(read.bytes() >> 20, threads(read.threads())),
                            "%s GB/s (fastest %s)"
                                    .formatted(
                                            Cell.number(Figure.Unit.RATE, read.median() / GIGABYTE),
                                            Cell.number(
                                                    Figure.Unit.RATE, read.most() / GIGABYTE))));
        }
        table.row(
                List.of(
                        "load before",
                        machine.load() < 0
                                ? "unknown"
                                : String.format(Locale.ROOT, "%.2f", machine.load())));
        paragraph(table.toString().stripTrailing());
    }

    private void method() {
        paragraph("## How it was measured");
        long disturbed = selection.disturbed();
        String limit = Math.round(100 * results.foreignLimit()) + " %";
        String others =
                results.quietOnly()
                        ? "%d of %d runs are left out because processes outside the comparison used more than %s of the machine during them."
                                .formatted(selection.leftOut(), results.samples().size(), limit)
                        : "%s marks values where processes outside the comparison used more than %s of the machine during half of the runs or more (%d of all %d runs)."
                                .formatted(Cell.MARK, limit, disturbed, results.samples().size());
        paragraph(
                """
                - Every contender computes with the same weights in a process of its own, which stays open. In each round each run goes to all of them, one right after the other; who is first changes from round to round. One round to warm up is not kept.
                - A cell is the median of the rounds and [least, most]; there %s. Rates are tokens a second, times are seconds, memory is MiB.
                - "decode after N" decodes greedily after a prompt of N drawn tokens was read; "first token after N" is the reading. A model with a shorter context leaves the longer ones out.
                - The column "against the best peer" is above 1 where Slipstream is better, whatever the unit; "behind" says where it is not. Slipstream's settings are its defaults where no other is named.
                - llama-bench is a process for each run, warms itself up, and opens the model anew each time: its start is that of a whole process.
                - %s"""
                        .formatted(
                                results.rounds() == 1
                                        ? "was 1 round, which says little"
                                        : "were %d rounds".formatted(results.rounds()),
                                others));
    }

    private void behind(Tables tables) {
        List<String> rows = new ArrayList<>();
        for (Selection.Subject subject : selection.subjects()) {
            List<Kind> kinds = new ArrayList<>(WORK);
            kinds.addAll(COST);
            kinds.add(Kind.STREAMS);
            rows.addAll(tables.behind(subject, kinds));
        }
        paragraph("## Where Slipstream is behind");
        paragraph(
                rows.isEmpty()
                        ? "Nowhere in what was measured against a peer here."
                        : rows.stream().map(row -> "- " + row).collect(Collectors.joining("\n")));
    }

    private void notes() {
        if (results.notes().isEmpty()) {
            return;
        }
        paragraph("## What was not measured");
        paragraph(
                results.notes().stream()
                        .map(
                                note ->
                                        "- %s (%s): %s"
                                                .formatted(
                                                        note.contender(),
                                                        note.where(),
                                                        note.message().replace('\n', ' ')))
                        .collect(Collectors.joining("\n")));
    }

    private void section(String title, String table) {
        if (!table.isEmpty()) {
            paragraph("### " + title);
            paragraph(table.stripTrailing());
        }
    }

    private void paragraph(String paragraph) {
        text.append(paragraph).append("\n\n");
    }

    static String threads(int threads) {
        return threads == 1 ? "1 thread" : threads + " threads";
    }
}
