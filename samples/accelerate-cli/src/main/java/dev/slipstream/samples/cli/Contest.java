package dev.slipstream.samples.cli;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.LoadOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;

/** One model, opened plainly and with each drafter, and the rounds in which they take turns. */
final class Contest implements AutoCloseable {
    private final Answers answers;
    private final TextGenerator plain;
    private final Map<String, TextGenerator> drafted = new LinkedHashMap<>();
    private final Map<String, TextGenerator> opponents = new LinkedHashMap<>();

    /**
     * Opens the model once for each way to decode.
     *
     * @param library opens models
     * @param location of the model
     * @param loading how to open it plainly
     * @param drafters each its own
     * @param answers decodes the texts
     */
    Contest(
            Library library,
            String location,
            LoadOptions loading,
            List<DraftOptions> drafters,
            Answers answers) {
        this.answers = answers;
        plain = library.generators().apply(location, loading);
        try {
            for (DraftOptions options : drafters) {
                TextGenerator drafter =
                        library.generators().apply(location, loading.withDrafting(options));
                drafted.put(options.drafter().label(), drafter);
                opponents.put(options.drafter().label(), opponent(drafter));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /**
     * Returns the same open model without the drafter: two openings of one file differ by up to a
     * third in speed, by where their weights happen to lie. Only a graph with gates for a draft has
     * to stand against the other one, without.
     */
    private TextGenerator opponent(TextGenerator drafter) {
        return drafter instanceof AutoregressiveGenerator open && !open.model().decoder().drafts()
                ? new AutoregressiveGenerator(open.model())
                : plain;
    }

    /** Returns the model without a drafter. */
    TextGenerator plain() {
        return plain;
    }

    /** Returns how many pairs of texts a plan asks for. */
    int pairs(Plan plan) {
        return plan.prompts().size() * plan.rounds() * drafted.size();
    }

    /**
     * How a set of prompts is measured.
     *
     * @param prompts what is continued
     * @param options of every text
     * @param warmUp prompts that each way decodes before anything is measured
     * @param rounds how often all prompts are decoded
     */
    record Plan(List<Prompt> prompts, GenerationOptions options, int warmUp, int rounds) {}

    /**
     * Decodes every prompt plainly and with a drafter, one right after the other, for each drafter
     * in each round. Which comes first changes from round to round. Ends early, with what there is,
     * where the answers were ended.
     *
     * @param plan what to do
     * @param afterPair called after both texts of a prompt
     * @return by the drafter's name
     */
    Map<String, Comparison> measure(Plan plan, Runnable afterPair) {
        Map<String, Comparison> comparisons = new LinkedHashMap<>();
        drafted.keySet().forEach(name -> comparisons.put(name, new Comparison()));
        try {
            warmUp(plan);
            for (int round = 0; round < plan.rounds(); round++) {
                for (Prompt prompt : plan.prompts()) {
                    for (Map.Entry<String, Comparison> entry : comparisons.entrySet()) {
                        Comparison.Pair pair = pair(entry.getKey(), prompt, plan.options(), round);
                        entry.getValue().add(round, pair);
                        afterPair.run();
                    }
                }
            }
        } catch (CancellationException e) {
            // The pair that was under way is lost, no more.
        }
        return comparisons;
    }

    private void warmUp(Plan plan) {
        int prompts = Math.min(plan.warmUp(), plan.prompts().size());
        for (Prompt prompt : plan.prompts().subList(0, prompts)) {
            answers.of(plain, prompt, plan.options());
            drafted.values().forEach(each -> answers.of(each, prompt, plan.options()));
        }
    }

    private Comparison.Pair pair(String name, Prompt prompt, GenerationOptions options, int round) {
        TextGenerator drafter = Objects.requireNonNull(drafted.get(name));
        TextGenerator opponent = Objects.requireNonNull(opponents.get(name));
        if (round % 2 == 0) {
            Answer first = answers.of(opponent, prompt, options);
            return new Comparison.Pair(first, answers.of(drafter, prompt, options));
        }
        Answer first = answers.of(drafter, prompt, options);
        return new Comparison.Pair(answers.of(opponent, prompt, options), first);
    }

    @Override
    public void close() {
        List<TextGenerator> opened = new ArrayList<>(drafted.values());
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
        plain.close();
    }
}
