package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ChainTest {
    private static final DraftLimit LIMIT = new DraftLimit(4, 0);

    private static AutoregressiveGenerator generator;

    private final List<String> calls = new ArrayList<>();

    @BeforeAll
    static void openModel() {
        generator = Models.open(DraftedTextsTest.STORIES, LoadOptions.defaults());
    }

    @AfterAll
    static void closeModel() {
        generator.close();
    }

    @Test
    void theFirstConfidentDraftIsTakenAndNoLaterOneAsked() {
        assertThat(propose(fixed("a", 0.1), fixed("b", 0.3), fixed("c", 0.9))).isEqualTo(0.3);
        assertThat(calls).containsExactly("a extend", "b extend", "c extend", "a", "b");
    }

    @Test
    void withoutAConfidentOneTheBestIsTaken() {
        assertThat(propose(fixed("a", 0.2), fixed("b", 0.1), none("c"))).isEqualTo(0.2);
        assertThat(propose(fixed("a", 0.1), none("b"), fixed("c", 0.2))).isEqualTo(0.2);
        assertThat(propose(none("a"), none("b"))).isEqualTo(-1);
    }

    @Test
    void allAreClosedThoughSomeFail() {
        Drafting failing = new Scripted("a", 0.5, "close");
        Chain chain = new Chain(List.of(failing, fixed("b", 0.5)));
        withSession(
                session -> {
                    Drafter drafter = chain.open(session, GenerationOptions.greedy());
                    assertThatThrownBy(drafter::close).hasMessage("a close");
                });
        assertThatThrownBy(chain::close).hasMessage("a close");
        assertThat(calls).containsExactly("b close", "a close", "b close all", "a close all");
    }

    @Test
    void whatWasOpenedIsClosedIfTheRestIsNot() {
        Chain chain = new Chain(List.of(fixed("a", 0.5), new Scripted("b", 0.5, "open")));
        withSession(
                session ->
                        assertThatThrownBy(() -> chain.open(session, GenerationOptions.greedy()))
                                .hasMessage("b open"));
        assertThat(calls).containsExactly("a close");
    }

    @Test
    void impossibleChainsAreRefused() {
        assertThatThrownBy(() -> new Chain(List.of()))
                .hasMessageContaining("expected one drafting or more, found none");
        assertThatThrownBy(() -> new Chain(List.of(new PromptLookup()), 1.5))
                .hasMessageContaining("enough: expected 0 to 1, found 1.5");
    }

    /** Returns the confidence of the first token; -1 without a token. */
    private double propose(Drafting... links) {
        calls.clear();
        double[] result = {-1};
        withSession(
                session -> {
                    Drafter drafter =
                            new Chain(List.of(links)).open(session, GenerationOptions.greedy());
                    drafter.extend(new int[] {1}, 0, 1);
                    Draft draft = drafter.propose(LIMIT);
                    result[0] = draft.length() == 0 ? -1 : draft.confidences()[0];
                });
        return result[0];
    }

    private static void withSession(Consumer<DecoderSession> use) {
        try (DecoderSession session = generator.model().decoder().newSession(8)) {
            use.accept(session);
        }
    }

    private Drafting fixed(String name, double confidence) {
        return new Scripted(name, confidence, "");
    }

    private Drafting none(String name) {
        return new Scripted(name, -1, "");
    }

    /** Proposes one token, if its confidence is not negative, and notes what it is asked. */
    private final class Scripted implements Drafting {
        private final String name;
        private final double confidence;
        private final String failing;

        Scripted(String name, double confidence, String failing) {
            this.name = name;
            this.confidence = confidence;
            this.failing = failing;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Drafter open(DecoderSession target, GenerationOptions options) {
            fail("open");
            return new Drafter() {
                @Override
                public void extend(int[] text, int from, int to) {
                    calls.add(name + " extend");
                }

                @Override
                public Draft propose(DraftLimit limit) {
                    calls.add(name);
                    return confidence < 0
                            ? Draft.NONE
                            : new Draft(new int[] {1}, new double[] {confidence}, null);
                }

                @Override
                public void close() {
                    calls.add(name + " close");
                    fail("close");
                }
            };
        }

        @Override
        public void close() {
            calls.add(name + " close all");
            fail("close");
        }

        private void fail(String call) {
            if (failing.equals(call)) {
                throw new IllegalStateException(name + " " + call);
            }
        }
    }
}
