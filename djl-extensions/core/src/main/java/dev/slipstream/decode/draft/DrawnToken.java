package dev.slipstream.decode.draft;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.RandomDraws;
import dev.slipstream.decode.Sampler;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Draws a token with the request's temperature, top-k, top-p and min-p, without its penalties and
 * bias: they would cost more than they bring to a mere proposal.
 */
final class DrawnToken implements TokenChoice {
    /** The draft's random numbers must not be the target's, which decide what is accepted. */
    private static final long OTHER_STREAM = 0x6472616674696E67L;

    private final int shared;
    private final int vocabularySize;
    private final Sampler sampler;
    private final RandomDraws random;
    private double[] probabilities = {};
    private double highest;

    DrawnToken(GenerationOptions options, int shared, int vocabularySize) {
        this.shared = shared;
        this.vocabularySize = vocabularySize;
        sampler =
                new Sampler(
                        GenerationOptions.builder()
                                .temperature(options.temperature())
                                .topK(options.topK())
                                .topP(options.topP())
                                .minP(options.minP())
                                .build(),
                        shared,
                        new int[0]);
        Long seed = options.seed();
        random =
                seed == null
                        ? new RandomDraws(ThreadLocalRandom.current().nextLong())
                        : new RandomDraws(new RandomDraws(seed ^ OTHER_STREAM).nextLong());
    }

    @Override
    public void read(FloatBuffer row) {
        // A new array each time: the draft keeps it.
        probabilities = new double[shared];
        sampler.probabilities(row, probabilities);
        highest = Arrays.stream(probabilities).max().orElseThrow();
    }

    @Override
    public double confidence() {
        return highest;
    }

    @Override
    public int token() {
        double left = random.nextDouble();
        int last = 0;
        for (int i = 0; i < probabilities.length; i++) {
            if (probabilities[i] > 0) {
                last = i;
                left -= probabilities[i];
                if (left < 0) {
                    break;
                }
            }
        }
        return last;
    }

    @Override
    public double[] distribution() {
        return shared == vocabularySize
                ? probabilities
                : Arrays.copyOf(probabilities, vocabularySize);
    }
}
