package dev.slipstream.zoo;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import dev.slipstream.decode.Tokenizer;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.pass.CalibrationText;
import dev.slipstream.pass.Passes;
import dev.slipstream.pass.Plan;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.Device;
import dev.slipstream.runtime.InferenceException;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.SessionMachine;
import dev.slipstream.store.DirectoryStore;
import dev.slipstream.store.Sha256;
import dev.slipstream.store.Version;
import dev.slipstream.store.WarmStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Opens the decoder of one model: as it was left by an earlier start, where nothing that it was
 * made from has changed, else from its files.
 */
final class DecoderOpener implements DirectoryStore.Work<OpenDecoder> {
    private static final System.Logger LOGGER = System.getLogger(DecoderOpener.class.getName());

    /** Changes with the layout of the files below, and of what the key is made of. */
    private static final String LAYOUT = "2";

    private static final String FACTS = "source.json";

    /**
     * Beside a session that was written anew since ONNX Runtime did not take the one before. If it
     * does not take that one either, this is all that is kept, and says why: the model is opened
     * from its files then, without more attempts.
     */
    private static final String REFUSED = "refused.txt";

    private final ModelSource source;
    private final LoadOptions options;
    private final RuntimeOptions runtime;
    private final Supplier<Tokenizer> tokenizer;
    private final Accelerator accelerator;
    private @Nullable SourceGraph read;
    private @Nullable OnnxModel graph;
    private @Nullable String refusal;
    private boolean hopeless;

    /**
     * Constructs an opener.
     *
     * @param tokenizer asked where a plan looks at text
     */
    DecoderOpener(
            ModelSource source,
            LoadOptions options,
            RuntimeOptions runtime,
            Supplier<Tokenizer> tokenizer) {
        this.source = source;
        this.options = options;
        this.runtime = runtime;
        this.tokenizer = tokenizer;
        this.accelerator = new Accelerator(options);
    }

    /**
     * What stands beside a kept session.
     *
     * @param fingerprint of the graph
     */
    private record Facts(
            int contextLength,
            @Nullable Integer beginToken,
            Set<Integer> endTokens,
            String fingerprint) {}

    OpenDecoder open() {
        // A GPU's provider compiles for itself, and keeps nothing that could be kept here.
        if (options.warmStart() == WarmStart.OFF || runtime.device() == Device.GPU) {
            return fromFiles();
        }
        Path directory = options.cacheDirectory();
        Path caches = directory == null ? DirectoryStore.defaultDirectory() : directory;
        String key;
        try {
            key = key(caches);
        } catch (IOException e) {
            // What cannot be read is told by who needs it.
            LOGGER.log(System.Logger.Level.DEBUG, "{0} is not kept: {1}", source.name(), e);
            return fromFiles();
        }
        return new DirectoryStore(caches.resolve("models"), "models are made", options.cacheLimit())
                .get(key, this);
    }

    private String key(Path caches) throws IOException {
        MessageDigest digest = Sha256.digest();
        Sha256.add(digest, LAYOUT);
        Sha256.add(digest, Version.current());
        Sha256.add(digest, SessionMachine.fingerprint());
        Sha256.add(digest, source.getClass().getSimpleName());
        Sha256.add(digest, source.name());
        new SourceHashes(caches).add(digest, source);
        Sha256.add(digest, options.precision().name());
        Sha256.add(digest, options.prefill().weights().name());
        Sha256.add(digest, Integer.toString(options.contextLength()));
        Sha256.add(digest, Integer.toString(runtime.sequences()));
        Sha256.add(digest, Integer.toString(runtime.keptContextRows()));
        Sha256.add(digest, new DraftingOpener(options).partOfGraph());
        Plan plan = accelerator.plan(source);
        Sha256.add(digest, Passes.fingerprint(plan.inOrder()));
        CalibrationText text = plan.calibration();
        if (text != null) {
            Sha256.add(digest, text.sequences() + " of " + text.length());
            Sha256.add(digest, Sha256.of(text.read()));
            Sha256.add(digest, tokenizer.get().fingerprint());
        }
        return Sha256.hex(digest);
    }

