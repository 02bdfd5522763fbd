package dev.slipstream.zoo;

import dev.slipstream.decode.Tokenizer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Reads a model's tokenizer in a thread of its own, while the decoder is opened: it takes as long
 * as a warm start's session (49,152 tokens: 0.5 s of a processor in a new JVM, most of it Java's).
 */
final class TokenizerLoad {
    private final FutureTask<Tokenizer> task;

    TokenizerLoad(ModelSource source) {
        task = new FutureTask<>(() -> SourceTexts.tokenizer(source));
        Thread thread = new Thread(task, "slipstream-tokenizer");
        thread.setDaemon(true);
        // Native libraries are looked for with it.
        thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
        thread.start();
    }

    /** Returns the tokenizer, waiting for it; what its reading threw comes through. */
    Tokenizer get() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw thrown(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException thrown(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
    }
}
