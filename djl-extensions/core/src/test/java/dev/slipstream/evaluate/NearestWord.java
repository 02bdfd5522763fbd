package dev.slipstream.evaluate;

import java.util.List;

/** A user's own task, found on the class path: whether a word is nearest to itself. */
public final class NearestWord implements Evaluator {
    @Override
    public String name() {
        return "nearest-word";
    }

    @Override
    public boolean suits(Subject subject) {
        return subject instanceof Subject.Encoder;
    }

    @Override
    public Score evaluate(Subject subject) {
        float[][] vectors =
                ((Subject.Encoder) subject).model().embed(List.of("dog", "guitar", "dog"));
        double self = 0;
        double other = 0;
        for (int i = 0; i < vectors[0].length; i++) {
            self += vectors[0][i] * vectors[2][i];
            other += vectors[0][i] * vectors[1][i];
        }
        return new Score(self > other ? 1 : 0, Score.Better.HIGHER, 1);
    }
}
