package dev.slipstream.samples.cli;

import static dev.slipstream.samples.cli.Table.format;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What {@code inspect} tells, for people and for programs.
 *
 * @param command always {@code inspect}
 * @param model name or place of the model
 * @param parameters trained values
 * @param bytes of all weights and constants
 * @param nodes of the graph
 * @param opsets version of each operator set; ONNX's own is called {@code ai.onnx}
 * @param storedBytes bytes by precision
 * @param subLayers in the order of the residual stream
 * @param outside what lies outside of all layers: embedding, head, final norm, tables
 * @param unreadable reason by number of the layer
 * @param runs what is known once the model is open; absent if it can't be opened
 * @param runsNot why it can't be opened; absent if it can
 * @param encodes what is known of a sentence encoder once it is open; absent for others
 */
record InspectReport(
        String command,
        String model,
        long parameters,
        long bytes,
        int nodes,
        Map<String, Integer> opsets,
        SortedMap<String, Long> storedBytes,
        List<Part> subLayers,
        Size outside,
        SortedMap<Integer, String> unreadable,
        @Nullable Runtime runs,
        @Nullable String runsNot,
        @Nullable EncoderFacts encodes) {
    /**
     * One sub-layer.
     *
     * @param layer its number, from 0
     * @param kind {@code attention}, {@code feed-forward} or {@code other}
     * @param nodes without the residual add
     * @param parameters trained values
     * @param bytes of its weights
     * @param residualAdd operator that adds it to the stream
     * @param weights names of its initializers
     */
    record Part(
            int layer,
            String kind,
            int nodes,
            long parameters,
            long bytes,
            String residualAdd,
            List<String> weights) {}

    /**
     * A size.
     *
     * @param parameters trained values
     * @param bytes stored
     */
    record Size(long parameters, long bytes) {}

    /**
     * What is known once the model is open.
     *
     * @param contextLength the most tokens of prompt and answer
     * @param vocabularySize number of token ids
     * @param beginToken id that begins a text; absent if there is none
     * @param endTokens ids that end a text
     * @param chatTemplate whether the model has one
     * @param blocks how it writes by blocks; absent if it was not taught to
     */
    record Runtime(
            int contextLength,
            int vocabularySize,
            @Nullable Integer beginToken,
            List<Integer> endTokens,
            boolean chatTemplate,
            @Nullable BlockFacts blocks) {
        static Runtime of(LanguageModel model) {
            return new Runtime(
                    model.decoder().contextLength(),
                    model.decoder().vocabularySize(),
                    model.beginToken(),
                    model.endTokens().stream().sorted().toList(),
                    model.template() != null,
                    BlockFacts.of(model.decoder()));
        }
    }

    /** Returns a report of a graph alone. */
    static InspectReport of(String model, OnnxModel graph) {
        Anatomy anatomy = Anatomy.of(graph);
        List<Part> parts =
                anatomy.layers().stream()
                        .flatMap(
                                layer ->
                                        layer.subLayers().stream()
                                                .map(sub -> part(layer.index(), sub)))
                        .toList();
        long inLayers =
                parts.stream()
                        .flatMap(part -> part.weights().stream())
                        .distinct()
                        .map(graph.initializers()::get)
                        .filter(Objects::nonNull)
                        .mapToLong(tensor -> tensor.data().remaining())
                        .sum();
        Size outside =
                new Size(
                        anatomy.parameters() - parts.stream().mapToLong(Part::parameters).sum(),
                        anatomy.bytes() - inLayers);
        return new InspectReport(
                "inspect",
                model,
                anatomy.parameters(),
                anatomy.bytes(),
                graph.nodes().size(),
                opsets(graph),
                StoredWeights.bytes(graph),
                parts,
                outside,
                anatomy.unreadable(),
                null,
                null,
                null);
    }

    InspectReport running(@Nullable Runtime model, @Nullable String reason) {
        return told(model, reason, null);
    }

    InspectReport encoding(EncoderFacts encoder) {
        return told(null, null, encoder);
    }

    private InspectReport told(
            @Nullable Runtime model, @Nullable String reason, @Nullable EncoderFacts encoder) {
        return new InspectReport(
                command,
                this.model,
                parameters,
                bytes,
                nodes,
                opsets,
                storedBytes,
                subLayers,
                outside,
                unreadable,
                model,
                reason,
                encoder);
    }

    @Override
    public String toString() {
        Table facts =
                new Table()
                        .row("model", model)
                        .row("parameters", format("%,d", parameters))
                        .row("size", format("%,d bytes: %s", bytes, list(storedBytes)))
                        .row("graph", format("%,d nodes, opsets %s", nodes, list(opsets)));
        if (runs != null) {
            facts.row("context length", format("%,d tokens", runs.contextLength()))
                    .row("vocabulary", format("%,d tokens", runs.vocabularySize()))
                    .row(
                            "begin token",
                            runs.beginToken() == null ? "none" : runs.beginToken().toString())
                    .row("end tokens", ids(runs.endTokens()))
                    .row("chat template", runs.chatTemplate() ? "yes" : "no")
                    .row("blocks", runs.blocks() == null ? "no" : runs.blocks().toString());
        }
        if (encodes != null) {
            encodes.rows(facts);
        }
        if (runsNot != null) {
            facts.row("runs", "no: " + runsNot);
        }
        return facts + "\n" + anatomy();
    }

    private Table anatomy() {
        Table table = new Table().row("layer", "part", "nodes", "parameters", "bytes", "note");
        Stream<Row> readable =
                subLayers.stream()
                        .map(
                                part ->
                                        new Row(
                                                part.layer(),
                                                part.kind(),
                                                format("%,d", part.nodes()),
                                                format("%,d", part.parameters()),
                                                format("%,d", part.bytes()),
                                                ""));
        Stream<Row> others =
                unreadable.entrySet().stream()
                        .map(
                                entry ->
                                        new Row(
                                                entry.getKey(),
                                                "unreadable",
                                                "-",
                                                "-",
                                                "-",
                                                entry.getValue()));
        // A stable sort: the sub-layers of a layer stay in the order of the stream.
        Stream.concat(readable, others)
                .sorted(Comparator.comparingInt(Row::layer))
                .forEach(
                        row ->
                                table.row(
                                        Integer.toString(row.layer()),
                                        row.kind(),
                                        row.nodes(),
                                        row.parameters(),
                                        row.bytes(),
                                        row.note()));
        return table.row(
                "-",
                "outside",
                "-",
                format("%,d", outside.parameters()),
                format("%,d", outside.bytes()),
                "embedding, head, final norm, tables");
    }

    private record Row(
            int layer, String kind, String nodes, String parameters, String bytes, String note) {}

    private static Part part(int layer, SubLayer sub) {
        return new Part(
                layer,
                sub.kind().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                sub.nodes().size(),
                sub.parameters(),
                sub.bytes(),
                sub.residualAdd().getOpType(),
                sub.weights());
    }

    private static Map<String, Integer> opsets(OnnxModel graph) {
        SortedMap<String, Integer> opsets = new TreeMap<>();
        graph.opsets()
                .forEach(
                        (domain, version) ->
                                opsets.put(domain.isEmpty() ? "ai.onnx" : domain, version));
        return opsets;
    }

    private static String list(Map<String, ? extends Number> numbers) {
        return numbers.entrySet().stream()
                .map(entry -> format("%s %,d", entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    private static String ids(List<Integer> ids) {
        return ids.isEmpty()
                ? "none"
                : ids.stream().map(String::valueOf).collect(Collectors.joining(", "));
    }
}
