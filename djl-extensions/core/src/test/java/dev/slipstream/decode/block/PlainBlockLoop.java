package dev.slipstream.decode.block;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.PlainDistribution;
import dev.slipstream.decode.RandomDraws;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * The oracle of the block decoder: the papers' loop by the book, without a cache, without sharing
 * code with it. Verification is the deterministic one, with a run of its own for each place.
 */
final class PlainBlockLoop {
    /** How predictions are kept. */
    enum Rule {
        STATIC,
        CONFIDENT,
        ENTROPY_BOUNDED
    }

    /** What is varied. */
    record Setting(
            BlockDiffusion diffusion,
            int border,
            int steps,
            Rule rule,
            ConfidenceKind kind,
            double threshold,
            boolean storeWhole,
            boolean verify) {}

    /** What came out. */
    record Text(List<Integer> ids, FinishReason finish) {}

    private final PlainModel model;
    private final Setting setting;
    private final GenerationOptions options;
    private final Set<Integer> endTokens;
    private final int capacity;
    private final int[] prompt;
    private final RandomDraws random;
    private final List<PlainModel.Segment> stored = new ArrayList<>();
    private final List<Integer> kept = new ArrayList<>();

    PlainBlockLoop(
            PlainModel model,
            Setting setting,
            GenerationOptions options,
            Set<Integer> endTokens,
            int capacity,
            int[] prompt) {
        this.model = model;
        this.setting = setting;
        this.options = options;
        this.endTokens = endTokens;
        this.capacity = capacity;
        this.prompt = prompt;
        random = new RandomDraws(options.seed() == null ? 0 : options.seed());
    }

    Text decode() {
        boolean shifted = setting.diffusion.alignment() == BlockDiffusion.Alignment.SHIFTED;
        int mask = setting.diffusion.maskToken();
        List<Integer> ids = new ArrayList<>();
        stored.add(new PlainModel.Segment(prompt, false));
        int length = prompt.length;
        while (ids.size() < options.maxTokens()) {
            int room = capacity - length;
            if (room == 0 && !shifted) {
                return new Text(ids, FinishReason.LENGTH);
            }
            int n = Math.min(setting.diffusion.blockSize(), setting.border);
            n = Math.min(n, options.maxTokens() - ids.size());
            n = Math.min(n, Math.max(room, 1));
            int[] block = new int[n];
            Arrays.fill(block, mask);
            if (shifted) {
                float[][] rows = model.logits(stored);
                block[0] = pick(without(rows[rows.length - 1]));
                kept.add(block[0]);
            }
            fill(block, shifted, room);
            for (int token : block) {
                if (options.stopTokens().contains(token)
                        || !options.ignoreEndOfText() && endTokens.contains(token)) {
                    return new Text(ids, FinishReason.STOP_TOKEN);
                }
                ids.add(token);
            }
            if (room == 0) {
                return new Text(ids, FinishReason.LENGTH);
            }
            stored.add(new PlainModel.Segment(block, setting.storeWhole));
            length += n;
        }
        return new Text(ids, FinishReason.LENGTH);
    }

    private void fill(int[] block, boolean shifted, int room) {
        int mask = setting.diffusion.maskToken();
        int n = block.length;
        int steps = setting.steps == 0 ? n : setting.steps;
        for (int step = 0; masks(block) > 0; step++) {
            float[][] rows = model.logits(with(new PlainModel.Segment(block.clone(), true)));
            int[] drafts = block.clone();
            double[] scores = new double[n];
            double[] entropies = new double[n];
            for (int place = 0; place < n; place++) {
                if (block[place] == mask) {
                    float[] row = without(rows[shifted ? place - 1 : place]);
                    drafts[place] = pick(row);
                    double[] p = softmax(row);
                    entropies[place] = entropy(p);
                    scores[place] = score(p, drafts[place]);
                }
            }
            int quota = Math.max(1, n / steps + (step < n % steps ? 1 : 0));
            int before = masks(block);
            if (setting.verify && (shifted || rowsToVerify(block) <= room)) {
                verify(block, drafts, shifted);
            }
            int least = Math.min(quota - (before - masks(block)), masks(block));
            if (least > 0) {
                keep(block, drafts, scores, entropies, least);
            }
        }
    }

