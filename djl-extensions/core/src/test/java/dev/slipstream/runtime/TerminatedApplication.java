package dev.slipstream.runtime;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Decodes in two threads until it is terminated, then goes on for some texts more in a shutdown
 * hook, as a server does that drains.
 */
final class TerminatedApplication {
    static final String DECODING = "two threads decode";
    static final String DRAINED = "all texts have ended";

    private static final int THREADS = 2;
    private static final int TEXTS_AFTER_TERMINATION = 10;

    private TerminatedApplication() {}

    public static void main(String[] args) throws InterruptedException {
        AutoregressiveGenerator generator =
                Models.open(args[0], LoadOptions.defaults().withThreads(1));
        CountDownLatch decoding = new CountDownLatch(THREADS);
        CountDownLatch terminated = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            Thread thread = new Thread(() -> decode(generator, decoding, terminated));
            thread.setDaemon(true);
            threads.add(thread);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> drain(threads, terminated)));
        threads.forEach(Thread::start);
        decoding.await();
        System.out.println(DECODING);
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void decode(
            AutoregressiveGenerator generator, CountDownLatch decoding, CountDownLatch terminated) {
        for (int after = 0; after < TEXTS_AFTER_TERMINATION; ) {
            generator.generate(
                    generator.prompt("Once upon a time"),
                    GenerationOptions.builder().maxTokens(40).ignoreEndOfText(true).build());
            decoding.countDown();
            after += terminated.getCount() == 0 ? 1 : 0;
        }
    }

    private static void drain(List<Thread> threads, CountDownLatch terminated) {
        terminated.countDown();
        try {
            for (Thread thread : threads) {
                thread.join();
            }
            System.out.println(DRAINED);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
