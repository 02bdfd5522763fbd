package dev.slipstream.samples.benchmarks.peer;

import dev.slipstream.samples.benchmarks.contest.Contender;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A contender that is not ours. */
public interface Peer extends Contender {
    /** Returns why it cannot be started here, and what to do; null if it can. */
    @Nullable String missing();

    /** Returns all peers in their usual setting, those that cannot be started here too. */
    static List<Peer> all() {
        Path home = PeerLibrary.home();
        return List.of(
                new LlamaCppContender(home, LlamaCppContender.Attention.PLAIN),
                new JlamaContender(home, JlamaContender.Operations.NATIVE),
                new JlamaContender(home, JlamaContender.Operations.PANAMA),
                new OnnxRuntimeContender(),
                new DjlContender(home));
    }
}
