package dev.slipstream.runtime;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.slipstream.checkpoint.TwoForms;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The inputs and outputs of a decoder, as found by name and type: Slipstream's own (keys and values
 * written in place, lengths as inputs) and those that other exporters write (a past that grows).
 *
 * @param ids token ids, {@code [1, n]}
 * @param positions position ids, {@code [1, n]}
 * @param mask attention mask, {@code [1, past + n]}
 * @param lastPositions index of each row's last key, {@code [1]}; the mark of the in-place form
 * @param totalLength past and new tokens together, a scalar
 * @param logitPositions indices into the new tokens whose logits are wanted, {@code [rows]}
 * @param keptLogits number of the last new tokens whose logits are wanted, a scalar
 * @param cacheBranch switch of a merged export between first and later runs, {@code [1]}
 * @param attentionRows which new tokens attention sees, {@code [rows]}; with {@code keptRows} the
 *     mark of {@link PairedRows}
 * @param keptRows which of its rows go on, {@code [n]}
 * @param starts rows of each sequence that shares a run, {@code [sequences + 1]}; with {@code
 *     pasts} the mark of {@link RaggedAttention}
 * @param pasts tokens that each sequence holds already, {@code [sequences]}
 * @param group query heads that share a key/value head, where new rows may see each other in any
 *     way; else 0
 * @param keepsContext whether what they read of what is held can be kept
 * @param sequences the most sequences that share a run
 * @param draft switch between the whole model and the part that drafts, a scalar
 * @param longRun switch between the weights for few and for many new tokens, a scalar
 * @param gates how many gates there are
 * @param notes what they mean
 * @param states what one run hands to the next
 * @param logits {@code [1, n or rows, vocabularySize]}
 * @param vocabularySize number of token ids
 */
