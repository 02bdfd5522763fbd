package dev.slipstream.evaluate;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures candidates against one original that stays open: the price in quality on a text, the
 * gain in speed on prompts, both models in turns in the same run.
 */
public final class Appraiser {
    private final OpenCandidate original;
    private final SlidingWindow window;
    private final SpeedMeter speed;
    private final int[] tokens;
    private final long characters;
    private final List<Evaluator> tasks;
    private final List<Score> scores = new ArrayList<>();

    /**
     * Constructs an appraiser.
     *
     * @param original the untouched model; goes on belonging to the caller
     * @param tokens of the text by which quality is judged, without begin token; never the text
     *     that passes calibrate on
     * @param window how the text is cut
     * @param speed how prompts are decoded
     * @param tasks that the models do besides; the original does them at once
     */
    public Appraiser(
            OpenCandidate original,
            int[] tokens,
            SlidingWindow window,
            SpeedMeter speed,
            List<Evaluator> tasks) {
        this.original = original;
        this.window = window;
        this.speed = speed;
        this.tokens = tokens.clone();
        LanguageModel model = original.model();
        int first = Math.min(tokens.length, model.beginToken() == null ? 1 : 0);
        String foretold = model.tokenizer().decode(tokens, first, tokens.length);
        this.tasks = List.copyOf(tasks);
        Subject subject = new Subject.Decoder(model);
        tasks.forEach(task -> scores.add(task.evaluate(subject)));
        this.characters = foretold.codePointCount(0, foretold.length());
    }

    /**
     * Measures a candidate.
     *
     * @param candidate of the same tokenizer; goes on belonging to the caller
     * @param progress hears how far it is
     * @throws IllegalArgumentException if the two are no forms of one model
     */
    public Evaluation appraise(OpenCandidate candidate, EvaluationProgress progress) {
        LanguageModel model = candidate.model();
        requireSameTokenizer(original.model().tokenizer(), model);
        Quality quality =
                new QualityMeter(original.model().decoder(), window, original.model().beginToken())
                        .measure(
                                model.decoder(),
                                model.efforts().choose(candidate.effort()).effort(),
                                tokens,
                                characters,
                                done ->
                                        progress.accept(
                                                EvaluationProgress.Stage.QUALITY,
                                                done,
                                                tokens.length));
        // The models belong to others, so that the generators are not closed.
        Speed rates =
                speed.measure(
                        new AutoregressiveGenerator(original.model()),
                        new AutoregressiveGenerator(model),
                        candidate.effort(),
                        done ->
                                progress.accept(
                                        EvaluationProgress.Stage.SPEED, done, speed.texts()));
        return new Evaluation(
                quality, rates, original.footprint(), candidate.footprint(), tasks(model));
    }

    private List<TaskScores> tasks(LanguageModel candidate) {
        Subject subject = new Subject.Decoder(candidate);
        List<TaskScores> results = new ArrayList<>();
        for (int i = 0; i < tasks.size(); i++) {
            Evaluator task = tasks.get(i);
            results.add(new TaskScores(task.name(), scores.get(i), task.evaluate(subject)));
        }
        return results;
    }

    private void requireSameTokenizer(Tokenizer tokenizer, LanguageModel model) {
        if (!tokenizer.fingerprint().equals(model.tokenizer().fingerprint())) {
            throw new IllegalArgumentException(
                    "%s: expected the tokenizer of %s, found another; compare a model with the one it was made from, or models of different tokenizers by their bits per character"
                            .formatted(model.name(), original.model().name()));
        }
    }
}
