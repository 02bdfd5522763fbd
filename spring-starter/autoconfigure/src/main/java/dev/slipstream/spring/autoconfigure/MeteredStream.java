package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.TokenStream;
import java.util.Locale;

/**
 * Meters a text while it is decoded: tokens as they come, so that a long answer shows before it
 * ends, and the rest once, at the end. A stream that is closed before its end counts as cancelled.
 */
final class MeteredStream implements TokenStream {
    private final TokenStream stream;
    private final RequestMeters meters;
    private boolean started;
    private boolean ended;
    private int counted;
    private Statistics.Work countedWork = Statistics.Work.NONE;

    MeteredStream(TokenStream stream, RequestMeters meters) {
        this.stream = stream;
        this.meters = meters;
    }

    @Override
    public boolean hasNext() {
        boolean more;
        try {
            more = stream.hasNext();
        } catch (RuntimeException | Error e) {
            end("error");
            throw e;
        }
        if (more) {
            count(stream.statistics());
        } else {
            end(stream.finishReason().name());
        }
        return more;
    }

    private void count(Statistics statistics) {
        if (!started && statistics.graphRuns() > 0) {
            started = true;
            meters.promptTokens(statistics.promptTokens());
        }
        int generated = statistics.generatedTokens();
        if (counted == 0 && generated > 0) {
            meters.firstToken(statistics.timeToFirstToken());
        }
        meters.generatedTokens(generated - counted);
        counted = generated;
        meters.saved(countedWork, statistics.work());
        countedWork = statistics.work();
    }

    private void end(String finishReason) {
        if (!ended) {
            ended = true;
            Statistics statistics = stream.statistics();
            count(statistics);
            meters.finished(statistics, finishReason.toLowerCase(Locale.ROOT));
        }
    }

    @Override
    public TextChunk next() {
        return stream.next();
    }

    @Override
    public void cancel() {
        stream.cancel();
    }

    @Override
    public FinishReason finishReason() {
        return stream.finishReason();
    }

    @Override
    public Statistics statistics() {
        return stream.statistics();
    }

    @Override
    public void close() {
        end(FinishReason.CANCELLED.name());
        stream.close();
    }
}