    /** The places up to the first span's last, and the masks of the span. */
    private int rowsToVerify(int[] block) {
        int first = 0;
        while (block[first] != setting.diffusion.maskToken()) {
            first++;
        }
        int end = first;
        while (end < block.length && block[end] == setting.diffusion.maskToken()) {
            end++;
        }
        return end - 1 + end - first;
    }

    /** Left to right in the first run of masks: the likeliest token, until it is not the draft. */
    private void verify(int[] block, int[] drafts, boolean shifted) {
        int mask = setting.diffusion.maskToken();
        int place = 0;
        while (block[place] != mask) {
            place++;
        }
        for (; place < block.length && block[place] == mask; place++) {
            int[] before = Arrays.copyOf(drafts, shifted ? place : place + 1);
            if (!shifted) {
                before[place] = mask;
            }
            float[][] rows = model.logits(with(new PlainModel.Segment(before, false)));
            int token = likeliest(distribution(without(rows[rows.length - 1])));
            block[place] = token;
            kept.add(token);
            if (token != drafts[place]) {
                return;
            }
        }
    }

    private void keep(int[] block, int[] drafts, double[] scores, double[] entropies, int least) {
        boolean entropy = setting.rule == Rule.ENTROPY_BOUNDED;
        boolean[] chosen = new boolean[block.length];
        double sum = 0;
        for (int count = 0; count < masks(block); count++) {
            int best = -1;
            for (int place = 0; place < block.length; place++) {
                if (block[place] == setting.diffusion.maskToken()
                        && !chosen[place]
                        && (best < 0
                                || (entropy
                                        ? entropies[place] < entropies[best]
                                        : scores[place] > scores[best]))) {
                    best = place;
                }
            }
            boolean more =
                    switch (setting.rule) {
                        case STATIC -> false;
                        case CONFIDENT -> scores[best] >= setting.threshold;
                        case ENTROPY_BOUNDED -> sum <= setting.threshold;
                    };
            if (count >= least && !more) {
                break;
            }
            chosen[best] = true;
            sum += entropies[best];
        }
        for (int place = 0; place < block.length; place++) {
            if (chosen[place]) {
                block[place] = drafts[place];
                kept.add(drafts[place]);
            }
        }
    }

    private List<PlainModel.Segment> with(PlainModel.Segment last) {
        List<PlainModel.Segment> all = new ArrayList<>(stored);
        all.add(last);
        return all;
    }

    private int masks(int[] block) {
        int mask = setting.diffusion.maskToken();
        return (int) Arrays.stream(block).filter(token -> token == mask).count();
    }

    private float[] without(float[] row) {
        float[] result = row.clone();
        result[setting.diffusion.maskToken()] = Float.NEGATIVE_INFINITY;
        return result;
    }

    private double[] distribution(float[] row) {
        int[] output = kept.stream().mapToInt(Integer::intValue).toArray();
        return PlainDistribution.of(options, row, prompt, output);
    }

    private int pick(float[] row) {
        double[] p = distribution(row);
        if (options.temperature() == 0) {
            return likeliest(p);
        }
        double target = random.nextDouble();
        double sum = 0;
        for (int token = 0; token < p.length; token++) {
            sum += p[token];
            if (target < sum) {
                return token;
            }
        }
        return likeliest(p);
    }

    private static int likeliest(double[] p) {
        int best = 0;
        for (int token = 1; token < p.length; token++) {
            best = p[token] > p[best] ? token : best;
        }
        return best;
    }

    private double score(double[] p, int token) {
        double[] sorted = p.clone();
        Arrays.sort(sorted);
        return switch (setting.kind) {
            case PROBABILITY -> p[token];
            case MARGIN -> sorted[p.length - 1] - sorted[p.length - 2];
            case NEGATIVE_ENTROPY -> -entropy(p);
        };
    }

    static double[] softmax(float[] row) {
        double highest = Double.NEGATIVE_INFINITY;
        for (float logit : row) {
            highest = Math.max(highest, logit);
        }
        double sum = 0;
        double[] p = new double[row.length];
        for (int i = 0; i < p.length; i++) {
            p[i] = Math.exp(row[i] - highest);
            sum += p[i];
        }
        for (int i = 0; i < p.length; i++) {
            p[i] /= sum;
        }
        return p;
    }

    static double entropy(double[] p) {
        double sum = 0;
        for (double one : p) {
            sum -= one > 0 ? one * Math.log(one) : 0;
        }
        return sum;
    }
}
