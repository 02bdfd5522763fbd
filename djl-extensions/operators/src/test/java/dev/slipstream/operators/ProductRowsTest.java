package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OrtException;
import dev.slipstream.operators.ProductSession.Before;
import dev.slipstream.operators.ProductSession.Result;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A row's products have the same bits in any company, on any thread. */
class ProductRowsTest {
    private static final int ROWS = 150;
    private static final int USERS = 4;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    /** A node of random sizes, of which some are large enough for threads to share one row. */
    private record Node(List<DrawnMatrix> matrices, Before before, float[] weight) {
        static Node draw(Random random, int kind) {
            int inputs = 200 + random.nextInt(100);
            int neurons = kind == 0 ? 1500 : 20 + random.nextInt(200);
            int outputs = 1 + random.nextInt(300);
            int bits = random.nextBoolean() ? 4 : 8;
            List<DrawnMatrix> matrices =
                    kind == 2
                            ? List.of(DrawnMatrix.draw(random, bits, outputs, inputs))
                            : List.of(
                                    DrawnMatrix.draw(random, bits, neurons, inputs),
                                    DrawnMatrix.draw(random, bits, neurons, inputs),
                                    DrawnMatrix.draw(random, 12 - bits, outputs, neurons));
            Before[] before = Before.values();
            return new Node(matrices, before[random.nextInt(before.length)], drawn(random, inputs));
        }

        ProductSession open(InstructionSet set, int threads) throws OrtException {
            return matrices.size() == 1
                    ? ProductSession.matMul(matrices.get(0), before, weight, set, threads)
                    : ProductSession.feedForward(matrices, before, weight, set, threads);
        }

        int outputs() {
            return matrices.get(matrices.size() - 1).outputs();
        }

        @Override
        public String toString() {
            return matrices.stream()
                            .map(m -> m.bits() + " bits " + m.outputs() + " x " + m.inputs())
                            .toList()
                    + ", "
                    + before;
        }
    }

    @Test
    void bitsDependOnTheRowAlone() throws OrtException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (InstructionSet set : InstructionSet.available()) {
            for (int kind = 0; kind < 3; kind++) {
                Node node = Node.draw(random, kind);
                String what = "%s, %s, seed %d".formatted(node, set, seed);
                int width = node.weight().length;
                float[] x = drawn(random, ROWS * width);
                float[] branch = drawn(random, ROWS * width);
                try (ProductSession one = node.open(set, 1);
                        ProductSession two = node.open(set, 2)) {
                    Result whole = one.run(x, branch);
                    assertThat(two.run(x, branch).output()).as(what).isEqualTo(whole.output());
                    for (int from = 0; from < ROWS; ) {
                        int most = random.nextInt(4) == 0 ? 100 : 9;
                        int to = Math.min(ROWS, from + 1 + random.nextInt(most));
                        ProductSession session = random.nextBoolean() ? one : two;
                        Result part =
                                session.run(
                                        rows(x, width, from, to), rows(branch, width, from, to));
                        String here = "rows %d to %d, %s".formatted(from, to, what);
                        assertThat(part.output())
                                .as(here)
                                .isEqualTo(rows(whole.output(), node.outputs(), from, to));
                        if (node.before() == Before.SUM_AND_NORM) {
                            assertThat(part.sum())
                                    .as(here)
                                    .isEqualTo(rows(whole.sum(), width, from, to));
                        }
                        from = to;
                    }
                }
            }
        }
    }

    /** Runs at the same time take turns with the memory that is kept between them. */
    @Test
    void manyRunAtOnce() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        InstructionSet set = InstructionSet.available().get(0);
        List<Node> nodes =
                List.of(Node.draw(random, 0), Node.draw(random, 1), Node.draw(random, 2));
        ExecutorService users = Executors.newFixedThreadPool(USERS);
        List<ProductSession> sessions = new ArrayList<>();
        try {
            for (Node node : nodes) {
                sessions.add(node.open(set, 2));
            }
            List<Future<?>> ends = new ArrayList<>();
            for (int user = 0; user < USERS; user++) {
                Random own = new Random(seed + user);
                ends.add(
                        users.submit(
                                () -> {
                                    runAll(nodes, sessions, own, "seed " + seed);
                                    return null;
                                }));
            }
            for (Future<?> end : ends) {
                end.get();
            }
        } finally {
            users.shutdownNow();
            for (ProductSession session : sessions) {
                session.close();
            }
        }
    }

    private static void runAll(
            List<Node> nodes, List<ProductSession> sessions, Random random, String what)
            throws OrtException {
        int[] counts = {1, 5, 70};
        for (int i = 0; i < nodes.size(); i++) {
            int width = nodes.get(i).weight().length;
            float[] x = drawn(random, 70 * width);
            float[] first = sessions.get(i).run(x, x).output();
            for (int round = 0; round < 30; round++) {
                int rows = counts[random.nextInt(counts.length)];
                float[] some = rows(x, width, 0, rows);
                assertThat(sessions.get(i).run(some, some).output())
                        .as(what)
                        .isEqualTo(rows(first, nodes.get(i).outputs(), 0, rows));
            }
        }
    }

    private static float[] rows(float[] all, int width, int from, int to) {
        return Arrays.copyOfRange(all, from * width, to * width);
    }

    private static float[] drawn(Random random, int size) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
