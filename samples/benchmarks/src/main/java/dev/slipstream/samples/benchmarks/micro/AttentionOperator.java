package dev.slipstream.samples.benchmarks.micro;

import ai.onnxruntime.OrtException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Attention of new rows over keys and values that are held, for one layer of 20: Slipstream's
 * operator against ONNX Runtime's.
 */
public class AttentionOperator extends MicroBenchmark {
    /** Largest difference of two right results; values are some 0.1 to 3. */
    private static final float TOLERANCE = 1e-5f;

    /** Heads of queries, heads of keys and values, and their size: SmolLM2-135M's. */
    @Param("9/3/64")
    public String heads;

    /** Tokens that are held. */
    @Param({"256", "512", "1024"})
    public int past;

    /** New rows. */
    @Param("1")
    public int rows;

    /** Threads of a run. */
    @Param("1")
    public int threads;

    private AttentionGraph ragged;
    private AttentionGraph groupQuery;

    /** Constructs a benchmark for JMH. */
    public AttentionOperator() {}

    /** Opens both over the same numbers, and compares what they give. */
    @Setup
    public void open() throws OrtException {
        AttentionHeads shape = AttentionHeads.parse(heads);
        if (past < 0 || rows < 1) {
            throw new IllegalArgumentException(
                    "expected a past of 0 or more and 1 row or more, found %d and %d"
                            .formatted(past, rows));
        }
        ragged = RaggedAttentionGraph.causal(shape, past, rows);
        groupQuery = new GroupQueryAttentionGraph(shape, past, rows);
        ragged.open(threads);
        groupQuery.open(threads);
        raggedAttention();
        groupQueryAttention();
        for (int layer = 0; layer < AttentionGraph.LAYERS; layer++) {
            check(ragged.rows(layer), groupQuery.rows(layer));
        }
    }

    static void check(float[] found, float[] expected) {
        float largest = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            if (!(Math.abs(found[i] - expected[i]) <= TOLERANCE)) {
                throw new IllegalStateException(
                        "expected what the other operator gives, %s, found %s at %d"
                                .formatted(expected[i], found[i], i));
            }
        }
        if (!(largest > 0)) {
            throw new IllegalStateException("expected numbers, found zeros only");
        }
    }

    /** Frees both. */
    @TearDown
    public void close() throws OrtException {
        ragged.close();
        groupQuery.close();
    }

    /** Runs Slipstream's operator in each layer. */
    @Benchmark
    @OperationsPerInvocation(AttentionGraph.LAYERS)
    public void raggedAttention() throws OrtException {
        ragged.run();
    }

    /** Runs ONNX Runtime's operator in each layer. */
    @Benchmark
    @OperationsPerInvocation(AttentionGraph.LAYERS)
    public void groupQueryAttention() throws OrtException {
        groupQuery.run();
    }
}
