package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Sampler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * The choice of one token from logits in native memory. They are drawn: normal with a deviation of
 * 2.5, and some likely tokens, as a language model's are.
 */
public class Sampling extends MicroBenchmark {
    private static final int PROMPT = 256;
    private static final int ANSWER = 64;
    private static final int LIKELY = 12;

    /** Which tokens may be chosen. */
    public enum Choice {
        /** The likeliest. */
        GREEDY,
        /** One of all. */
        ALL,
        /** One of the 40 likeliest. */
        TOP_K,
        /** One of the likeliest that make up 0.95. */
        TOP_P,
        /** One that is at least 0.05 times as likely as the likeliest. */
        MIN_P
    }

    /** What is done to logits of tokens that came before. */
    public enum Penalties {
        /** Nothing. */
        NONE,
        /** Repetition 1.1, presence 0.1, frequency 0.1. */
        ALL
    }

    /** Number of tokens: as Llama 2, SmolLM2 and Llama 3. */
    @Param({"32000", "49152", "128256"})
    public int vocabulary;

    /** Which tokens may be chosen. */
    @Param public Choice choice;

    /** What is done to logits of tokens that came before: 256 of a prompt, 64 of an answer. */
    @Param public Penalties penalties;

    private FloatBuffer logits;
    private Sampler sampler;

    /** Constructs a benchmark for JMH. */
    public Sampling() {}

    /** Draws the logits, and checks what the sampler chooses from. */
    @Setup
    public void draw() {
        Random random = new Random(1);
        logits =
                ByteBuffer.allocateDirect(vocabulary * Float.BYTES)
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer();
        for (int i = 0; i < vocabulary; i++) {
            logits.put(i, (float) (2.5 * random.nextGaussian()));
        }
        for (int i = 0; i < LIKELY; i++) {
            logits.put(random.nextInt(vocabulary), 12 + 6 * random.nextFloat());
        }
        int[] prompt = random.ints(PROMPT, 0, vocabulary).toArray();
        sampler = new Sampler(options(), vocabulary, prompt);
        random.ints(ANSWER, 0, vocabulary).forEach(sampler::accept);
        check();
    }

    private GenerationOptions options() {
        GenerationOptions.Builder options = GenerationOptions.builder().seed(1L);
        if (choice != Choice.GREEDY) {
            options.temperature(0.8);
        }
        switch (choice) {
            case TOP_K -> options.topK(40);
            case TOP_P -> options.topP(0.95);
            case MIN_P -> options.minP(0.05);
            case GREEDY, ALL -> {}
        }
        if (penalties == Penalties.ALL) {
            options.repetitionPenalty(1.1).presencePenalty(0.1).frequencyPenalty(0.1);
        }
        return options.build();
    }

    private void check() {
        double[] probabilities = new double[vocabulary];
        sampler.probabilities(logits, probabilities);
        double sum = Arrays.stream(probabilities).sum();
        long kept = Arrays.stream(probabilities).filter(p -> p > 0).count();
        boolean expected =
                switch (choice) {
                    case GREEDY -> kept == 1;
                    case ALL -> kept == vocabulary;
                    case TOP_K -> kept == 40;
                    case TOP_P, MIN_P -> kept > 1 && kept < 1000;
                };
        if (!expected || Math.abs(sum - 1) > 1e-9 || !(probabilities[sample()] > 0)) {
            throw new IllegalStateException(
                    "%s: expected tokens of the choice, whose probabilities sum to 1, found %d of %s"
                            .formatted(choice, kept, sum));
        }
    }

    /** Chooses a token. */
    @Benchmark
    public int sample() {
        return sampler.sample(logits);
    }
}