record DecoderInterface(
        Input ids,
        @Nullable Input positions,
        @Nullable Input mask,
        @Nullable Input lastPositions,
        @Nullable Input totalLength,
        @Nullable Input logitPositions,
        @Nullable Input keptLogits,
        @Nullable Input cacheBranch,
        @Nullable Input attentionRows,
        @Nullable Input keptRows,
        @Nullable Input starts,
        @Nullable Input pasts,
        int group,
        boolean keepsContext,
        int sequences,
        @Nullable Input draft,
        @Nullable Input longRun,
        GateShape gates,
        GateNotes notes,
        List<State> states,
        Input logits,
        int vocabularySize) {

    /** An input or output and its element type. */
    record Input(String name, OnnxJavaType type) {}

    /**
     * What one run hands to the next.
     *
     * @param input name of the past
     * @param output name of the present; empty if it is written through the past
     * @param type element type
     * @param shape with 1 for the batch and -1 for time
     * @param timeAxis the axis that grows; -1 for a state of fixed size, such as a convolution's
     */
    record State(String input, String output, OnnxJavaType type, long[] shape, int timeAxis) {
        /** Returns the product of the dimensions before time, or of all if there is no time. */
        int outer() {
            return product(0, timeAxis < 0 ? shape.length : timeAxis);
        }

        /** Returns the product of the dimensions after time. */
        int inner() {
            return timeAxis < 0 ? 1 : product(timeAxis + 1, shape.length);
        }

        /** Returns the shape with this many steps of time. */
        long[] at(int length) {
            long[] result = shape.clone();
            if (timeAxis >= 0) {
                result[timeAxis] = length;
            }
            return result;
        }

        private int product(int from, int to) {
            long n = 1;
            for (int i = from; i < to; i++) {
                n *= shape[i];
            }
            return Math.toIntExact(n);
        }
    }

    /** Tells whether a run takes new tokens of several sequences. */
    boolean ragged() {
        return starts != null;
    }

    /** Tells whether new rows may see each other in other ways than causally. */
    boolean sees() {
        return group > 0;
    }

    /** Tells whether keys and values are written in place into buffers of fixed capacity. */
    boolean inPlace() {
        return lastPositions != null || starts != null || sees();
    }

    /** Returns how many rows attention sees and writes for so many new tokens. */
    int attentionRows(int tokens) {
        return attentionRows != null ? tokens + tokens % 2 : tokens;
    }

    /** Tells whether the graph computes the logits of the wanted rows alone. */
    boolean choosesRows() {
        return logitPositions != null || keptLogits != null;
    }

    /** Tells whether a shorter past can be had by cutting every state in time. */
    boolean canCut() {
        return states.stream().allMatch(state -> state.timeAxis() >= 0);
    }

    /** Returns the bytes that a token adds to the states. */
    long bytesPerToken() {
        return states.stream()
                .filter(state -> state.timeAxis() >= 0)
                .mapToLong(state -> (long) state.outer() * state.inner() * state.type().size)
                .sum();
    }

    /** Returns the bytes of all states of a session; those that grow lie in two buffers each. */
    long sessionBytes(int capacity) {
        long bytes = 0;
        for (State state : states) {
            long steps = state.timeAxis() < 0 ? 1 : capacity;
            bytes += state.outer() * steps * state.inner() * state.type().size;
        }
        return inPlace() ? bytes : 2 * bytes;
    }

    static DecoderInterface of(OrtSession session, GateNotes notes, String model)
            throws OrtException {
        Map<String, NodeInfo> inputs = session.getInputInfo();
        Map<String, NodeInfo> outputs = session.getOutputInfo();
        NodeInfo logits = outputs.get("logits");
        // Before the inputs one by one: of another kind of model, the first would be "not known".
        if (!inputs.containsKey("input_ids") || logits == null) {
            throw notADecoder(inputs, outputs, model);
        }
        Input ids = null;
        Input positions = null;
        Input mask = null;
        Input lastPositions = null;
        Input totalLength = null;
        Input logitPositions = null;
        Input keptLogits = null;
        Input cacheBranch = null;
        Input attentionRows = null;
        Input keptRows = null;
        Input starts = null;
        Input pasts = null;
        int group = 0;
        boolean keepsContext = false;
        int sequences = 1;
        Input draft = null;
        Input longRun = null;
        List<State> states = new ArrayList<>();
        for (NodeInfo info : inputs.values()) {
            TensorInfo tensor = tensor(info, model);
            Input input = new Input(info.getName(), tensor.type);
            switch (info.getName()) {
                case "input_ids" -> ids = input;
                case "position_ids" -> positions = input;
                case "attention_mask" -> mask = input;
                case "seqlens_k" -> lastPositions = input;
                case "total_sequence_length" -> totalLength = input;
                case "logit_positions" -> logitPositions = input;
                case "num_logits_to_keep" -> keptLogits = input;
                case "use_cache_branch" -> cacheBranch = input;
                case PairedRows.ROWS -> attentionRows = input;
                case PairedRows.KEPT -> keptRows = input;
                case RaggedAttention.STARTS -> starts = input;
                case RaggedAttention.PASTS -> {
                    pasts = input;
                    sequences = Math.toIntExact(tensor.getShape()[0]);
                }
                case RaggedAttention.MODES -> {
                    group = group(session, model);
                    keepsContext = true;
                }
                case PortableBlocks.LENGTH -> group = group(session, model);
                case PortableBlocks.REUSED -> keepsContext = true;
                case RaggedAttention.PLACES,
                        RaggedAttention.SIGHTS,
                        PortableBlocks.POSITIONS,
                        PortableBlocks.BIAS,
                        PortableBlocks.ROWS,
                        PortableBlocks.CONTEXT_BIAS,
                        PortableBlocks.KEPT -> {
                    // With those above.
                }
                case "draft" -> draft = input;
                case TwoForms.LONG_RUN -> longRun = input;
                case Effort.GATES,
                        Effort.WIDTHS,
                        Effort.SKIP_THRESHOLDS,
                        Effort.SKIP_COUNTS,
                        Effort.SKIP_REARMS -> {
                    // Read together, below.
                }
                default -> {
                    if (input.name().equals(RaggedAttention.KEYS_VALUES + 0)) {
                        states.add(keysAndValues(input, tensor.getShape()));
                    } else if (!input.name().startsWith(RaggedAttention.KEYS_VALUES)) {
                        states.add(state(info, tensor, outputs, model));
                    }
                }
            }
        }
        if (ids == null || states.isEmpty()) {
            throw notADecoder(inputs, outputs, model);
        }
        TensorInfo out = tensor(logits, model);
        long[] shape = out.getShape();
        if (shape.length != 3 || shape[2] <= 0) {
            throw new InferenceException(
                    "%s: output logits should be [batch, sequence, vocabulary] with a fixed vocabulary, found %s"
                            .formatted(model, Arrays.toString(shape)));
        }
        if (out.type != OnnxJavaType.FLOAT && out.type != OnnxJavaType.FLOAT16) {
            throw new InferenceException(
                    "%s: output logits should be FLOAT or FLOAT16, found %s; export the model in one of them"
                            .formatted(model, out.type));
        }
        return new DecoderInterface(
                ids,
                positions,
                mask,
                lastPositions,
                totalLength,
                logitPositions,
                keptLogits,
                cacheBranch,
                attentionRows,
                keptRows,
                starts,
                pasts,
                group,
                keepsContext,
                sequences,
                draft,
                longRun,
                GateShape.of(session, notes, model),
                notes,
                List.copyOf(states),
                new Input("logits", out.type),
                Math.toIntExact(shape[2]));
    }

    private static int group(OrtSession session, String model) throws OrtException {
        String group = session.getMetadata().getCustomMetadata().get(RaggedAttention.GROUP);
        if (group == null || !group.matches("[1-9][0-9]{0,5}")) {
            throw new InferenceException(
                    "%s: metadata %s: expected the query heads that share a key/value head, found %s; open the model from its checkpoint"
                            .formatted(model, RaggedAttention.GROUP, group));
        }
        return Integer.parseInt(group);
    }

    private static InferenceException notADecoder(
            Map<String, NodeInfo> inputs, Map<String, NodeInfo> outputs, String model) {
        return new InferenceException(
                "%s is not a decoder with a key/value cache: expected inputs input_ids and past_key_values.* (or past_*) and outputs logits and present*, found inputs %s and outputs %s; if it is one, export it with its cache (\"text-generation-with-past\")"
                        .formatted(model, inputs.keySet(), outputs.keySet()));
    }

    /** All layers in one buffer, written in place: nothing comes out. */
    private static State keysAndValues(Input input, long[] shape) {
        return new State(input.name(), "", input.type(), shape, 3);
    }

    private static State state(
            NodeInfo info, TensorInfo tensor, Map<String, NodeInfo> outputs, String model) {
        String name = info.getName();
        String present =
                presentName(name)
                        .filter(outputs::containsKey)
                        .orElseThrow(
                                () ->
                                        new InferenceException(
                                                "%s: input %s is not known to Slipstream; known: input_ids, position_ids, attention_mask, num_logits_to_keep, use_cache_branch, past_key_values.N.key/value, past_N, past_conv.N with their present outputs; found outputs %s"
                                                        .formatted(model, name, outputs.keySet())));
        long[] shape = tensor.getShape();
        int batchAxis = shape.length == 5 ? 1 : 0;
        int timeAxis = shape.length >= 4 && shape[shape.length - 2] < 0 ? shape.length - 2 : -1;
        shape[batchAxis] = 1;
        for (int i = 0; i < shape.length; i++) {
            if (shape[i] <= 0 && i != timeAxis) {
                throw new InferenceException(
                        "%s: input %s leaves dimension %d open, expected a fixed number there; found %s"
                                .formatted(model, name, i, Arrays.toString(tensor.getShape())));
            }
        }
        return new State(name, present, tensor.type, shape, timeAxis);
    }

    private static Optional<String> presentName(String past) {
        if (past.startsWith("past_key_values")) {
            return Optional.of("present" + past.substring("past_key_values".length()));
        }
        return past.startsWith("past")
                ? Optional.of("present" + past.substring("past".length()))
                : Optional.empty();
    }

    private static TensorInfo tensor(NodeInfo info, String model) {
        if (info.getInfo() instanceof TensorInfo tensor) {
            return tensor;
        }
        throw new InferenceException(
                model
                        + ": "
                        + info.getName()
                        + " is not a tensor; Slipstream decodes tensors only");
    }
}
