package dev.slipstream.decode;

import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/** A second session of the target drafts: draws above temperature 0, else takes the likeliest. */
final class TwinDrafting implements Drafting {
    private final LanguageModel model;
    private final UnaryOperator<GenerationOptions> change;

    TwinDrafting(LanguageModel model) {
        this(model, UnaryOperator.identity());
    }

    /** Drafts with other options than those asked for. */
    TwinDrafting(LanguageModel model, UnaryOperator<GenerationOptions> change) {
        this.model = model;
        this.change = change;
    }

    @Override
    public String name() {
        return "twin";
    }

    @Override
    public Drafter open(DecoderSession target, GenerationOptions options) {
        int vocabulary = model.decoder().vocabularySize();
        GenerationOptions own = change.apply(options);
        Sampler sampler = new Sampler(own, vocabulary, new int[0]);
        DecoderSession session = model.decoder().newSession();
        return new Drafter() {
            private int[] text = new int[0];

            @Override
            public void extend(int[] longer, int from, int to) {
                text = Arrays.copyOf(longer, to);
            }

            @Override
            public Draft propose(DraftLimit limit) {
                int common = Arrays.mismatch(session.tokens(), text);
                session.rollback(Math.min(common < 0 ? session.length() : common, text.length - 1));
                Logits logits =
                        session.forward(text, session.length(), text.length, LogitRows.LAST);
                int[] drawn = new int[limit.tokens()];
                double[][] distributions = new double[drawn.length][vocabulary];
                for (int i = 0; i < drawn.length; i++) {
                    FloatBuffer row = logits.last();
                    sampler.probabilities(row, distributions[i]);
                    drawn[i] = sampler.sample(row);
                    if (i + 1 < drawn.length) {
                        logits = session.forward(drawn, i, i + 1, LogitRows.LAST);
                    }
                }
                return new Draft(
                        drawn,
                        new double[drawn.length],
                        own.temperature() == 0 ? null : distributions);
            }

            @Override
            public void close() {
                session.close();
            }
        };
    }

    @Override
    public void close() {}
}
