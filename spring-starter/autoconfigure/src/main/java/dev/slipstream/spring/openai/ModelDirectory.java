package dev.slipstream.spring.openai;

import dev.slipstream.decode.TextGenerator;
import java.util.List;

/** The application's models by name. */
public interface ModelDirectory {
    /** Returns the names of all models. */
    List<String> names();

    /** Returns the model of that name, which is one of {@link #names()}. */
    TextGenerator get(String name);

    /** Returns the model that answers requests that name none. */
    TextGenerator defaultModel();
}
