package dev.slipstream.decode;

import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.LongUnaryOperator;

/**
 * A target of a few tokens whose logits depend on the token before: small enough that every text's
 * probability is known, and decoded by {@link Verifier} as a model's text is.
 *
 * @param table logits by token before and token
 */
record TableTarget(float[][] table) {
    /** The only token of the prompt. */
    static final int PROMPT = 0;

    /** Draws a table. */
    static TableTarget random(long seed, int vocabulary) {
        Random random = new Random(seed);
        float[][] table = new float[vocabulary][vocabulary];
        for (float[] row : table) {
            for (int i = 0; i < vocabulary; i++) {
                row[i] = (float) (1.5 * random.nextGaussian());
            }
        }
        return new TableTarget(table);
    }

    int vocabulary() {
        return table.length;
    }

    /** What drafts for a table: from the newest token on. */
    interface TableDrafter {
        Draft propose(int newest, int tokens, Random random);
    }

    /** How the drafts of many texts fared. */
    static final class Count {
        final long[] texts;
        long firstDrafts;
        long firstAccepted;
        long rounds;

        Count(int bins) {
            texts = new long[bins];
        }
    }

    /**
     * Decodes one text of some tokens.
     *
     * @param length tokens of the text
     * @param drafted tokens of a draft, may reach beyond the text
     * @return the tokens
     */
    int[] decode(
            Sampler sampler,
            Acceptance acceptance,
            TableDrafter drafter,
            int length,
            int drafted,
            Random random,
            Count count) {
        Verifier verifier = new Verifier(sampler, acceptance);
        int[] text = new int[length];
        int[] size = {0};
        while (size[0] < length) {
            int before = size[0];
            int newest = before == 0 ? PROMPT : text[before - 1];
            Draft draft = drafter.propose(newest, drafted, random);
            int accepted =
                    verifier.verify(
                            rows(newest, draft),
                            draft,
                            (token, row) -> {
                                text[size[0]++] = token;
                                return size[0] < length;
                            });
            count.rounds++;
            if (before == 0 && draft.length() > 0) {
                count.firstDrafts++;
                count.firstAccepted += accepted > 0 ? 1 : 0;
            }
        }
        return text;
    }

    /** Decodes texts of independent seeds and counts what came out, by {@link #bin}. */
    Count count(
            GenerationOptions options,
            AcceptanceSupplier acceptance,
            TableDrafter drafter,
            int length,
            int texts,
            LongUnaryOperator seeds) {
        Count count = new Count((int) Math.pow(vocabulary(), length));
        Random random = new Random(seeds.applyAsLong(-1));
        Acceptance rule = acceptance.open();
        GenerationOptions.Builder builder = options.toBuilder();
        for (int i = 0; i < texts; i++) {
            GenerationOptions seeded = builder.seed(seeds.applyAsLong(i)).build();
            Sampler sampler = new Sampler(seeded, vocabulary(), new int[] {PROMPT});
            int[] text = decode(sampler, rule, drafter, length, length, random, count);
            count.texts[bin(text)]++;
        }
        return count;
    }

    /** Makes the rule under test. */
    interface AcceptanceSupplier {
        Acceptance open();
    }

    /** Returns the probability of every text of a length, by {@link #bin}. */
    double[] exact(GenerationOptions options, int length) {
        double[] probabilities = new double[(int) Math.pow(vocabulary(), length)];
        fill(options, new int[0], length, 1, probabilities);
        return probabilities;
    }

    private void fill(
            GenerationOptions options, int[] text, int length, double mass, double[] target) {
        if (text.length == length) {
            target[bin(text)] = mass;
            return;
        }
        double[] next = next(options, text);
        for (int token = 0; token < vocabulary(); token++) {
            int[] longer = Arrays.copyOf(text, text.length + 1);
            longer[text.length] = token;
            fill(options, longer, length, mass * next[token], target);
        }
    }

    /** Returns the distribution after a text, by the plain oracle. */
    double[] next(GenerationOptions options, int... text) {
        int newest = text.length == 0 ? PROMPT : text[text.length - 1];
        return PlainDistribution.of(options, table[newest], new int[] {PROMPT}, text);
    }

    /** Returns a text's place in the counts. */
    int bin(int... text) {
        int bin = 0;
        for (int token : text) {
            bin = bin * vocabulary() + token;
        }
        return bin;
    }

    private Logits rows(int newest, Draft draft) {
        FloatBuffer values = FloatBuffer.allocate((1 + draft.length()) * vocabulary());
        values.put(table[newest]);
        for (int token : draft.tokens()) {
            values.put(table[token]);
        }
        return new Logits(values.rewind(), 1 + draft.length(), vocabulary());
    }
}
