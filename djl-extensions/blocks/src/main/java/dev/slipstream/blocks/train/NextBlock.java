package dev.slipstream.blocks.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import dev.slipstream.blocks.Attending;
import dev.slipstream.blocks.AttentionSpan;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.Rotation;
import dev.slipstream.checkpoint.DecoderConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Adapts an autoregressive decoder to fill whole blocks of text (NBDiff: next-block diffusion,
 * 2025). A noised and a clean copy of each sequence go through the decoder in one pass; masked
 * tokens are predicted from their block and the clean text before it, by the logits one position
 * earlier, and clean tokens from the ones before them, as ever.
 *
 * @param visibility what tokens see
 * @param growth the block size of each step; in blocks of one token nothing can be masked, so such
 *     steps train the autoregressive loss alone, on the clean copy alone
 * @param autoregressiveWeight of the clean copy's loss beside the masked tokens' 1; 0 leaves it out
 * @param maskToken id that no text contains
 */
public record NextBlock(
        Visibility visibility, BlockGrowth growth, double autoregressiveWeight, int maskToken)
        implements Recipe {
    private static final String MASKED = "masked";
    private static final String AUTOREGRESSIVE = "autoregressive";

    /** Checks that every step has something to learn. */
    public NextBlock {
        Check.notNegative("weight of the autoregressive loss", autoregressiveWeight);
        Check.atLeast("mask token", 0, maskToken);
        if (visibility == Visibility.WHOLE_SEQUENCE && autoregressiveWeight > 0) {
            throw Check.wrong(
                    "weight of the autoregressive loss",
                    "0 where tokens see the whole sequence, since each sees the one it should"
                            + " predict",
                    autoregressiveWeight);
        }
        if (growth.first() == 1 && autoregressiveWeight == 0) {
            throw Check.wrong(
                    "first block size",
                    "2 or more without an autoregressive loss: in blocks of one nothing is masked",
                    1);
        }
    }

    @Override
    public String description() {
        return toString();
    }

    @Override
    public void check(DecoderConfig config, TrainingOptions options) {
        if (maskToken >= config.vocabularySize()) {
            throw Check.wrong("mask token", "an id below " + config.vocabularySize(), maskToken);
        }
        if (visibility != Visibility.WHOLE_SEQUENCE && growth.largest() > options.length()) {
            throw Check.wrong(
                    "largest block size",
                    "at most the %d tokens of a sequence".formatted(options.length()),
                    growth.largest());
        }
    }

    @Override
    public Objective objective(int step, int[][] windows, SplittableRandom random) {
        int length = windows[0].length;
        int block = visibility == Visibility.WHOLE_SEQUENCE ? length : growth.at(step);
        NoisedBlocks noised = NoisedBlocks.atRandomRates(windows, block, maskToken, random);
        return objective(windows, noised, block, autoregressiveWeight);
    }

    @Override
    public List<Objective> validation(int[][] windows) {
        int length = windows[0].length;
        List<Objective> measured = new ArrayList<>();
        measured.add(
                (pass, from, to) ->
                        pass.take(Causal.loss(pass, windows, from, to, AUTOREGRESSIVE, 1)));
        if (visibility == Visibility.WHOLE_SEQUENCE) {
            measured.add(half(windows, length, MASKED + " in whole sequences"));
            return measured;
        }
        for (int block = 2; block <= growth.largest(); block *= 2) {
            measured.add(half(windows, block, MASKED + " in blocks of " + block));
        }
        return measured;
    }

    /** Half of the tokens are masked; the draws are the same at every validation. */
    private Objective half(int[][] windows, int block, String name) {
        SplittableRandom random = new SplittableRandom(block);
        NoisedBlocks noised = NoisedBlocks.atRate(windows, block, maskToken, random, 0.5);
        return (pass, from, to) -> {
            NDArray hidden = hidden(pass, windows, noised.ids(), block, from, to);
            Predictions masked = masked(windows, noised.ids(), from, to);
            if (masked.size() > 0) {
                NDArray surprise = pass.surprise(hidden, masked);
                pass.take(new Loss(name, 1, surprise, noised.masked()));
            }
        };
    }

    private Objective objective(int[][] windows, NoisedBlocks noised, int block, double weight) {
        int scored = windows.length * scored(windows[0].length, block);
        return (pass, from, to) -> {
            Predictions masked = masked(windows, noised.ids(), from, to);
            if (noised.masked() == 0) {
                pass.take(Causal.loss(pass, windows, from, to, AUTOREGRESSIVE, weight));
                return;
            }
            NDArray hidden = hidden(pass, windows, noised.ids(), block, from, to);
            List<Loss> losses = new ArrayList<>();
            if (masked.size() > 0) {
                NDArray surprise = pass.surprise(hidden, masked);
                losses.add(new Loss(MASKED, 1, surprise, noised.masked()));
            }
            if (weight > 0) {
                NDArray surprise = pass.surprise(hidden, clean(windows, block, from, to));
                losses.add(new Loss(AUTOREGRESSIVE, weight, surprise, scored));
            }
            pass.take(losses.toArray(new Loss[0]));
        };
    }

    private NDArray hidden(
            LossPass pass, int[][] windows, int[][] noised, int block, int from, int to) {
        int length = windows[0].length;
        if (visibility == Visibility.WHOLE_SEQUENCE) {
            int[] positions = IntStream.range(0, length).toArray();
            int[][] part = Arrays.copyOfRange(noised, from, to);
            return pass.hidden(
                    part,
                    Attending.masked(
                            pass.manager(),
                            pass.decoder().config(),
                            positions,
                            NextBlockMask.open(length)));
        }
        int[][] both = new int[to - from][];
        for (int i = from; i < to; i++) {
            both[i - from] =
                    IntStream.concat(IntStream.of(windows[i]), IntStream.of(noised[i])).toArray();
        }
        return pass.hidden(both, attending(pass.manager(), pass.decoder(), length, block));
    }

    /** Returns what clean and noised tokens see; the clean ones never multiply noised keys. */
    Attending attending(NDManager manager, DecoderBlock decoder, int length, int block) {
        boolean[][] mask = NextBlockMask.of(visibility, length, block);
        int[] positions = IntStream.range(0, 2 * length).map(i -> i % length).toArray();
        return new Attending(
                Rotation.of(manager, decoder.config(), positions),
                List.of(
                        AttentionSpan.of(manager, mask, 0, length, length),
                        AttentionSpan.of(manager, mask, length, 2 * length, 2 * length)));
    }

    /** Returns the masked tokens; row p - 1 of the noised copy predicts position p. */
    private Predictions masked(int[][] windows, int[][] noised, int from, int to) {
        int length = windows[0].length;
        boolean alone = visibility == Visibility.WHOLE_SEQUENCE;
        Predictions predictions = new Predictions();
        for (int i = from; i < to; i++) {
            long first = (long) (i - from) * (alone ? length : 2 * length) + (alone ? 0 : length);
            for (int p = 1; p < length; p++) {
                if (noised[i][p] == maskToken && windows[i][p] != maskToken) {
                    predictions.add(first + p - 1, windows[i][p]);
                }
            }
        }
        return predictions;
    }

    /** Returns the clean tokens whose logits have not seen the token that they should predict. */
    private Predictions clean(int[][] windows, int block, int from, int to) {
        int length = windows[0].length;
        Predictions predictions = new Predictions();
        for (int i = from; i < to; i++) {
            for (int p = 1; p < length; p++) {
                if (hidden(p, block)) {
                    predictions.add((long) (i - from) * 2 * length + p - 1, windows[i][p]);
                }
            }
        }
        return predictions;
    }

    private int scored(int length, int block) {
        return (int) IntStream.range(1, length).filter(p -> hidden(p, block)).count();
    }

    /** Tells whether a position is hidden from the one before it. */
    private boolean hidden(int position, int block) {
        return visibility == Visibility.CONTEXT_CAUSAL || position % block == 0;
    }

    @Override
    public JsonObject configuration() {
        JsonObject blocks = new JsonObject();
        blocks.addProperty("block_size", growth.largest());
        blocks.addProperty("mask_token_id", maskToken);
        JsonObject own = new JsonObject();
        own.add("block_diffusion", blocks);
        // Only the full width was trained.
        own.add("ffn_granularities", JsonNull.INSTANCE);
        return own;
    }
}
