package dev.slipstream.zoo;

import dev.slipstream.cache.CacheKey;
import dev.slipstream.cache.PrefixCache;
import dev.slipstream.decode.AutoregressiveGenerator;
import dev.slipstream.decode.DecodingMethod;
import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.decode.block.BlockDecoding;
import dev.slipstream.decode.draft.CostModelLength;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.PipelineProgress;
import dev.slipstream.pass.Plan;
import dev.slipstream.schedule.BatchingGenerator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Opens models by name or place. */
public final class Models {
    private static final System.Logger LOGGER = System.getLogger(Models.class.getName());

    private Models() {}

    /** Returns the names of the models that lie in jars on the class path, the default first. */
    public static List<String> embedded() {
        return EmbeddedModels.names();
    }

    /**
     * Opens a model with {@link LoadOptions#defaults()}.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     */
    public static BatchingGenerator load(String location) {
        return load(location, LoadOptions.defaults());
    }

    /**
     * Opens a model for many callers: their requests are decoded together, others wait in a queue.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     * @param options how to open it
     * @throws dev.slipstream.checkpoint.CheckpointException if its files cannot be opened: which
     *     one, what was expected, what was found
     * @throws dev.slipstream.graph.GraphException if an ONNX file is damaged or inconsistent
     * @throws dev.slipstream.runtime.InferenceException if an ONNX file is not a decoder
     * @throws dev.slipstream.pass.PassException if the plan cannot be carried out
     */
    public static BatchingGenerator load(String location, LoadOptions options) {
        return new BatchingGenerator(open(location, options), options.batching());
    }

    /**
     * Opens a model without a queue: every request runs at once, in its caller's thread.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     * @param options how to open it
     * @throws dev.slipstream.checkpoint.CheckpointException if its files cannot be opened: which
     *     one, what was expected, what was found
     * @throws dev.slipstream.graph.GraphException if an ONNX file is damaged or inconsistent
     * @throws dev.slipstream.runtime.InferenceException if an ONNX file is not a decoder
     * @throws dev.slipstream.pass.PassException if the plan cannot be carried out
     */
    public static AutoregressiveGenerator open(String location, LoadOptions options) {
        ModelSource source = ModelSource.find(location, options.precision());
        ModelOpener.Opened opened = new ModelOpener(options).open(source);
        if (options.drafting().length() instanceof CostModelLength
                && opened.model().decoder().drafts()) {
            LoadOptions without = options.withDrafting(options.drafting().withoutSelf());
            ModelOpener.Opened plain = openWithout(opened, without, source);
            if (plain != null) {
                return generator(plain, without);
            }
        }
        return generator(opened, options);
    }

    /** Returns the model without a part that drafts, if that part cannot pay; it is closed then. */
    private static ModelOpener.@Nullable Opened openWithout(
            ModelOpener.Opened gated, LoadOptions without, ModelSource source) {
        ModelOpener.Opened plain = null;
        try {
            plain = new ModelOpener(without).open(source);
            if (SelfDraftTrial.pays(gated.model().decoder(), plain.model().decoder())) {
                plain.model().close();
                return null;
            }
        } catch (RuntimeException e) {
            if (plain != null) {
                plain.model().close();
            }
            gated.model().close();
            throw e;
        }
        gated.model().close();
        LOGGER.log(
                System.Logger.Level.INFO,
                "{0}: drafting with a part of the model cannot pay on this machine, so it does without; give the drafts a constant length to have them nevertheless",
                plain.model().name());
        return plain;
    }

    private static AutoregressiveGenerator generator(
            ModelOpener.Opened opened, LoadOptions options) {
        DecodingMethod method = null;
        try {
            BlockDecoding blocks = new BlockOpener(options).open(opened.model());
            method = blocks != null ? blocks : new DraftingOpener(options).open(opened.model());
            return new AutoregressiveGenerator(
                    opened.model(), method, cache(opened, options.cache()));
        } catch (RuntimeException e) {
            if (method != null) {
                method.close();
            }
            opened.model().close();
            throw e;
        }
    }

    private static @Nullable PrefixCache cache(ModelOpener.Opened opened, CacheOptions options) {
        if (options.bytes() == 0) {
            return null;
        }
        return options.file() == null
                ? new PrefixCache(opened.model().decoder(), options.bytes())
                : PrefixCache.kept(
                        opened.model().decoder(),
                        options.bytes(),
                        options.file(),
                        new CacheKey(
                                opened.fingerprint().get(), opened.model().decoder().runtime()));
    }

