package dev.slipstream.samples.cli;

import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.DecodingMethod;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.evaluate.Spread;
import dev.slipstream.zoo.BlockOptions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One open model that writes the same texts by blocks and token by token, in turns. */
final class BlockTrial {
    private final LanguageModel model;
    private final AutoregressiveGenerator plain;
    private final Answers answers;
    private final int maxTokens;
    private final int rounds;

    /**
     * Constructs a trial.
     *
     * @param model stays the caller's
     * @param answers decodes the texts
     * @param maxTokens tokens of each
     * @param rounds how often each is written
     */
    BlockTrial(LanguageModel model, Answers answers, int maxTokens, int rounds) {
        this.model = model;
        this.plain = new AutoregressiveGenerator(model);
        this.answers = answers;
        this.maxTokens = maxTokens;
        this.rounds = rounds;
    }

    /**
     * A text.
     *
     * @param prompt token ids
     * @param tokens that were written behind it
     * @param statistics of the request
     */
    record Written(int[] prompt, int[] tokens, Statistics statistics) {}

    /** The texts of one round. */
    record Texts(List<Written> written) {
        /** Returns tokens a second after the first ones. */
        double tokensPerSecond() {
            double tokens = 0;
            double seconds = 0;
            for (Written one : written) {
                Statistics statistics = one.statistics();
                tokens += Math.max(0, statistics.generatedTokens() - 1);
                seconds +=
                        statistics.elapsed().minus(statistics.timeToFirstToken()).toNanos() / 1e9;
            }
            return seconds <= 0 ? 0 : tokens / seconds;
        }
    }

    /**
     * What came of one way.
     *
     * @param plain texts of the last round, token by token
     * @param blocks those by blocks
     * @param ratio of their rates, over the rounds
     * @param right which part of the questions of each category was answered right
     */
    record Result(Texts plain, Texts blocks, @Nullable Spread ratio, double[] right) {}

    /** Writes all texts in one way and token by token, one right after the other. */
    Result run(BlockWay way, List<Prompt> prompts, List<Question> asked, Runnable tick) {
        BlockOptions options = way.options();
        DecodingMethod method = options.method(model);
        AutoregressiveGenerator blocks = new AutoregressiveGenerator(model, method);
        List<Double> ratios = new ArrayList<>();
        Texts one = new Texts(List.of());
        Texts other = new Texts(List.of());
        write(plain, prompts.get(0));
        write(blocks, prompts.get(0));
        for (int round = 0; round < rounds && !answers.ended(); round++) {
            List<Written> plainly = new ArrayList<>();
            List<Written> byBlocks = new ArrayList<>();
            for (int i = 0; i < prompts.size(); i++) {
                boolean first = (i + round) % 2 == 0;
                (first ? plainly : byBlocks).add(write(first ? plain : blocks, prompts.get(i)));
                tick.run();
                (first ? byBlocks : plainly).add(write(first ? blocks : plain, prompts.get(i)));
                tick.run();
            }
            one = new Texts(plainly);
            other = new Texts(byBlocks);
            ratios.add(other.tokensPerSecond() / one.tokensPerSecond());
        }
        return new Result(
                one,
                other,
                Spread.of(ratios.stream().mapToDouble(Double::doubleValue)),
                answered(blocks, asked, tick));
    }

    /** Returns which part of the questions of each category is answered right token by token. */
    double[] answeredPlainly(List<Question> asked, Runnable tick) {
        return answered(plain, asked, tick);
    }

    private double[] answered(
            AutoregressiveGenerator generator, List<Question> asked, Runnable tick) {
        return Question.kinds(asked).stream()
                .mapToDouble(
                        kind ->
                                asked.stream()
                                        .filter(question -> question.category().equals(kind))
                                        .mapToInt(question -> right(generator, question, tick))
                                        .average()
                                        .orElse(0))
                .toArray();
    }

    private int right(AutoregressiveGenerator generator, Question question, Runnable tick) {
        Prompt prompt = generator.prompt(question.prompt());
        int length =
                model.tokenizer()
                        .encode(question.answer(), Tokenizer.SpecialTokens.AS_WRITTEN)
                        .length;
        GenerationOptions options = GenerationOptions.builder().maxTokens(length).build();
        String text = answers.of(generator, prompt, options).text();
        tick.run();
        return text.startsWith(question.answer()) ? 1 : 0;
    }

    private Written write(AutoregressiveGenerator generator, Prompt prompt) {
        GenerationOptions options =
                GenerationOptions.builder().maxTokens(maxTokens).ignoreEndOfText(true).build();
        Answer answer = answers.of(generator, prompt, options);
        return new Written(prompt.ids(), answer.tokens(), answer.statistics());
    }
}
