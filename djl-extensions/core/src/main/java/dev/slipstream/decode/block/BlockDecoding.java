package dev.slipstream.decode.block;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.decode.DecodingMethod;
import dev.slipstream.decode.TextDecoder;
import dev.slipstream.decode.TextRequest;
import dev.slipstream.runtime.DecoderModel;
import org.jspecify.annotations.Nullable;

/**
 * Writes texts by blocks: several tokens a run, where a model was taught to predict the masked
 * places of a block. Safe for use by many threads.
 *
 * @param decoder whose texts are written; stays its owner's
 * @param diffusion how the model writes blocks
 * @param borders decides how long a block is, within what the model allows
 * @param unmasking decides which predictions of a run are kept
 * @param denoisingSteps the most denoising runs of a block: its places are shared out over them; 0
 *     for as many as it has places, so that a run has to keep one prediction
 * @param storing how finished blocks are kept
 * @param contextReuse when attention over the text before a block is used again; null computes it
 *     in each run
 * @param verification when and how the model verifies its own predictions; null never does
 */
public record BlockDecoding(
        DecoderModel decoder,
        BlockDiffusion diffusion,
        BlockBorders borders,
        Unmasking unmasking,
        int denoisingSteps,
        Storing storing,
        @Nullable ContextReuse contextReuse,
        @Nullable SelfVerification verification)
        implements DecodingMethod {
    /** Keeps predictions from a probability of 0.9 on. */
    public static final Unmasking USUAL_UNMASKING = new ConfidenceUnmasking(0.9);

    /**
     * Checks that the model can do what is asked for.
     *
     * @throws IllegalArgumentException if it cannot, or a number is out of its range
     */
    public BlockDecoding {
        String name = decoder.name();
        if (!decoder.seesBlocks()) {
            throw new IllegalArgumentException(
                    name
                            + ": expected a graph whose new tokens may see each other, found one with causal attention only; open the model from its checkpoint");
        }
        if (diffusion.maskToken() >= decoder.vocabularySize()) {
            throw new IllegalArgumentException(
                    "%s: mask token: expected an id below the vocabulary's %d, found %d"
                            .formatted(name, decoder.vocabularySize(), diffusion.maskToken()));
        }
        if (denoisingSteps < 0) {
            throw new IllegalArgumentException(
                    "denoising steps: expected 1 or more, or 0 for one a place, found "
                            + denoisingSteps);
        }
        boolean shifted = diffusion.alignment() == BlockDiffusion.Alignment.SHIFTED;
        if (shifted && storing != Storing.CAUSAL) {
            throw new IllegalArgumentException(
                    name
                            + ": storing: expected CAUSAL, as the model's logits are of the next token, found "
                            + storing);
        }
        if (contextReuse != null && decoder.keptContextRows() < diffusion.blockSize()) {
            throw new IllegalArgumentException(
                    "%s: context reuse: expected a model opened with room for the attention of a block's %d places (keptContextRows), found room for %d"
                            .formatted(name, diffusion.blockSize(), decoder.keptContextRows()));
        }
    }

    /**
     * Returns the usual way: blocks as long as the model was trained with, predictions kept from a
     * probability of 0.9 on, finished blocks stored causally.
     *
     * @param decoder a model that was taught to write blocks; stays its owner's
     * @throws IllegalArgumentException if it was not
     */
    public static BlockDecoding of(DecoderModel decoder) {
        String noted = decoder.metadata().get(DecoderGraphs.BLOCK_DIFFUSION);
        if (noted == null) {
            throw new IllegalArgumentException(
                    "%s: expected a model that was taught to write blocks, found no %s in its metadata; adapt it first (docs/training.md)"
                            .formatted(decoder.name(), DecoderGraphs.BLOCK_DIFFUSION));
        }
        return new BlockDecoding(
                decoder,
                BlockDiffusion.parse(noted),
                new FixedBlocks(Integer.MAX_VALUE),
                USUAL_UNMASKING,
                0,
                Storing.CAUSAL,
                null,
                null);
    }

    /** Returns this with another rule for the length of blocks. */
    public BlockDecoding withBorders(BlockBorders value) {
        return new BlockDecoding(
                decoder,
                diffusion,
                value,
                unmasking,
                denoisingSteps,
                storing,
                contextReuse,
                verification);
    }

    /** Returns this with another rule for what is kept. */
    public BlockDecoding withUnmasking(Unmasking value) {
        return new BlockDecoding(
                decoder,
                diffusion,
                borders,
                value,
                denoisingSteps,
                storing,
                contextReuse,
                verification);
    }

    /** Returns this with another number of denoising runs of a block. */
    public BlockDecoding withDenoisingSteps(int value) {
        return new BlockDecoding(
                decoder, diffusion, borders, unmasking, value, storing, contextReuse, verification);
    }

    /** Returns this with another way to store finished blocks. */
    public BlockDecoding withStoring(Storing value) {
        return new BlockDecoding(
                decoder,
                diffusion,
                borders,
                unmasking,
                denoisingSteps,
                value,
                contextReuse,
                verification);
    }

    /** Returns this with another use of the attention over the text before a block. */
    public BlockDecoding withContextReuse(@Nullable ContextReuse value) {
        return new BlockDecoding(
                decoder,
                diffusion,
                borders,
                unmasking,
                denoisingSteps,
                storing,
                value,
                verification);
    }

    /** Returns this with another self-verification. */
    public BlockDecoding withVerification(@Nullable SelfVerification value) {
        return new BlockDecoding(
                decoder,
                diffusion,
                borders,
                unmasking,
                denoisingSteps,
                storing,
                contextReuse,
                value);
    }

    @Override
    public TextDecoder open(TextRequest request) {
        if (request.session().model() != decoder) {
            throw new IllegalArgumentException(
                    "expected a session of the open model %s, found one of %s"
                            .formatted(decoder.name(), request.session().model().name()));
        }
        return new BlockDecoder(request, this);
    }

    /** {@inheritDoc} A verification of an aligned model's block feeds it twice. */
    @Override
    public int scratch() {
        return verification == null || isShifted() ? 0 : diffusion.blockSize();
    }

    /** Tells whether logits are of the next place. */
    boolean isShifted() {
        return diffusion.alignment() == BlockDiffusion.Alignment.SHIFTED;
    }

    /** Returns how many places the first run of a block looks at. */
    int window(int most) {
        int window = borders.window(most);
        if (window < 1 || window > most) {
            throw new IllegalStateException(
                    "%s: expected a window of 1 to %d places, found %d"
                            .formatted(borders, most, window));
        }
        return window;
    }

    /** Frees nothing: the model stays its owner's. */
    @Override
    public void close() {}
}
