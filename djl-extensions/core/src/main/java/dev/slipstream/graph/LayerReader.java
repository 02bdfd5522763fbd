package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.slipstream.graph.ResidualStream.Residual;
import dev.slipstream.graph.ResidualStream.Step;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Groups the steps of a residual stream into layers and numbers them. */
final class LayerReader {
    /** {@code past_key_values.3.key}, {@code past_3}, {@code past_conv.3}, ... */
    private static final Pattern PAST = Pattern.compile("past[A-Za-z_]*[._](\\d{1,6})([._].*)?");

    private final OnnxModel model;
    private final DataFlow flow;
    private final BitSet leadsToLogits;
    private final Set<String> outputs;
    private final SortedMap<Integer, String> promised = new TreeMap<>();

    private final List<Layer> layers = new ArrayList<>();
    private final SortedMap<Integer, String> unreadable = new TreeMap<>();
    private final List<SubLayer> open = new ArrayList<>();
    private final SortedSet<Integer> openPast = new TreeSet<>();
    private boolean begun;
    private int openIndex;
    private int next;

    private LayerReader(
            OnnxModel model, DataFlow flow, List<ValueInfoProto> outputs, String logits) {
        this.model = model;
        this.flow = flow;
        this.leadsToLogits = flow.ancestors(logits);
        this.outputs = outputs.stream().map(ValueInfoProto::getName).collect(Collectors.toSet());
        for (ValueInfoProto input : model.inputs()) {
            Matcher past = PAST.matcher(input.getName());
            if (past.matches()) {
                promised.putIfAbsent(Integer.valueOf(past.group(1)), input.getName());
            }
        }
        Contents.Scanner scanner = new Contents.Scanner(model.functions());
        SortedSet<Integer> found = new TreeSet<>();
        for (Step step : new ResidualStream(flow, scanner).steps(logits)) {
            found.addAll(add(step));
        }
        close();
        for (Map.Entry<Integer, String> past : promised.entrySet()) {
            if (!found.contains(past.getKey())) {
                unreadable.putIfAbsent(
                        past.getKey(),
                        "input %s leads to no branch of the residual stream"
                                .formatted(past.getValue()));
            }
        }
    }

    /** Reads the layers before the output {@code logits} or, where none is so called, the first. */
    static LayerReader read(OnnxModel model, DataFlow flow) {
        int output = 0;
        for (int i = 0; i < model.outputs().size(); i++) {
            if (model.outputs().get(i).getName().equals("logits")) {
                output = i;
            }
        }
        String logits = model.outputs().isEmpty() ? "" : model.outputs().get(output).getName();
        LayerReader best = new LayerReader(model, flow, model.outputs(), logits);
        int producer = flow.producer(logits);
        if (best.layers.isEmpty() && producer >= 0) {
            int position = flow.node(producer).getOutputList().indexOf(logits);
            for (GraphProto branch : Values.subgraphs(flow.node(producer))) {
                if (position < branch.getOutputCount()) {
                    LayerReader merged = new LayerReader(model, flow, branch, position);
                    if (merged.layers.size() > best.layers.size()
                            || merged.unreadable.size() < best.unreadable.size()) {
                        best = merged;
                    }
                }
            }
        }
        return best;
    }

    private LayerReader(OnnxModel model, DataFlow outer, GraphProto branch, int logits) {
        this(
                model,
                new DataFlow(branch.getNodeList(), constants(branch, outer)),
                branch.getOutputList(),
                branch.getOutput(logits).getName());
    }

    private static Predicate<String> constants(GraphProto graph, DataFlow outer) {
        Set<String> inner =
                graph.getInitializerList().stream()
                        .map(TensorProto::getName)
                        .collect(Collectors.toSet());
        return value -> inner.contains(value) || outer.constant(value);
    }

    List<Layer> layers() {
        return layers;
    }

    SortedMap<Integer, String> unreadable() {
        return unreadable;
    }

    /** Takes one step up the stream and returns the numbers of the past inputs that it uses. */
    private SortedSet<Integer> add(Step step) {
        SortedSet<Integer> found = new TreeSet<>();
        Residual residual = step.residual();
        if (step.gap() != null) {
            SortedSet<Integer> past = past(step.gap());
            found.addAll(past);
            lose(
                    past,
                    "the residual stream is interrupted before %s: no add joins it with what is before"
                            .formatted(residual.stream()));
        }
        BitSet nodes = (BitSet) residual.path().clone();
        addServants(nodes, residual.node());
        SortedSet<Integer> past = past(nodes);
        found.addAll(past);
        String add = Values.label(flow.node(residual.node()));
        if (residual.parallel()) {
            lose(
                    past,
                    "attention and feed-forward run in parallel into one residual add (%s)"
                            .formatted(add));
            close();
        } else if (past.size() > 1) {
            lose(past, "one residual add (%s) spans layers %s".formatted(add, past));
            close();
        } else {
            extend(subLayer(residual, nodes, past), past);
        }
        return found;
    }

