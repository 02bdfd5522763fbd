package dev.slipstream.evaluate;

import dev.slipstream.decode.EffortRequest;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Measures how much faster a changed model decodes than the original: both continue the same
 * prompts greedily, one right after the other, and who is first changes from prompt to prompt and
 * from round to round. Texts go on past their ends, so that both decode equally many tokens.
 *
 * @param prompts what is continued, one or more
 * @param maxTokens of each text, at least 2: the first comes with the prompt
 * @param warmUp prompts that both decode before anything is measured
 * @param rounds how often all prompts are decoded, at least 1
 */
public record SpeedMeter(List<Prompt> prompts, int maxTokens, int warmUp, int rounds) {
    /** Copies the list and checks the ranges. */
    public SpeedMeter {
        prompts = List.copyOf(prompts);
        if (prompts.isEmpty()) {
            throw new IllegalArgumentException("prompts: expected 1 or more, found none");
        }
        if (maxTokens < 2) {
            throw new IllegalArgumentException("maxTokens: expected 2 or more, found " + maxTokens);
        }
        if (warmUp < 0) {
            throw new IllegalArgumentException("warmUp: expected 0 or more, found " + warmUp);
        }
        if (rounds < 1) {
            throw new IllegalArgumentException("rounds: expected 1 or more, found " + rounds);
        }
    }

    /** Returns how many texts are decoded, both models' together and the warm-up included. */
    public int texts() {
        return 2 * (Math.min(warmUp, prompts.size()) + rounds * prompts.size());
    }

    /**
     * Measures.
     *
     * @param original the untouched model
     * @param candidate a model of the same vocabulary
     * @param effort what the candidate's requests ask for
     * @param progress is told the number of decoded texts; what it throws ends the measurement
     */
    public Speed measure(
            TextGenerator original,
            TextGenerator candidate,
            EffortRequest effort,
            IntConsumer progress) {
        Side reference = new Side(original, decoding(EffortRequest.NONE));
        Side own = new Side(candidate, decoding(effort));
        int done = 0;
        for (Prompt prompt : prompts.subList(0, Math.min(warmUp, prompts.size()))) {
            reference.decode(prompt);
            own.decode(prompt);
            progress.accept(done += 2);
        }
        List<Speed.Round> originals = new ArrayList<>();
        List<Speed.Round> candidates = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            Speed.Round originalRound = Speed.Round.NONE;
            Speed.Round candidateRound = Speed.Round.NONE;
            for (int i = 0; i < prompts.size(); i++) {
                Prompt prompt = prompts.get(i);
                if ((round + i) % 2 == 0) {
                    originalRound = originalRound.plus(reference.decode(prompt));
                    candidateRound = candidateRound.plus(own.decode(prompt));
                } else {
                    candidateRound = candidateRound.plus(own.decode(prompt));
                    originalRound = originalRound.plus(reference.decode(prompt));
                }
                progress.accept(done += 2);
            }
            originals.add(originalRound);
            candidates.add(candidateRound);
        }
        return Speed.of(originals, candidates);
    }

    private GenerationOptions decoding(EffortRequest effort) {
        return GenerationOptions.greedy().toBuilder()
                .maxTokens(maxTokens)
                .ignoreEndOfText(true)
                .effort(effort)
                .build();
    }

    private record Side(TextGenerator generator, GenerationOptions options) {
        Speed.Round decode(Prompt prompt) {
            try (TokenStream stream = generator.stream(prompt, options)) {
                while (stream.hasNext()) {
                    stream.next();
                }
                Statistics end = stream.statistics();
                return new Speed.Round(
                        end.generatedTokens() - 1,
                        end.elapsed().minus(end.timeToFirstToken()).toNanos() / 1e9,
                        1,
                        end.timeToFirstToken().toNanos() / 1e9);
            }
        }
    }
}
