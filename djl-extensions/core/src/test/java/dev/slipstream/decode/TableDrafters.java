package dev.slipstream.decode;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Drafters for {@link TableTarget}: such that draw, such that choose, and a forbidden one. */
enum TableDrafters {
    /** Draws most often what the target has least. */
    ADVERSARIAL {
        @Override
        TableTarget.TableDrafter of(TableTarget target) {
            return drawing(target, newest -> normalised(inverted(softmax(target, newest))));
        }
    },
    /** Draws anything. */
    UNIFORM {
        @Override
        TableTarget.TableDrafter of(TableTarget target) {
            int n = target.vocabulary();
            double[] uniform = new double[n];
            Arrays.fill(uniform, 1.0 / n);
            return drawing(target, newest -> uniform);
        }
    },
    /** Draws what it is sure of: all mass on one token. */
    SHARP {
        @Override
        TableTarget.TableDrafter of(TableTarget target) {
            return drawing(
                    target,
                    newest -> {
                        double[] sharp = new double[target.vocabulary()];
                        sharp[likeliest(target, newest)] = 1;
                        return sharp;
                    });
        }
    },
    /** Draws as the target would without knobs. */
    SAME {
        @Override
        TableTarget.TableDrafter of(TableTarget target) {
            return drawing(target, newest -> softmax(target, newest));
        }
    },
    /** Never draws the tokens of every second id. */
    ZEROS {
        @Override
        TableTarget.TableDrafter of(TableTarget target) {
            return drawing(
                    target,
                    newest -> {
                        double[] some = softmax(target, newest);
                        for (int i = newest % 2; i < some.length; i += 2) {
                            some[i] = 0;
                        }
                        return normalised(some);
                    });
        }
    },
    /** Draws from another table. */
    OTHER {
        @Override
        TableTarget.TableDrafter of(TableTarget target) {
            TableTarget other = TableTarget.random(91, target.vocabulary());
            return drawing(target, newest -> softmax(other, newest));
        }
    },
    /** Chooses the likeliest token. */
    CHOSEN_LIKELIEST {
        @Override
        TableTarget.TableDrafter of(TableTarget target) {
            return choosing(target, newest -> likeliest(target, newest));
        }
    },
    /** Chooses the unlikeliest token. */
    CHOSEN_UNLIKELIEST {
        @Override
        TableTarget.TableDrafter of(TableTarget target) {
            return choosing(
                    target,
                    newest -> {
                        double[] p = softmax(target, newest);
                        int worst = 0;
                        for (int i = 1; i < p.length; i++) {
                            worst = p[i] < p[worst] ? i : worst;
                        }
                        return worst;
                    });
        }
    };

    abstract TableTarget.TableDrafter of(TableTarget target);

    static TableTarget.TableDrafter drawing(TableTarget target, IntFunction<double[]> q) {
        double[][] rows = new double[target.vocabulary()][];
        Arrays.setAll(rows, q);
        return (newest, tokens, random) -> {
            int[] drawn = new int[tokens];
            double[][] distributions = new double[tokens][];
            int last = newest;
            for (int i = 0; i < tokens; i++) {
                distributions[i] = rows[last];
                last = draw(rows[last], random);
                drawn[i] = last;
            }
            return new Draft(drawn, new double[tokens], distributions);
        };
    }

    private static TableTarget.TableDrafter choosing(TableTarget target, IntUnaryOperator choice) {
        int[] choices = IntStream.range(0, target.vocabulary()).map(choice).toArray();
        return (newest, tokens, random) -> {
            int[] chosen = new int[tokens];
            int last = newest;
            for (int i = 0; i < tokens; i++) {
                last = choices[last];
                chosen[i] = last;
            }
            return new Draft(chosen, new double[tokens], null);
        };
    }

    static double[] softmax(TableTarget target, int newest) {
        return target.next(GenerationOptions.builder().temperature(1).build(), new int[] {newest});
    }

    private static int draw(double[] q, Random random) {
        double left = random.nextDouble();
        int last = 0;
        for (int i = 0; i < q.length; i++) {
            if (q[i] > 0) {
                last = i;
                left -= q[i];
                if (left < 0) {
                    break;
                }
            }
        }
        return last;
    }

    private static int likeliest(TableTarget target, int newest) {
        double[] p = softmax(target, newest);
        int best = 0;
        for (int i = 1; i < p.length; i++) {
            best = p[i] > p[best] ? i : best;
        }
        return best;
    }

    private static double[] inverted(double[] values) {
        return Arrays.stream(values).map(value -> 1 / value).toArray();
    }

    private static double[] normalised(double[] values) {
        double sum = Arrays.stream(values).sum();
        return Arrays.stream(values).map(value -> value / sum).toArray();
    }
}
