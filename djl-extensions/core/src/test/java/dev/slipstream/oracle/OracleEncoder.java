package dev.slipstream.oracle;

import dev.slipstream.graph.SubLayer;
import dev.slipstream.graph.SubLayerName;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * BERT as its paper writes it, one sequence at a time in double precision: every sub-layer is LN(x
 * + f(x)), and LN(x) where it is removed. The weights are random.
 */
public final class OracleEncoder {
    public static final int VOCABULARY = 30;
    public static final int POSITIONS = 24;
    static final double EPSILON = 1e-12;

    final int layers;
    final int heads;
    final int hidden;
    final int inner;
    final Map<String, float[]> weights = new TreeMap<>();

    /** Draws a shape and its weights. */
    public OracleEncoder(Random random) {
        this(1 + random.nextInt(4), 1 + random.nextInt(3), 4 * (1 + random.nextInt(3)), random);
    }

    public OracleEncoder(int layers, int heads, int headSize, Random random) {
        this.layers = layers;
        this.heads = heads;
        this.hidden = heads * headSize;
        this.inner = 2 * hidden + 4;
        table("word", VOCABULARY, random);
        table("position", POSITIONS, random);
        table("type", 2, random);
        norm("embeddings", random);
        for (int i = 0; i < layers; i++) {
            String a = "l" + i + ".a.";
            String f = "l" + i + ".f.";
            for (String name : new String[] {"q", "k", "v", "o"}) {
                linear(a + name, hidden, hidden, random);
            }
            norm(i + ".attention", random);
            linear(f + "up", hidden, inner, random);
            linear(f + "down", inner, hidden, random);
            norm(i + ".output", random);
        }
        linear("pooler", hidden, hidden, random);
    }

    public int layers() {
        return layers;
    }

    private void table(String name, int rows, Random random) {
        weights.put(name, draw(rows * hidden, 1, 0, random));
    }

    private void norm(String name, Random random) {
        weights.put("norm." + name + ".gamma", draw(hidden, 0.3, 1, random));
        weights.put("norm." + name + ".beta", draw(hidden, 0.3, 0, random));
    }

    private void linear(String name, int in, int out, Random random) {
        weights.put(name + ".weight", draw(in * out, 1.5 / Math.sqrt(in), 0, random));
        weights.put(name + ".bias", draw(out, 0.2, 0, random));
    }

    private static float[] draw(int size, double scale, double mean, Random random) {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (mean + scale * random.nextGaussian());
        }
        return values;
    }

    /** Returns the vectors of the tokens. */
    public double[][] hidden(int[] tokens, Set<SubLayerName> removed) {
        double[][] x = new double[tokens.length][hidden];
        for (int t = 0; t < tokens.length; t++) {
            for (int i = 0; i < hidden; i++) {
                x[t][i] =
                        (double) weights.get("word")[tokens[t] * hidden + i]
                                + weights.get("position")[t * hidden + i]
                                + weights.get("type")[i];
            }
        }
        x = norm(x, "embeddings");
        for (int i = 0; i < layers; i++) {
            if (!removed.contains(new SubLayerName(SubLayer.Kind.ATTENTION, i))) {
                x = sum(x, attention(x, "l" + i + ".a."));
            }
            x = norm(x, i + ".attention");
            if (!removed.contains(new SubLayerName(SubLayer.Kind.FEED_FORWARD, i))) {
                x = sum(x, feedForward(x, "l" + i + ".f."));
            }
            x = norm(x, i + ".output");
        }
        return x;
    }

    /** Returns the sentence's vector: the mean or the first token's, of length 1. */
    public double[] embedding(int[] tokens, boolean mean, Set<SubLayerName> removed) {
        double[][] x = hidden(tokens, removed);
        double[] vector = new double[hidden];
        for (int t = 0; t < (mean ? x.length : 1); t++) {
            for (int i = 0; i < hidden; i++) {
                vector[i] += x[t][i] / (mean ? x.length : 1);
            }
        }
        double squares = 0;
        for (double value : vector) {
            squares += value * value;
        }
        for (int i = 0; i < hidden; i++) {
            vector[i] /= Math.sqrt(squares);
        }
        return vector;
    }

    private double[][] attention(double[][] x, String name) {
        double[][] q = linear(x, name + "q", hidden);
        double[][] k = linear(x, name + "k", hidden);
        double[][] v = linear(x, name + "v", hidden);
        double[][] mixed = new double[x.length][hidden];
        int size = hidden / heads;
        for (int h = 0; h < heads; h++) {
            for (int t = 0; t < x.length; t++) {
                double[] shares = new double[x.length];
                double total = 0;
                for (int s = 0; s < x.length; s++) {
                    double score = 0;
                    for (int i = h * size; i < (h + 1) * size; i++) {
                        score += q[t][i] * k[s][i];
                    }
                    shares[s] = Math.exp(score / Math.sqrt(size));
                    total += shares[s];
                }
                for (int s = 0; s < x.length; s++) {
                    for (int i = h * size; i < (h + 1) * size; i++) {
                        mixed[t][i] += shares[s] / total * v[s][i];
                    }
                }
            }
        }
        return linear(mixed, name + "o", hidden);
    }

    private double[][] feedForward(double[][] x, String name) {
        double[][] up = linear(x, name + "up", inner);
        for (double[] row : up) {
            for (int i = 0; i < row.length; i++) {
                row[i] *= (1 + erf(row[i] / Math.sqrt(2))) / 2;
            }
        }
        return linear(up, name + "down", hidden);
    }

    /** Abramowitz and Stegun 7.1.6: all terms have one sign. */
    private static double erf(double x) {
        double at = Math.max(-6, Math.min(6, x));
        double term = at;
        double sum = 0;
        for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
            sum += term;
            term *= 2 * at * at / (2 * n + 1);
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-at * at) * sum;
    }

    private double[][] linear(double[][] x, String name, int out) {
        float[] weight = weights.get(name + ".weight");
        double[][] y = new double[x.length][out];
        for (int t = 0; t < x.length; t++) {
            for (int j = 0; j < out; j++) {
                y[t][j] = weights.get(name + ".bias")[j];
                for (int i = 0; i < x[t].length; i++) {
                    y[t][j] += x[t][i] * weight[i * out + j];
                }
            }
        }
        return y;
    }

    private double[][] norm(double[][] x, String name) {
        double[][] y = new double[x.length][hidden];
        for (int t = 0; t < x.length; t++) {
            double mean = 0;
            for (double value : x[t]) {
                mean += value / hidden;
            }
            double variance = 0;
            for (double value : x[t]) {
                variance += (value - mean) * (value - mean) / hidden;
            }
            for (int i = 0; i < hidden; i++) {
                y[t][i] =
                        (x[t][i] - mean)
                                        / Math.sqrt(variance + EPSILON)
                                        * weights.get("norm." + name + ".gamma")[i]
                                + weights.get("norm." + name + ".beta")[i];
            }
        }
        return y;
    }

    private static double[][] sum(double[][] x, double[][] y) {
        double[][] sum = new double[x.length][x[0].length];
        for (int t = 0; t < x.length; t++) {
            for (int i = 0; i < x[t].length; i++) {
                sum[t][i] = x[t][i] + y[t][i];
            }
        }
        return sum;
    }
}
