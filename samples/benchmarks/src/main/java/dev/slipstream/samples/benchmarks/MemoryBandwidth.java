package dev.slipstream.samples.benchmarks;

import dev.slipstream.samples.benchmarks.result.Results;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;

/**
 * Measures how fast memory is read, with {@link Arrays#mismatch(long[], int, int, long[], int,
 * int)} over two equal arrays: the JVM's own routine for it reads both with the widest vectors that
 * the machine has and does next to nothing else. Of the loops tried it was the fastest, 14 to 40
 * GB/s in one thread where a sum over longs, as the compiler vectorises it, read 10 to 22, one over
 * ints 4 to 10, and a loop in C over four AVX-512 registers 10 to 19 (a machine with other work on
 * it).
 */
final class MemoryBandwidth {
    private static final int PASSES = 15;

    private MemoryBandwidth() {}

    /**
     * Measures.
     *
     * @param threads that read, each its own part
     * @param bytes of the working set
     */
    static Results.Bandwidth measure(int threads, long bytes) {
        int each = (int) (bytes / Long.BYTES / 2 / threads);
        long[][] left = new long[threads][each];
        long[][] right = new long[threads][each];
        double[] rates = new double[PASSES];
        for (int pass = 0; pass < PASSES; pass++) {
            rates[pass] = 2.0 * Long.BYTES * each * threads / seconds(left, right);
        }
        Arrays.sort(rates);
        return new Results.Bandwidth(threads, bytes, rates[PASSES / 2], rates[PASSES - 1]);
    }

    private static double seconds(long[][] left, long[][] right) {
        int threads = left.length;
        CountDownLatch ready = new CountDownLatch(threads);
        CountDownLatch go = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(threads);
        for (int i = 0; i < threads; i++) {
            long[] a = left[i];
            long[] b = right[i];
            Thread reader =
                    new Thread(
                            () -> {
                                ready.countDown();
                                await(go);
                                if (Arrays.mismatch(a, 0, a.length, b, 0, b.length) >= 0) {
                                    throw new IllegalStateException("equal arrays differ");
                                }
                                done.countDown();
                            },
                            "read memory");
            reader.setDaemon(true);
            reader.start();
        }
        await(ready);
        long start = System.nanoTime();
        go.countDown();
        await(done);
        return (System.nanoTime() - start) / 1e9;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }
}