    /**
     * Opens a sentence encoder: an ONNX export of BERT's kind with its {@code tokenizer.json}. Its
     * owner closes it.
     *
     * @param location an ONNX file with {@code tokenizer.json} or {@code NAME-tokenizer.json}
     *     beside it; or a directory with one encoder, in it or in its sub-directory {@code onnx}
     * @param options how to open it
     * @throws dev.slipstream.checkpoint.CheckpointException if its files cannot be opened: which
     *     one, what was expected, what was found
     * @throws dev.slipstream.graph.GraphException if an ONNX file is damaged or inconsistent
     * @throws dev.slipstream.runtime.InferenceException if an ONNX file is not an encoder
     */
    public static SentenceEncoder encoder(String location, EncoderOptions options) {
        EncoderSource source = EncoderSource.find(location);
        return source.open(source.graph(), options);
    }

    /**
     * Opens another graph with the files of a sentence encoder, such as what a pass made of it.
     *
     * @param graph an encoder
     * @param location of the encoder that it was made of
     * @param options how to open it
     * @throws dev.slipstream.checkpoint.CheckpointException if the files cannot be opened: which
     *     one, what was expected, what was found
     * @throws dev.slipstream.runtime.InferenceException if the graph is not an encoder
     */
    public static SentenceEncoder encoder(
            OnnxModel graph, String location, EncoderOptions options) {
        return EncoderSource.find(location).open(graph, options);
    }

    /**
     * Returns a sentence encoder's graph without running it, with its pooling noted where its files
     * say it. A tokenizer is not needed.
     *
     * @param location as in {@link #encoder(String, EncoderOptions)}
     * @throws dev.slipstream.checkpoint.CheckpointException if it cannot be read
     * @throws dev.slipstream.graph.GraphException if the ONNX file is damaged or inconsistent
     */
    public static OnnxModel encoderGraph(String location) {
        return EncoderSource.find(location).graph();
    }

    /**
     * Tells whether a place has a sentence encoder: an ONNX graph of BERT's inputs, with the
     * vectors of the tokens as an output, without logits and past keys. Reads the graph.
     *
     * @param location the name of an embedded model, a directory, or an ONNX file; may be anything
     */
    public static boolean isEncoder(String location) {
        return EncoderSource.isThere(location);
    }

    /**
     * Applies a plan to a sentence encoder, to be written by {@link ModelDirectory}. Passes that
     * look at text get lines of it: one sentence a line, of which the plan's {@code sequences} are
     * taken, spread evenly, and cut at its {@code length}.
     *
     * @param location as in {@link #encoder(String, EncoderOptions)}
     * @param options how it would be opened; the pooling is what passes compare embeddings by, too
     * @param plan without gates
     * @param progress hears of each pass before it begins, and how far it is
     * @throws dev.slipstream.pass.PassException if a pass or the plan cannot be carried out
     * @throws dev.slipstream.checkpoint.CheckpointException if the encoder cannot be read
     * @throws dev.slipstream.graph.GraphException if the ONNX file is damaged or inconsistent
     */
    public static AcceleratedModel accelerateEncoder(
            String location, EncoderOptions options, Plan plan, PipelineProgress progress) {
        return EncoderAccelerator.make(location, options, plan, progress);
    }

    /**
     * Applies the plan of the options to a model, to be written by {@link ModelDirectory}; the
     * cache is not asked.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     * @param options how it would be opened, with a plan
     * @param progress hears of each pass before it begins, and how far it is
     * @throws dev.slipstream.pass.PassException if a pass or the plan cannot be carried out
     * @throws dev.slipstream.checkpoint.CheckpointException if the model cannot be read
     * @throws dev.slipstream.graph.GraphException if an ONNX file is damaged or inconsistent
     */
    public static AcceleratedModel accelerate(
            String location, LoadOptions options, PipelineProgress progress) {
        return AcceleratedModel.make(location, options, progress);
    }

    /**
     * Returns a model's graph without running it: as it is written from a checkpoint, or as it was
     * exported, with what the plan makes of it.
     *
     * @param location the name of an embedded model, a model directory, or an ONNX file
     * @param options how it would be opened
     * @throws dev.slipstream.checkpoint.CheckpointException if it cannot be read
     * @throws dev.slipstream.graph.GraphException if an ONNX file is damaged or inconsistent
     */
    public static OnnxModel graph(String location, LoadOptions options) {
        ModelSource source = ModelSource.find(location, options.precision());
        return new ModelOpener(options).graph(source);
    }
}
