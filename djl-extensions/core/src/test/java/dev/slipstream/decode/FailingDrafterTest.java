package dev.slipstream.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A drafter that cannot be closed keeps nothing else open. */
class FailingDrafterTest {
    private static final String STORIES =
            "../models/src/main/resources/META-INF/slipstream/models/stories260k";

    /** Proposes nothing and cannot be closed. */
    private static final class Unclosable implements Drafting {
        final List<DecoderSession> targets = new ArrayList<>();

        @Override
        public String name() {
            return "unclosable";
        }

        @Override
        public Drafter open(DecoderSession target, GenerationOptions options) {
            targets.add(target);
            return new Drafter() {
                @Override
                public void extend(int[] text, int from, int to) {}

                @Override
                public Draft propose(DraftLimit limit) {
                    return Draft.NONE;
                }

                @Override
                public void close() {
                    throw new IllegalStateException("drafter");
                }
            };
        }

        @Override
        public void close() {
            throw new IllegalStateException("drafting");
        }
    }

    @Test
    void theSessionIsClosedAndSoAreOtherStreamsAndTheModel() {
        Unclosable drafting = new Unclosable();
        LanguageModel model = Models.open(STORIES, LoadOptions.defaults()).model();
        AutoregressiveGenerator generator =
                new AutoregressiveGenerator(
                        model, new Speculation(drafting, ScriptedDrafting.length(2)));
        Prompt prompt = generator.prompt("Once");
        TokenStream first = generator.stream(prompt, GenerationOptions.greedy());
        first.next();
        assertThatThrownBy(first::close).hasMessage("drafter");
        assertClosed(drafting.targets.get(0));
        first.close();

        for (int i = 0; i < 2; i++) {
            generator.stream(prompt, GenerationOptions.greedy()).next();
        }
        assertThatThrownBy(generator::close).hasMessage("drafter");
        assertThat(drafting.targets).hasSize(3).allSatisfy(FailingDrafterTest::assertClosed);
        DecoderModel decoder = model.decoder();
        assertThatThrownBy(decoder::newSession).hasMessageContaining("is closed");
    }

    private static void assertClosed(DecoderSession session) {
        assertThatThrownBy(() -> session.rollback(0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
    }
}
