package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.runtime.Turn;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * A token of each of several texts: run one after the other by their sessions, against given to the
 * model at once, as the scheduler of requests does. Of one text, what that way round costs; of
 * eight, what sharing a run saves.
 */
public class SharedStep extends ModelBenchmark {
    private static final int TEXTS = 8;

    /** How weights are stored. */
    @Param("int8")
    public String weights;

    /** Threads of a run. */
    @Param("1")
    public int threads;

    /** Tokens before those that are run. */
    @Param("64")
    public int past;

    private int[] text;
    private DecoderModel decoder;
    private final List<DecoderSession> sessions = new ArrayList<>();

    /** Constructs a benchmark for JMH. */
    public SharedStep() {}

    /**
     * Reads the tokens before, and compares what a text gets in company with what it gets alone.
     */
    @Setup
    public void read() {
        LanguageModel opened = open(options(weights, threads).withRequests(TEXTS, TEXTS));
        decoder = opened.decoder();
        text = SampleText.tokens(opened, past + TEXTS);
        for (int i = 0; i < TEXTS; i++) {
            DecoderSession session = decoder.newSession();
            session.forward(text, i, i + past, LogitRows.LAST);
            sessions.add(session);
        }
        List<float[]> alone = new ArrayList<>();
        for (int i = 0; i < TEXTS; i++) {
            alone.add(LogitCheck.copy(bySession(i).last()));
        }
        LogitCheck.same("one turn", alone.get(0), LogitCheck.copy(oneTurn().get(0).last()));
        List<Logits> together = eightTurns();
        for (int i = 0; i < TEXTS; i++) {
            LogitCheck.same("turn " + i, alone.get(i), LogitCheck.copy(together.get(i).last()));
        }
    }

    private Logits bySession(int i) {
        DecoderSession session = sessions.get(i);
        session.rollback(past);
        return session.forward(text, i + past - 1, i + past, LogitRows.LAST);
    }

    private List<Logits> byModel(int texts) {
        List<Turn> turns = new ArrayList<>();
        for (int i = 0; i < texts; i++) {
            DecoderSession session = sessions.get(i);
            session.rollback(past);
            turns.add(new Turn(session, text, i + past - 1, i + past, LogitRows.LAST));
        }
        return decoder.forward(turns, Depth.FULL);
    }

    /** Runs a token of one text by its session. */
    @Benchmark
    public Logits oneSession() {
        return bySession(0);
    }

    /** Gives the model a token of one text. */
    @Benchmark
    public List<Logits> oneTurn() {
        return byModel(1);
    }

    /** Runs a token of each of eight texts by their sessions. */
    @Benchmark
    public void eightSessions(Blackhole consumer) {
        for (int i = 0; i < TEXTS; i++) {
            consumer.consume(bySession(i));
        }
    }

    /** Gives the model a token of each of eight texts. */
    @Benchmark
    public List<Logits> eightTurns() {
        return byModel(TEXTS);
    }
}
