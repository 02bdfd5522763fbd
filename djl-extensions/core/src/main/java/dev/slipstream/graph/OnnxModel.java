package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.function.Function;

/**
 * An ONNX model as an object to read, edit and write.
 *
 * <p>The lists and maps that it hands out are its own: a change to them changes the model. Weights
 * stay where they are, in mapped files or direct buffers; no method copies them to the Java heap.
 * Inferred shapes of inner values ({@code value_info}) and training information are not kept: an
 * edit would falsify the first, and ONNX Runtime infers them anyway.
 *
 * <p>Not safe for use by several threads while one of them edits.
 */
public final class OnnxModel {
    private static final long IR_VERSION = 10;

    private final ModelProto header;
    private final Map<String, Integer> opsets = new LinkedHashMap<>();
    private final List<ValueInfoProto> inputs = new ArrayList<>();
    private final List<ValueInfoProto> outputs = new ArrayList<>();
    private final List<NodeProto> nodes = new ArrayList<>();
    private final Map<String, Tensor> initializers = new LinkedHashMap<>();
    private final List<FunctionProto> functions = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /**
     * Constructs a model without nodes, of operator set 21 and the first of {@code com.microsoft}.
     *
     * @param name the name of the graph
     */
    public OnnxModel(String name) {
        this(
                ModelProto.newBuilder()
                        .setIrVersion(IR_VERSION)
                        .setProducerName("slipstream")
                        .setGraph(GraphProto.newBuilder().setName(name))
                        .build());
        opsets.put("", 21);
        opsets.put("com.microsoft", 1);
    }

    /** Constructs an empty model with everything of {@code header} that has no accessor here. */
    OnnxModel(ModelProto header) {
        this.header = header;
    }

    /**
     * Reads and validates a model. The weights are mapped, not loaded: the files must stay as they
     * are while the model or a tensor of it is in use.
     *
     * @param file an ONNX file; its external data lie in the same directory or below
     * @throws GraphException if the file is missing, damaged or inconsistent, a tensor has a type
     *     that {@link ElementType} lacks, or external data are missing, too short or outside the
     *     directory
     * @throws IOException if a file cannot be opened or mapped
     */
    public static OnnxModel read(Path file) throws IOException {
        return ModelReader.read(file);
    }

    /**
     * Returns the places of a model's external data as they stand in it, relative to its directory,
     * sorted; a part of {@code file} itself that is given as external is among them.
     *
     * @param file an ONNX file
     * @throws GraphException if the file is missing or damaged
     * @throws IOException if it cannot be opened or mapped
     */
    public static SortedSet<String> externalFiles(Path file) throws IOException {
        return ModelReader.externalFiles(file);
    }

    ModelProto header() {
        return header;
    }

    /** Returns the name of the graph. */
    public String name() {
        return header.getGraph().getName();
    }

    /** Returns the version of each operator set by its domain; ONNX's own domain is "". */
    public Map<String, Integer> opsets() {
        return opsets;
    }

    /** Returns the inputs of the graph. */
    public List<ValueInfoProto> inputs() {
        return inputs;
    }

    /** Returns the outputs of the graph. */
    public List<ValueInfoProto> outputs() {
        return outputs;
    }

    /** Returns the nodes of the graph, in any order; those in subgraphs belong to their node. */
    public List<NodeProto> nodes() {
        return nodes;
    }

    /** Returns the constant tensors of the graph by name. */
    public Map<String, Tensor> initializers() {
        return initializers;
    }

    /** Returns the model-local functions. */
    public List<FunctionProto> functions() {
        return functions;
    }

    /** Returns the metadata properties. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /**
     * Finds the node that computes a value, in time linear in the number of nodes.
     *
     * @param value the name of a value
     * @return the node; empty if the value is an input, an initializer or unknown
     */
    public Optional<NodeProto> producer(String value) {
        return nodes.stream()
                .filter(node -> !value.isEmpty() && node.getOutputList().contains(value))
                .findFirst();
    }

    /**
     * Finds the nodes that use a value, in time linear in the size of the graph. A node whose
     * subgraphs (the branches of an {@code If}, the body of a {@code Loop}) use the value uses it.
     *
     * @param value the name of a value
     */
    public List<NodeProto> consumers(String value) {
        return nodes.stream()
                .filter(node -> !value.isEmpty() && Values.usedBy(node).contains(value))
                .toList();
    }

    /** Returns a model that can be edited on its own; weights are shared. */
    public OnnxModel copy() {
        OnnxModel copy = new OnnxModel(header);
        copy.opsets.putAll(opsets);
        copy.inputs.addAll(inputs);
        copy.outputs.addAll(outputs);
        copy.nodes.addAll(nodes);
        copy.initializers.putAll(initializers);
        copy.functions.addAll(functions);
        copy.metadata.putAll(metadata);
        return copy;
    }

    /**
     * Puts other nodes in the place of nodes, in the graph and in its subgraphs.
     *
     * @param replacement returns for each node what is to stand there: the node itself, others, or
     *     none; of a node with subgraphs these are replaced before
     */
    public void replaceNodes(Function<NodeProto, List<NodeProto>> replacement) {
        List<NodeProto> replaced = Values.replaced(nodes, replacement);
        nodes.clear();
        nodes.addAll(replaced);
    }

    /**
     * Takes out nodes and initializers that no output of the graph depends on; inputs stay, as
     * whoever runs the model feeds them.
     */
    public void removeUnused() {
        Unused.remove(this);
    }

    /**
     * Checks that every used value exists, none is produced twice and no node waits for itself, in
     * the graph, its subgraphs and the functions.
     *
     * @throws GraphException naming the value or the nodes at fault
     */
    public void validate() {
        ModelCheck.check(this);
    }

    /**
     * Puts every node behind those whose values it uses and otherwise keeps the order.
     *
     * @throws GraphException if nodes wait for each other in a circle; it names them
     */
    public void sort() {
        List<NodeProto> sorted = NodeOrder.sort(nodes, "graph " + name());
        nodes.clear();
        nodes.addAll(sorted);
    }

    /**
     * Returns the model for a session, nodes sorted. The tensors of {@link #externalInitializers}
     * are only declared, as external data that the caller supplies; the others are inside.
     */
    public ModelProto toProto() {
        return ModelWriter.proto(this, ModelWriter::suppliable, name() + ".data").model();
    }

    /**
     * Returns the tensors that {@link #toProto} leaves out: those of 1 KiB or more, in a type that
     * ONNX Runtime's Java API has.
     */
    public Map<String, Tensor> externalInitializers() {
        Map<String, Tensor> external = new LinkedHashMap<>(initializers);
        external.values().removeIf(tensor -> !ModelWriter.suppliable(tensor));
        return external;
    }

    /**
     * Returns a fingerprint: equal for models of equal names, nodes and weights, different for all
     * others. Reads every weight once.
     *
     * @return a SHA-256 in 64 hexadecimal digits
     */
    public String fingerprint() {
        return Fingerprint.of(this);
    }

    /**
     * Writes the model and, where it has tensors of 1 KiB or more, a file of them beside it, named
     * as the model with ".data" behind. Each tensor starts at a multiple of 4096; equal tensors are
     * stored once. Both files appear complete or not at all: a model that was there before is
     * removed first, so that it never stands beside data which are not its own.
     *
     * @param file where to write; an existing file is replaced
     * @throws GraphException if the model is not valid
     * @throws IOException if a file cannot be written
     */
    public void write(Path file) throws IOException {
        validate();
        ModelWriter.write(this, file);
    }
}
