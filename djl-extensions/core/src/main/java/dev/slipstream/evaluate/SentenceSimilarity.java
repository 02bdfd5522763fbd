package dev.slipstream.evaluate;

import dev.slipstream.decode.SentenceEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * Says how good a sentence encoder's vectors are: whether their cosines order pairs of sentences as
 * people do (Cer et al., 2017, the STS benchmark). The score is Spearman's rank correlation, over
 * all pairs at once.
 */
public final class SentenceSimilarity implements Evaluator {
    private static final int COLUMNS = 7;
    private static final int LIKENESS = 4;
    private static final int FIRST = 5;
    private static final int SECOND = 6;

    private final String name;
    private final List<SentencePair> pairs;

    /**
     * Constructs the task.
     *
     * @param name as reports show it
     * @param pairs two or more
     */
    public SentenceSimilarity(String name, List<SentencePair> pairs) {
        this.name = name;
        this.pairs = List.copyOf(pairs);
        if (pairs.size() < 2) {
            throw new IllegalArgumentException("pairs: expected 2 or more, found " + pairs.size());
        }
    }

    /**
     * Reads a file of the STS benchmark: lines of genre, file, year, id, likeness and the two
     * sentences, separated by tabs; further columns (the sentences' sources) are skipped.
     *
     * @param file in UTF-8
     * @throws IOException if it cannot be read, or a line has another form
     */
    public static List<SentencePair> read(Path file) throws IOException {
        List<SentencePair> pairs = new ArrayList<>();
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            // Quotation marks are the sentences' own.
            String[] columns = lines.get(i).split("\t");
            try {
                if (columns.length < COLUMNS) {
                    throw new IllegalArgumentException(columns.length + " columns");
                }
                pairs.add(
                        new SentencePair(
                                columns[FIRST],
                                columns[SECOND],
                                Double.parseDouble(columns[LIKENESS])));
            } catch (IllegalArgumentException e) {
                throw new IOException(
                        "%s:%d: expected genre, file, year, id, a number and two sentences, separated by tabs, found %s"
                                .formatted(file, i + 1, e.getMessage()),
                        e);
            }
        }
        return pairs;
    }

    /** Returns the first sentences of all pairs, then the second ones. */
    public List<String> sentences() {
        List<String> sentences = new ArrayList<>();
        pairs.forEach(pair -> sentences.add(pair.first()));
        pairs.forEach(pair -> sentences.add(pair.second()));
        return sentences;
    }

    @Override
    public String name() {
        return name;
    }

    /** {@inheritDoc} Sentence encoders can. */
    @Override
    public boolean suits(Subject subject) {
        return subject instanceof Subject.Encoder;
    }

    @Override
    public Score evaluate(Subject subject) {
        if (!(subject instanceof Subject.Encoder encoder)) {
            throw new IllegalArgumentException(
                    "%s: expected a sentence encoder, found the decoder %s"
                            .formatted(name, subject.name()));
        }
        return new Score(correlation(encoder.model()), Score.Better.HIGHER, pairs.size());
    }

    private double correlation(SentenceEncoder encoder) {
        float[][] vectors = encoder.embed(sentences());
        double[] cosines = new double[pairs.size()];
        double[] likenesses = new double[pairs.size()];
        for (int i = 0; i < cosines.length; i++) {
            cosines[i] = product(vectors[i], vectors[pairs.size() + i]);
            likenesses[i] = pairs.get(i).likeness();
        }
        double correlation = RankCorrelation.spearman(cosines, likenesses);
        if (Double.isNaN(correlation) || Double.isNaN(DoubleStream.of(cosines).sum())) {
            throw new IllegalStateException(
                    "%s: expected vectors of numbers, and vectors and judgements that differ; found none, or pairs that are all alike, for %s; try other weights or other pairs"
                            .formatted(name, encoder.name()));
        }
        return correlation;
    }

    /** Of vectors of length 1: their cosine. */
    static double product(float[] x, float[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += (double) x[i] * y[i];
        }
        return sum;
    }
}
