package dev.slipstream.pass;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is done to a model's graph before it runs, as a small file says it: speed or memory for a
 * known price in quality, in a form that can be repeated.
 *
 * <pre>{@code
 * passes:
 *   - finercut: {remove: 0.25, metric: js}
 *   - low-rank:parameters=0.5
 * gates:
 *   - ffn-skip:count=2
 * calibration:
 *   text: [stories.txt.gz]
 *   sequences: 10
 *   length: 256
 * }</pre>
 *
 * <p>JSON of the same form is read, too. The order is: passes, gates, and the pass {@value
 * #QUANTISE}, since what is packed to few bits can hardly be rewritten.
 *
 * @param passes what changes the graph for good, in order; {@value #QUANTISE} only as the last
 * @param gates passes that make parts of the graph optional
 * @param calibration text for those that look at one; null if there is none
 */
public record Plan(
        List<PassSpec> passes, List<PassSpec> gates, @Nullable CalibrationText calibration) {
    /** Leaves a model as it is. */
    public static final Plan NONE = new Plan(List.of(), List.of(), null);

    /** The pass that stores weights in fewer bits. */
    public static final String QUANTISE = "quantise";

    /** Checks names and order; not whether there are such passes. */
    public Plan {
        passes = List.copyOf(passes);
        gates = List.copyOf(gates);
        Set<String> names = new HashSet<>();
        for (List<PassSpec> list : List.of(passes, gates)) {
            for (PassSpec spec : list) {
                if (!names.add(spec.name())) {
                    throw new PassException(
                            "expected each pass once, found %s twice".formatted(spec.name()));
                }
            }
        }
        boolean quantises = names.contains(QUANTISE);
        if (quantises && (passes.isEmpty() || !last(passes).name().equals(QUANTISE))) {
            throw new PassException(
                    "expected %s as the last of the passes, found %s and the gates %s; packed weights can hardly be rewritten"
                            .formatted(QUANTISE, passes, gates));
        }
    }

    /**
     * Reads text forms and checks that there are such passes with such parameters.
     *
     * @param passes as {@link PassSpec#parse} reads them
     * @param gates likewise
     * @param calibration text for those that look at one; null if there is none
     * @throws PassException if a text is wrong
     */
    public static Plan of(
            List<String> passes, List<String> gates, @Nullable CalibrationText calibration) {
        Plan plan =
                new Plan(
                        passes.stream().map(PassSpec::parse).toList(),
                        gates.stream().map(PassSpec::parse).toList(),
                        calibration);
        plan.pipeline();
        return plan;
    }

    /**
     * Reads a file of YAML or JSON.
     *
     * @param file paths in it are relative to its directory
     * @throws PassException if it cannot be read or says something wrong: file, line, key, what was
     *     expected, what was found
     */
    public static Plan read(Path file) {
        String text;
        try {
            if (!Files.isRegularFile(file)) {
                throw new PassException(file + ": expected a plan, found no file");
            }
            text = Files.readString(file);
        } catch (IOException e) {
            throw new PassException(
                    "%s: expected a plan in UTF-8, found an error: %s".formatted(file, e), e);
        }
        Path folder = file.toAbsolutePath().getParent();
        return new PlanReader(file.toString(), folder).read(text);
    }

    /** Tells whether nothing is done. */
    public boolean isEmpty() {
        return passes.isEmpty() && gates.isEmpty();
    }

    /** Tells whether weights are packed by this plan. */
    public boolean quantises() {
        return !passes.isEmpty() && last(passes).name().equals(QUANTISE);
    }

    /** Returns this plan with a further pass as the last of its passes. */
    public Plan then(PassSpec pass) {
        List<PassSpec> more = new ArrayList<>(passes);
        more.add(pass);
        return new Plan(more, gates, calibration);
    }

    /** Returns this plan with the hash of its calibration text, so that it can be repeated. */
    public Plan pinned() {
        return calibration == null ? this : new Plan(passes, gates, calibration.pinned());
    }

    /** Returns passes and gates in the order of their work. */
    public List<PassSpec> inOrder() {
        List<PassSpec> order = new ArrayList<>(passes);
        order.addAll(quantises() ? passes.size() - 1 : passes.size(), gates);
        return order;
    }

    /**
     * Makes the passes.
     *
     * @throws PassException if there is no pass of a name, or a parameter is wrong or unknown
     */
    public Pipeline pipeline() {
        return new Pipeline(inOrder().stream().map(Passes::create).toList());
    }

    /** Returns the file's form, from which {@link #read} gives an equal plan. */
    public String toYaml() {
        return PlanWriter.yaml(this);
    }

    private static PassSpec last(List<PassSpec> specs) {
        return specs.get(specs.size() - 1);
    }
}
