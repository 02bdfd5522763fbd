package dev.slipstream.samples.benchmarks;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.samples.benchmarks.contest.Contender;
import dev.slipstream.samples.benchmarks.peer.Peer;
import dev.slipstream.samples.benchmarks.slipstream.Slipstream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who takes part.
 *
 * @param llamaBench binary of llama.cpp's own benchmark; null leaves it out
 * @param settings of Slipstream
 * @param only names, or beginnings of names, of those who take part; empty takes all
 */
record Contenders(@Nullable Path llamaBench, List<String> settings, List<String> only) {
    /** Copies the lists. */
    Contenders {
        settings = List.copyOf(settings);
        only = List.copyOf(only);
    }

    /** Returns why peers cannot be started here, by their names. */
    static Map<String, String> missing() {
        Map<String, String> missing = new LinkedHashMap<>();
        for (Peer peer : Peer.all()) {
            String why = peer.missing();
            if (why != null) {
                missing.put(peer.name(), why);
            }
        }
        return missing;
    }

    /** Returns those that compute with a precision, Slipstream first. */
    List<Contender> of(Precision precision) {
        List<Contender> all = new ArrayList<>();
        all.add(
                Slipstream.plain(precision)
                        .with(Slipstream.PLAIN, settings.toArray(String[]::new)));
        Peer.all().stream().filter(peer -> peer.missing() == null).forEach(all::add);
        if (llamaBench != null) {
            all.add(new LlamaBenchContender(llamaBench));
        }
        return all.stream()
                .filter(each -> each.precisions().contains(precision))
                .filter(each -> only.isEmpty() || only.stream().anyMatch(each.name()::startsWith))
                .toList();
    }
}
