package dev.slipstream.evaluate;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.SentenceEncoder;

/** A model that is open and judged; it goes on belonging to whoever opened it. */
public sealed interface Subject {
    /** Returns the model's name. */
    String name();

    /** A model that writes text. */
    record Decoder(LanguageModel model) implements Subject {
        @Override
        public String name() {
            return model.name();
        }
    }

    /** A model that turns texts into vectors. */
    record Encoder(SentenceEncoder model) implements Subject {
        @Override
        public String name() {
            return model.name();
        }
    }
}