    private void extend(SubLayer subLayer, SortedSet<Integer> past) {
        boolean continues =
                begun
                        && (subLayer.kind() == SubLayer.Kind.FEED_FORWARD
                                ? open.stream().noneMatch(s -> s.kind() == subLayer.kind())
                                : !past.isEmpty() && past.equals(openPast));
        if (!continues) {
            begin(index(past), past);
        }
        open.add(subLayer);
    }

    /** Notes a place that could not be read: the rest of the layer begun, or a further layer. */
    private void lose(SortedSet<Integer> past, String reason) {
        boolean rest =
                past.isEmpty()
                        && !open.isEmpty()
                        && open.stream().noneMatch(s -> s.kind() == SubLayer.Kind.FEED_FORWARD);
        if (rest) {
            unreadable.put(openIndex, reason);
        } else if (past.size() > 1) {
            past.forEach(number -> unreadable.put(number, reason));
            begin(Math.max(next, past.last()), past);
        } else {
            // A feed-forward may follow that belongs to it.
            begin(index(past), past);
            unreadable.put(openIndex, reason);
        }
    }

    private void begin(int index, SortedSet<Integer> past) {
        close();
        begun = true;
        openIndex = index;
        openPast.addAll(past);
        next = index + 1;
    }

    private void close() {
        if (!open.isEmpty()) {
            layers.add(new Layer(openIndex, open));
        }
        open.clear();
        openPast.clear();
        begun = false;
    }

    /** The number in the names of past inputs, unless they count only some of the layers. */
    private int index(SortedSet<Integer> past) {
        return past.size() == 1 ? Math.max(next, past.first()) : next;
    }

    private SubLayer subLayer(Residual residual, BitSet indices, SortedSet<Integer> past) {
        List<NodeProto> nodes = flow.nodes(indices);
        SortedMap<String, Long> weights = Weights.of(nodes, model.initializers(), flow);
        SubLayer.Kind kind =
                residual.contents().attends()
                        ? SubLayer.Kind.ATTENTION
                        : residual.contents().mixes() || !past.isEmpty()
                                ? SubLayer.Kind.OTHER
                                : SubLayer.Kind.FEED_FORWARD;
        return new SubLayer(
                kind,
                residual.stream(),
                residual.output(),
                nodes,
                flow.node(residual.node()),
                List.copyOf(weights.keySet()),
                weights.values().stream().mapToLong(n -> n).sum(),
                weights.keySet().stream()
                        .mapToLong(w -> model.initializers().get(w).data().remaining())
                        .sum());
    }

    /** Adds to a branch what only it feeds besides the stream, and what feeds nothing else. */
    private void addServants(BitSet nodes, int residualAdd) {
        for (int i = nodes.nextSetBit(0); i < flow.nodes().size(); i++) {
            if (!nodes.get(i) && !leadsToLogits.get(i)) {
                boolean fed = false;
                boolean alone = true;
                for (String value : flow.used(i)) {
                    int producer = flow.producer(value);
                    fed |= producer >= 0 && nodes.get(producer);
                    alone &= producer < 0 || nodes.get(producer) || flow.constant(value);
                }
                nodes.set(i, fed && alone);
            }
        }
        for (int i = nodes.length() - 1; i >= 0; i--) {
            if (!nodes.get(i)
                    && i != residualAdd
                    && !flow.users(i).isEmpty()
                    && flow.users(i).stream().allMatch(nodes::get)
                    && flow.node(i).getOutputList().stream().noneMatch(outputs::contains)) {
                nodes.set(i);
            }
        }
    }

    private SortedSet<Integer> past(BitSet nodes) {
        SortedSet<Integer> past = new TreeSet<>();
        nodes.stream()
                // The length of some layer's past is every layer's.
                .filter(i -> !flow.node(i).getOpType().equals("Shape"))
                .mapToObj(flow::used)
                .flatMap(Set::stream)
                .filter(value -> flow.producer(value) < 0)
                .forEach(
                        value -> {
                            Matcher matcher = PAST.matcher(value);
                            if (matcher.matches()) {
                                past.add(Integer.valueOf(matcher.group(1)));
                            }
                        });
        past.retainAll(promised.keySet());
        return past;
    }
}