    @Override
    public OpenDecoder read(Path entry) throws IOException {
        if (!Files.exists(entry.resolve(FACTS))) {
            return fromFiles();
        }
        OpenDecoder kept = reopened(entry);
        LOGGER.log(
                System.Logger.Level.INFO,
                "{0}: opened as an earlier start left it at {1}",
                source.name(),
                entry);
        return kept;
    }

    private OpenDecoder reopened(Path entry) throws IOException {
        Facts facts;
        try {
            facts = new Gson().fromJson(Files.readString(entry.resolve(FACTS)), Facts.class);
        } catch (JsonParseException e) {
            throw new IOException(FACTS + ": " + e.getMessage(), e);
        }
        DecoderModel decoder;
        try {
            decoder = DecoderModel.reopen(entry, facts.contextLength(), runtime);
        } catch (InferenceException e) {
            refusal = String.valueOf(e.getMessage());
            hopeless = Files.exists(entry.resolve(REFUSED));
            throw new IOException(refusal, e);
        }
        return new OpenDecoder(
                decoder, this::graph, facts::fingerprint, facts.beginToken(), facts.endTokens());
    }

    @Override
    public OpenDecoder make(@Nullable Path place) throws IOException {
        if (place == null) {
            return fromFiles();
        }
        if (refusal != null) {
            Files.writeString(place.resolve(REFUSED), refusal);
        }
        if (hopeless) {
            return fromFiles();
        }
        DecoderModel decoder;
        try {
            decoder = decoder(place);
        } catch (InferenceException e) {
            // Perhaps for want of space: the store asks again, without a place.
            throw new IOException(e.getMessage(), e);
        }
        try {
            writeFacts(place);
        } catch (IOException | RuntimeException e) {
            decoder.close();
            throw e;
        }
        return opened(decoder);
    }

    /**
     * Goes on with what was kept, as the next start will: mapped, where what was made lies in
     * memory of its own.
     */
    @Override
    public OpenDecoder kept(OpenDecoder made, Path entry) {
        if (!Files.exists(entry.resolve(FACTS))) {
            return made;
        }
        OpenDecoder kept;
        try {
            kept = reopened(entry);
        } catch (IOException e) {
            // The next start finds that out again, and says what it does about it.
            return made;
        }
        made.decoder().close();
        graph = null;
        read = null;
        // The collector sees a few bytes on the heap where hundreds of megabytes of weights lie
        // beside it, of a 135M model 650, and would let them wait.
        System.gc();
        return kept;
    }

    private OpenDecoder fromFiles() {
        return opened(decoder(null));
    }

    private OpenDecoder opened(DecoderModel decoder) {
        return new OpenDecoder(
                decoder,
                this::graph,
                () -> graph().fingerprint(),
                source().beginToken(),
                source().endTokens());
    }

    private DecoderModel decoder(@Nullable Path place) {
        OnnxModel made = graph();
        int contextLength = source().contextLength();
        return source instanceof ModelSource.Onnx onnx && made == source().graph() && !own(made)
                ? DecoderModel.open(onnx.file(), contextLength, runtime, place)
                : DecoderModel.open(made, contextLength, runtime, place);
    }

    /** Of the form that is written here: it gets what the runtime adds to such graphs. */
    private static boolean own(OnnxModel graph) {
        return graph.inputs().stream().anyMatch(input -> input.getName().equals("logit_positions"));
    }

    private void writeFacts(Path place) throws IOException {
        Facts facts =
                new Facts(
                        source().contextLength(),
                        source().beginToken(),
                        source().endTokens(),
                        graph().fingerprint());
        Files.writeString(place.resolve(FACTS), new Gson().toJson(facts));
    }

    private SourceGraph source() {
        if (read == null) {
            read = SourceGraph.read(source, options);
        }
        return read;
    }

    private OnnxModel graph() {
        if (graph == null) {
            boolean looks = options.plan().calibration() != null;
            graph =
                    new FormChoice(options)
                            .graph(
                                    accelerator.graph(
                                            source, source(), looks ? tokenizer.get() : null));
        }
        return graph;
    }
}
