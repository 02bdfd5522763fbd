package dev.slipstream.samples.benchmarks.contest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a child says, and what becomes of it when it says nothing more. */
class ContenderProcessTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir private Path directory;

    private ContenderProcess start(String argument, Duration limit) throws IOException {
        return ContenderProcess.start(
                "tiny",
                JavaCommand.of(TinyChild.class, List.of("-Xmx64m"), List.of(argument)),
                directory.resolve("errors.log"),
                limit);
    }

    @Test
    void answersAreFoundAmongNoise() throws IOException {
        try (ContenderProcess child = start("live", LONG)) {
            assertThat(child.version()).isEqualTo("tiny 1.0");
            assertThat(child.loadSeconds()).isPositive();
            assertThat(child.run(new Request.Prefill(8)))
                    .isEqualTo(new Answer.Done(0.1, null, 0, null));
            assertThat(child.run(new Request.Prefill(8)))
                    .isEqualTo(new Answer.Done(0.2, null, 0, null));
            assertThat(child.run(new Request.Decode(4, 8)))
                    .isEqualTo(new Answer.Done(0.5, 0.25, 0, null));
            assertThat(child.run(new Request.Streams(2, 4, 8)))
                    .isEqualTo(new Answer.Unsupported("one at a time"));
            assertThat(child.run(new Request.Generate("fail", 8)))
                    .isEqualTo(new Answer.Failed("no luck"));
            assertThat(child.run(new Request.Generate("go on", 8)))
                    .isInstanceOfSatisfying(
                            Answer.Done.class, done -> assertThat(done.tokens()).isEqualTo(2));
            assertThat(child.memory().resident()).isBetween(1L << 20, child.memory().peak());
        }
    }

    @Test
    void aDyingChildIsAFailedRunAndStaysOne() throws IOException {
        try (ContenderProcess child = start("live", LONG)) {
            Answer death = child.run(new Request.Generate("die", 8));
            assertThat(death)
                    .isEqualTo(new Answer.Failed("tiny: ended with exit code 7: out of luck"));
            assertThat(child.run(new Request.Prefill(8))).isEqualTo(death);
        }
    }

    @Test
    void aSilentChildIsEnded() throws IOException {
        try (ContenderProcess child = start("live", LONG)) {
            assertThat(child.run(new Request.Prefill(8))).isInstanceOf(Answer.Done.class);
        }
        // Long enough for a JVM to start on a busy machine, and waited out once.
        try (ContenderProcess child = start("live", Duration.ofSeconds(4))) {
            Answer silence = child.run(new Request.Generate("silence", 8));
            assertThat(silence).isEqualTo(new Answer.Failed("tiny: no answer in 4 s, ended"));
            assertThat(child.run(new Request.Prefill(8))).isEqualTo(silence);
        }
    }

    @Test
    void aChildThatCannotStartSaysWhy() {
        assertThatThrownBy(() -> start("die", LONG))
                .isInstanceOf(IOException.class)
                .hasMessage("tiny: ended with exit code 3: model.gguf: no such file");
    }

    @Test
    void roundsKeepTheirTurnsAndAskForTheImpossibleOnce() throws IOException {
        var measured = new java.util.ArrayList<Timed>();
        var refused = new java.util.ArrayList<String>();
        try (ContenderProcess a = start("live", LONG);
                ContenderProcess b = start("live", LONG)) {
            Rounds rounds =
                    new Rounds(
                            List.of(new Entrant("a", a), new Entrant("b", b)),
                            2,
                            30,
                            measured::add,
                            (name, why) -> refused.add(name + " " + why));
            rounds.measure(List.of(new Request.Decode(4, 8), new Request.Streams(2, 4, 8)), 3);
        }
        assertThat(measured.stream().map(timed -> timed.name() + timed.round()))
                .containsExactly("a0", "b0", "b1", "a1", "a2", "b2");
        assertThat(measured).allSatisfy(t -> assertThat(t.foreign()).isBetween(0.0, 1.0));
        assertThat(refused).containsExactly("a streams: one at a time", "b streams: one at a time");
    }
}
