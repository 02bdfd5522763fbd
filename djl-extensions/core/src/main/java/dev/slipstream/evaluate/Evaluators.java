package dev.slipstream.evaluate;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/** The tasks on the class path. */
public final class Evaluators {
    private Evaluators() {}

    /**
     * Returns the evaluators that jars name in {@code
     * META-INF/services/dev.slipstream.evaluate.Evaluator}, in the order of the class path.
     *
     * @param subject what they are to suit
     */
    public static List<Evaluator> suiting(Subject subject) {
        List<Evaluator> suiting = new ArrayList<>();
        for (Evaluator evaluator : ServiceLoader.load(Evaluator.class)) {
            if (evaluator.suits(subject)) {
                suiting.add(evaluator);
            }
        }
        return suiting;
    }
}
