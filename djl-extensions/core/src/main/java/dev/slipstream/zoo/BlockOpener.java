package dev.slipstream.zoo;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.DecoderConfig;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.block.BlockDecoding;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.Device;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From options to texts that are written by blocks. */
final class BlockOpener {
    private static final System.Logger LOGGER = System.getLogger(BlockOpener.class.getName());

    private final BlockOptions options;
    private final Device device;
    private final boolean drafts;

    BlockOpener(LoadOptions loading) {
        options = loading.blocks();
        device = loading.device();
        drafts = !loading.drafting().drafters().isEmpty();
    }

    /**
     * Refuses blocks that cannot be, before the graph is made, which takes a while.
     *
     * @throws CheckpointException if blocks are asked for
     */
    void refuse(ModelSource source) {
        if (options.decoder() != DecoderKind.BLOCKS) {
            return;
        }
        if (device.resolve() == Device.GPU) {
            throw new CheckpointException(
                    "%s: expected the processor for the decoder blocks, whose attention is written for it, found a GPU; open the model on the processor, or leave the blocks out"
                            .formatted(source.name()));
        }
        // What an ONNX file says is known once it is open.
        if (!(source instanceof ModelSource.Onnx) && taught(source) == null) {
            throw untaught(source.name());
        }
    }

    /** Returns for how many new tokens of a run attention has to be kept: those of a block. */
    int keptContextRows(ModelSource source) {
        if (options.contextReuse() == null) {
            return 0;
        }
        BlockDiffusion taught = taught(source);
        return taught == null ? 0 : sized(taught, source.name()).blockSize();
    }

    private static @Nullable BlockDiffusion taught(ModelSource source) {
        if (source instanceof ModelSource.HuggingFace) {
            return DecoderConfig.read(source.files()).blockDiffusion();
        }
        if (source instanceof ModelSource.Onnx onnx) {
            try {
                return taught(OnnxModel.read(onnx.file()).metadata());
            } catch (IOException e) {
                // Told where the model is opened.
                return null;
            }
        }
        return null;
    }

    private static @Nullable BlockDiffusion taught(Map<String, String> metadata) {
        String text = metadata.get(DecoderGraphs.BLOCK_DIFFUSION);
        return text == null ? null : BlockDiffusion.parse(text);
    }

    /**
     * Returns how the model's texts are written; null if token by token.
     *
     * @throws CheckpointException if blocks are asked for and the model cannot write them
     */
    @Nullable BlockDecoding open(LanguageModel model) {
        BlockDiffusion taught = writes(model.decoder());
        if (taught == null) {
            requireNone(model);
            return null;
        }
        try {
            BlockDecoding usual = BlockDecoding.of(model.decoder());
            return new BlockDecoding(
                    usual.decoder(),
                    taught,
                    options.borders().open(model.tokenizer()),
                    options.unmasking(),
                    options.steps(),
                    options.storing(),
                    options.contextReuse(),
                    options.verification());
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            String name = model.name() + ": ";
            throw new CheckpointException(message.startsWith(name) ? message : name + message, e);
        }
    }

    /** Returns the most new tokens of a run over a block; 0 where there are no blocks. */
    int mostRows(DecoderModel decoder) {
        BlockDiffusion taught = writes(decoder);
        if (taught == null) {
            return 0;
        }
        boolean twice =
                options.verification() != null
                        && taught.alignment() == BlockDiffusion.Alignment.ALIGNED;
        return twice ? 2 * taught.blockSize() : taught.blockSize();
    }

    /** Returns how an open model is to write blocks; null if it is not. */
    private @Nullable BlockDiffusion writes(DecoderModel decoder) {
        BlockDiffusion taught = taught(decoder.metadata());
        boolean wanted =
                options.decoder() == DecoderKind.BLOCKS
                        || options.decoder() == DecoderKind.AUTO && !drafts;
        return wanted && taught != null && decoder.seesBlocks() && device.resolve() == Device.CPU
                ? sized(taught, decoder.name())
                : null;
    }

    private BlockDiffusion sized(BlockDiffusion taught, String name) {
        if (options.size() > taught.blockSize()) {
            throw new CheckpointException(
                    "%s: expected blocks of at most the %d places that the model was trained with, found a block size of %d; ask for fewer, or leave it out"
                            .formatted(name, taught.blockSize(), options.size()));
        }
        return options.size() == 0
                ? taught
                : new BlockDiffusion(options.size(), taught.maskToken(), taught.alignment());
    }

    private void requireNone(LanguageModel model) {
        boolean taught = model.decoder().metadata().containsKey(DecoderGraphs.BLOCK_DIFFUSION);
        if (options.decoder() == DecoderKind.BLOCKS) {
            throw taught ? unseeing(model.name()) : untaught(model.name());
        }
        if (taught && options.decoder() == DecoderKind.AUTO && !drafts) {
            LOGGER.log(
                    System.Logger.Level.INFO,
                    "{0}: was taught to write blocks, but is decoded token by token: its attention is causal only as it was opened, or on a GPU",
                    model.name());
        }
    }

    private static CheckpointException untaught(String model) {
        return new CheckpointException(
                "%s: expected a model that was taught to write blocks, for the decoder blocks or options of blocks, found no %s in its files; adapt the model first, or leave decoder and options of blocks out"
                        .formatted(model, DecoderGraphs.BLOCK_DIFFUSION));
    }

    private static CheckpointException unseeing(String model) {
        return new CheckpointException(
                "%s: expected attention in which new tokens see each other, for the decoder blocks, found a causal one that cannot be replaced; open a checkpoint or a directory that Slipstream wrote of one, for a sliding window with the native operators (slipstream-operators) on the class path, or leave decoder and options of blocks out"
                        .formatted(model));
    }
}
