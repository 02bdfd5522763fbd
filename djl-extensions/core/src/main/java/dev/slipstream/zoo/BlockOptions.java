package dev.slipstream.zoo;

import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.block.BlockDecoding;
import dev.slipstream.decode.block.BorderRule;
import dev.slipstream.decode.block.ContextReuse;
import dev.slipstream.decode.block.SelfVerification;
import dev.slipstream.decode.block.Storing;
import dev.slipstream.decode.block.Unmasking;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Whether a model's texts are written by blocks, and how ({@link BlockDecoding}). Whatever is
 * chosen here changes the texts.
 *
 * @param decoder how texts are written; whoever says anything of blocks asks for {@link
 *     DecoderKind#BLOCKS}
 * @param size the most places of a block, 2 or more; 0 takes as many as the model was trained with
 * @param steps the most denoising runs of a block; 0 for as many as it has places
 * @param unmasking decides which predictions of a run are kept
 * @param borders decides how long a block is
 * @param verification when and how the model verifies its own predictions; null never does
 * @param contextReuse when attention over the text before a block is used again; null computes it
 *     in each run
 * @param storing how finished blocks are kept
 */
public record BlockOptions(
        DecoderKind decoder,
        int size,
        int steps,
        Unmasking unmasking,
        BorderRule borders,
        @Nullable SelfVerification verification,
        @Nullable ContextReuse contextReuse,
        Storing storing) {
    private static final List<String> TUNING =
            List.of(
                    "size",
                    "steps",
                    "unmasking",
                    "borders",
                    "verification",
                    "context-reuse",
                    "storing");

    /** Blocks in the usual way, where the model was taught to write them. */
    public static final BlockOptions AUTO = of(DecoderKind.AUTO);

    /** Checks the ranges, and that what is said of blocks has blocks to be said of. */
    public BlockOptions {
        if (size < 0 || size == 1) {
            throw new IllegalArgumentException(
                    "size: expected 2 or more places, or 0 for the model's own, found " + size);
        }
        if (steps < 0) {
            throw new IllegalArgumentException(
                    "steps: expected 1 or more, or 0 for one a place, found " + steps);
        }
        boolean usual =
                size == 0
                        && steps == 0
                        && unmasking.equals(BlockDecoding.USUAL_UNMASKING)
                        && borders.equals(BorderRule.FIXED)
                        && verification == null
                        && contextReuse == null
                        && storing == Storing.CAUSAL;
        if (decoder != DecoderKind.BLOCKS && !usual) {
            throw new IllegalArgumentException(
                    "decoder: expected blocks where something is said of them, found "
                            + decoder.label());
        }
    }

    /** Returns options for a way to write with everything else at its default. */
    public static BlockOptions of(DecoderKind decoder) {
        return new BlockOptions(
                decoder,
                0,
                0,
                BlockDecoding.USUAL_UNMASKING,
                BorderRule.FIXED,
                null,
                null,
                Storing.CAUSAL);
    }

    /**
     * Returns how a model that is open writes its texts by these options, for whoever compares
     * several ways with one open model.
     *
     * @param model stays its owner's; opened for blocks, with room for what they keep of the
     *     context if these options reuse it
     * @throws dev.slipstream.checkpoint.CheckpointException if the model cannot write them
     */
    public BlockDecoding method(LanguageModel model) {
        BlockOptions blocks =
                new BlockOptions(
                        DecoderKind.BLOCKS,
                        size,
                        steps,
                        unmasking,
                        borders,
                        verification,
                        contextReuse,
                        storing);
        return Objects.requireNonNull(
                new BlockOpener(LoadOptions.defaults().withBlocks(blocks)).open(model));
    }

    /** Returns the names that {@link #parse} asks for beside {@code decoder}, in order. */
    public static List<String> tuning() {
        return TUNING;
    }

    /**
     * Reads options from texts: {@code decoder} ({@code auto}, {@code autoregressive} or {@code
     * blocks}), {@code size}, {@code steps}, {@code unmasking} ({@link Unmasking#parse}), {@code
     * borders} ({@link BorderRule#parse}), {@code verification} ({@code off}, {@code on} or {@link
     * SelfVerification#parse}), {@code context-reuse} ({@code off}, {@code on} or {@link
     * ContextReuse#parse}) and {@code storing} ({@code causal} or {@code whole}). One of the others
     * without {@code decoder}, or with {@code auto}, asks for {@code blocks}.
     *
     * @param value returns the text of a name; null leaves it at its default
     * @throws IllegalArgumentException if a text is wrong; the message begins with its name
     */
    public static BlockOptions parse(Function<String, @Nullable String> value) {
        OptionTexts texts = new OptionTexts(value);
        DecoderKind decoder = texts.read("decoder", DecoderKind::parse, DecoderKind.AUTO);
        for (String name : TUNING) {
            if (value.apply(name) != null) {
                if (decoder == DecoderKind.AUTOREGRESSIVE) {
                    throw new IllegalArgumentException(
                            name
                                    + ": expected the decoder blocks beside it, or none, found autoregressive");
                }
                decoder = DecoderKind.BLOCKS;
            }
        }
        BlockOptions usual = AUTO;
        return new BlockOptions(
                decoder,
                texts.read("size", text -> OptionTexts.number(text, 2), usual.size()),
                texts.read("steps", text -> OptionTexts.number(text, 1), usual.steps()),
                texts.read("unmasking", Unmasking::parse, usual.unmasking()),
                texts.read("borders", BorderRule::parse, usual.borders()),
                texts.<@Nullable SelfVerification>read(
                        "verification",
                        text -> switched(text, SelfVerification::parse),
                        usual.verification()),
                texts.<@Nullable ContextReuse>read(
                        "context-reuse",
                        text -> switched(text, ContextReuse::parse),
                        usual.contextReuse()),
                texts.read(
                        "storing",
                        text -> OptionTexts.constant(Storing.class, text),
                        usual.storing()));
    }

    private static <T> @Nullable T switched(String text, Function<String, T> settings) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "off" -> null;
            case "on" -> settings.apply("");
            default -> settings.apply(text);
        };
    }
}
