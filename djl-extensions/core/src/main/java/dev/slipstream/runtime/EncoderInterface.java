package dev.slipstream.runtime;

import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.slipstream.graph.OnnxModel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The inputs and the output of an encoder's graph.
 *
 * @param inputs their element types by name
 * @param output the name of the output with the vectors of the tokens, alone
 */
record EncoderInterface(Map<String, OnnxJavaType> inputs, Set<String> output) {
    static final String IDS = "input_ids";
    static final String MASK = "attention_mask";
    static final String SEGMENTS = "token_type_ids";
    static final String POSITIONS = "position_ids";

    private static final Set<String> KNOWN = Set.of(IDS, MASK, SEGMENTS, POSITIONS);
    private static final String USUAL_OUTPUT = "last_hidden_state";
    private static final String LOGITS = "logits";
    private static final int RANK = 3;

    static EncoderInterface of(OrtSession session, String name) throws OrtException {
        Map<String, OnnxJavaType> inputs = new LinkedHashMap<>();
        for (NodeInfo input : session.getInputInfo().values()) {
            if (!(input.getInfo() instanceof TensorInfo tensor)
                    || !KNOWN.contains(input.getName())) {
                throw new InferenceException(
                        "%s: expected an encoder with inputs of %s, found the input %s; a decoder is opened otherwise"
                                .formatted(name, KNOWN, input.getName()));
            }
            inputs.put(input.getName(), tensor.type);
        }
        if (!inputs.containsKey(IDS) || !inputs.containsKey(MASK)) {
            throw new InferenceException(
                    "%s: expected an encoder with the inputs %s and %s, found %s; export it with both"
                            .formatted(name, IDS, MASK, inputs.keySet()));
        }
        return new EncoderInterface(inputs, Set.of(output(session, name)));
    }

    /** Tells from a graph alone whether {@link #of} would take it. */
    static boolean fits(OnnxModel graph) {
        Set<String> inputs =
                graph.inputs().stream().map(ValueInfoProto::getName).collect(Collectors.toSet());
        return KNOWN.containsAll(inputs)
                && inputs.containsAll(Set.of(IDS, MASK))
                && graph.outputs().stream().noneMatch(o -> o.getName().equals(LOGITS))
                && graph.outputs().stream()
                        .anyMatch(
                                o ->
                                        o.getName().equals(USUAL_OUTPUT)
                                                || o.getType()
                                                                .getTensorType()
                                                                .getShape()
                                                                .getDimCount()
                                                        == RANK);
    }

    private static String output(OrtSession session, String name) throws OrtException {
        Map<String, NodeInfo> outputs = session.getOutputInfo();
        if (outputs.containsKey(USUAL_OUTPUT)) {
            return USUAL_OUTPUT;
        }
        return outputs.values().stream()
                .filter(
                        output ->
                                output.getInfo() instanceof TensorInfo tensor
                                        && tensor.getShape().length == RANK)
                .map(NodeInfo::getName)
                .findFirst()
                .orElseThrow(
                        () ->
                                new InferenceException(
                                        "%s: expected an output %s or one of three dimensions, the vectors of the tokens, found %s; export the encoder without a head"
                                                .formatted(name, USUAL_OUTPUT, outputs.keySet())));
    }
}
