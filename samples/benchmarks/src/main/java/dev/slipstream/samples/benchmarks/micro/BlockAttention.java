package dev.slipstream.samples.benchmarks.micro;

import ai.onnxruntime.OrtException;
import java.util.EnumMap;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Attention of a block, whose rows see each other, over keys and values that are held, for one
 * layer of 20: Slipstream's operator against the ways that every ONNX Runtime has.
 */
public class BlockAttention extends MicroBenchmark {
    /** Heads of queries, heads of keys and values, and their size: SmolLM2-135M's. */
    @Param("9/3/64")
    public String heads;

    /** Tokens that are held. */
    @Param({"64", "256", "1024", "2048"})
    public int past;

    /** Rows of the block, up to 64. */
    @Param({"8", "32"})
    public int rows;

    /** Threads of a run. */
    @Param("1")
    public int threads;

    private final Map<BlockAttentionGraph.Form, AttentionGraph> portable =
            new EnumMap<>(BlockAttentionGraph.Form.class);
    private AttentionGraph ragged;

    /** Constructs a benchmark for JMH. */
    public BlockAttention() {}

    /** Opens all over the same numbers, and compares what they give. */
    @Setup
    public void open() throws OrtException {
        AttentionHeads shape = AttentionHeads.parse(heads);
        if (past < 0 || rows < 1 || rows > Long.SIZE) {
            throw new IllegalArgumentException(
                    "expected a past of 0 or more and 1 to 64 rows, found %d and %d"
                            .formatted(past, rows));
        }
        ragged = RaggedAttentionGraph.block(shape, past, rows);
        ragged.open(threads);
        ragged.run();
        for (BlockAttentionGraph.Form form : BlockAttentionGraph.Form.values()) {
            AttentionGraph graph = new BlockAttentionGraph(shape, past, rows, form);
            portable.put(form, graph);
            graph.open(threads);
            graph.run();
            for (int layer = 0; layer < AttentionGraph.LAYERS; layer++) {
                AttentionOperator.check(graph.rows(layer), ragged.rows(layer));
            }
        }
    }

    /** Frees all. */
    @TearDown
    public void close() throws OrtException {
        ragged.close();
        for (AttentionGraph graph : portable.values()) {
            graph.close();
        }
    }

    /** Runs Slipstream's operator in each layer. */
    @Benchmark
    @OperationsPerInvocation(AttentionGraph.LAYERS)
    public void raggedAttention() throws OrtException {
        ragged.run();
    }

    /** Runs the operator of ONNX 24 over a buffer that is written in place. */
    @Benchmark
    @OperationsPerInvocation(AttentionGraph.LAYERS)
    public void scattered() throws OrtException {
        portable.get(BlockAttentionGraph.Form.SCATTERED).run();
    }

    /** Runs the operator of ONNX 23 with a past that grows. */
    @Benchmark
    @OperationsPerInvocation(AttentionGraph.LAYERS)
    public void growing() throws OrtException {
        portable.get(BlockAttentionGraph.Form.GROWING).run();
    }

    /** Runs ONNX Runtime's operator without groups, with a past that grows. */
    @Benchmark
    @OperationsPerInvocation(AttentionGraph.LAYERS)
    public void multiHead() throws OrtException {
        portable.get(BlockAttentionGraph.Form.MULTI_HEAD).run();
    }

    /** Runs products and a softmax over the filled part of a buffer. */
    @Benchmark
    @OperationsPerInvocation(AttentionGraph.LAYERS)
    public void products() throws OrtException {
        portable.get(BlockAttentionGraph.Form.PRODUCTS).run();
    }

    /** Runs the same for what is held and for the new rows, merged by their log-sum-exps. */
    @Benchmark
    @OperationsPerInvocation(AttentionGraph.LAYERS)
    public void parts() throws OrtException {
        portable.get(BlockAttentionGraph.Form.PARTS).run();
    }
}
