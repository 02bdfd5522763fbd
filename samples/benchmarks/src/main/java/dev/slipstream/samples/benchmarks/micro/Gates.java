package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.pass.Pass;
import dev.slipstream.pass.PassProgress;
import dev.slipstream.pass.PassSpec;
import dev.slipstream.pass.Passes;
import dev.slipstream.pass.SwitchPass;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Effort;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * One token through a model with gates at its feed-forwards: all computed, and left out, against
 * the same model without gates.
 */
public class Gates extends ModelBenchmark {
    /** Which gates. */
    public enum Kind {
        /** A switch for each feed-forward. */
        SWITCH {
            @Override
            Pass pass(int layers) {
                return new SwitchPass(
                        IntStream.range(0, layers)
                                .mapToObj(i -> new SubLayerName(SubLayer.Kind.FEED_FORWARD, i))
                                .toList());
            }

            @Override
            Effort computing(int layers) {
                return new Effort(Collections.nCopies(layers, true), List.of(), null);
            }

            @Override
            Effort skipping(int layers) {
                return new Effort(Collections.nCopies(layers, false), List.of(), null);
            }
        },
        /** Feed-forwards that skip by themselves, all but the first two and the last layer's. */
        FFN_SKIP {
            @Override
            Pass pass(int layers) {
                return Passes.create(
                        PassSpec.parse(
                                "ffn-skip:cold-start=1,cold-end=%d,threshold=0.9,count=%d"
                                        .formatted(layers - 1, layers - 3)));
            }

            @Override
            Effort computing(int layers) {
                return new Effort(List.of(), List.of(), new Effort.Skipping(2, layers, false));
            }

            @Override
            Effort skipping(int layers) {
                return new Effort(List.of(), List.of(), new Effort.Skipping(-1, layers, false));
            }
        };

        abstract Pass pass(int layers);

        abstract Effort computing(int layers);

        abstract Effort skipping(int layers);
    }

    /** How weights are stored. */
    @Param({"fp32", "int8", "int4"})
    public String weights;

    /** Tokens before the one that is run. */
    @Param("64")
    public int past;

    /** Which gates. */
    @Param public Kind gate;

    private int[] text;
    private Effort computing;
    private Effort skipping;
    private DecoderSession plain;
    private DecoderSession gated;

    /** Constructs a benchmark for JMH. */
    public Gates() {}

    /** Puts the gates in, and compares: all computed is the plain model, left out is not. */
    @Setup
    public void open() {
        LoadOptions options = options(weights, 1);
        LanguageModel opened = open(options);
        OnnxModel graph = Models.graph(model, options);
        int layers = Anatomy.of(graph).layers().size();
        computing = gate.computing(layers);
        skipping = gate.skipping(layers);
        int sequences = options.batching().maxActive();
        DecoderModel decoder =
                open(
                        gate.pass(layers).apply(graph, null, PassProgress.NONE).graph(),
                        opened.decoder().contextLength(),
                        new RuntimeOptions(1, Spinning.OFF, sequences, sequences));
        text = SampleText.tokens(opened, past + 1);
        plain = opened.decoder().newSession();
        gated = decoder.newSession();
        plain.forward(text, 0, past, LogitRows.LAST);
        gated.forward(text, 0, past, LogitRows.LAST);
        float[] expected = LogitCheck.copy(plain().last());
        LogitCheck.same("computed", expected, LogitCheck.copy(computed().last()));
        long before = gated.skippedSubLayers();
        LogitCheck.different("skipped", expected, LogitCheck.copy(skipped().last()));
        if (gated.skippedSubLayers() == before) {
            throw new IllegalStateException("expected skipped feed-forwards, found none");
        }
    }

    /** Runs the token through the model without gates. */
    @Benchmark
    public Logits plain() {
        plain.rollback(past);
        return plain.forward(text, past, past + 1, LogitRows.LAST);
    }

    /** Runs the token through the model with gates, everything computed. */
    @Benchmark
    public Logits computed() {
        gated.rollback(past);
        return gated.forward(text, past, past + 1, LogitRows.LAST, computing);
    }

    /** Runs the token through the model with gates, what is behind them left out. */
    @Benchmark
    public Logits skipped() {
        gated.rollback(past);
        return gated.forward(text, past, past + 1, LogitRows.LAST, skipping);
    }
}
