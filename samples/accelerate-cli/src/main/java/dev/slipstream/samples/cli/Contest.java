package dev.slipstream.samples.cli;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.zoo.DraftOptions;
import dev.slipstream.zoo.LoadOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;

/** One model, opened plainly and with each drafter, and the rounds in which they take turns. */
final class Contest implements AutoCloseable {
    private final Answers answers;
    private final TextGenerator plain;
    private final Map<String, TextGenerator> drafted = new LinkedHashMap<>();

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
                drafted.put(
                        options.drafter().label(),
                        library.generators().apply(location, loading.withDrafting(options)));
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
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
                        TextGenerator drafter = drafted.get(entry.getKey());
                        entry.getValue().add(round, pair(drafter, prompt, plan.options(), round));
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

    private Comparison.Pair pair(
            TextGenerator drafter, Prompt prompt, GenerationOptions options, int round) {
        if (round % 2 == 0) {
            Answer first = answers.of(plain, prompt, options);
            return new Comparison.Pair(first, answers.of(drafter, prompt, options));
        }
        Answer first = answers.of(drafter, prompt, options);
        return new Comparison.Pair(answers.of(plain, prompt, options), first);
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
