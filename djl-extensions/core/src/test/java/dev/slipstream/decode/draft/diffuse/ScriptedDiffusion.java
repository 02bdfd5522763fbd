package dev.slipstream.decode.draft.diffuse;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Logits;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;

/** Drafts as {@link DiffusionDraft} does, with a script in place of the model. */
public final class ScriptedDiffusion implements Drafting {
    private static final int NO_TOKEN = 0;

    private final DiffuSpecOptions options;
    private final int vocabulary;
    private final Set<Integer> endTokens;
    private final Script script;
    private final CausalProxy proxy;

    public ScriptedDiffusion(
            DiffuSpecOptions options, int vocabulary, Set<Integer> endTokens, Script script) {
        this(options, vocabulary, endTokens, script, options.proxy().proxy(null, vocabulary));
    }

    public ScriptedDiffusion(
            DiffuSpecOptions options,
            int vocabulary,
            Set<Integer> endTokens,
            Script script,
            CausalProxy proxy) {
        this.options = options;
        this.vocabulary = vocabulary;
        this.endTokens = endTokens;
        this.script = script;
        this.proxy = proxy;
    }

    /** Fills the logits of the places behind a text. */
    public interface Script {
        void fill(int[] text, float[][] places);
    }

    /** The continuation of a known text, surely. */
    public static Script perfect(int[] known) {
        return (text, places) -> {
            for (int i = 0; i < places.length; i++) {
                places[i][known[Math.min(text.length + i, known.length - 1)]] = 30;
            }
        };
    }

    /** Never the known continuation. */
    public static Script wrong(int[] known) {
        return (text, places) -> {
            for (int i = 0; i < places.length; i++) {
                int right = known[Math.min(text.length + i, known.length - 1)];
                Arrays.fill(places[i], -30);
                places[i][(right + 1) % places[i].length] = 0;
            }
        };
    }

    /** Anything, at times no numbers at all. */
    public static Script random(long seed) {
        Random random = new Random(seed);
        return (text, places) -> {
            double scale = 6 * random.nextDouble();
            for (float[] place : places) {
                for (int i = 0; i < place.length; i++) {
                    place[i] = (float) (scale * random.nextGaussian());
                }
                if (random.nextInt(40) == 0) {
                    place[random.nextInt(place.length)] = Float.NaN;
                }
            }
        };
    }

    /** Right, but for the places in which it is right about the next one. */
    public static Script smeared(int[] known, long seed) {
        Random random = new Random(seed);
        return (text, places) -> {
            for (int i = 0; i < places.length; i++) {
                int at = Math.min(text.length + i, known.length - 1);
                int next = Math.min(at + 1, known.length - 1);
                places[i][known[at]] = 9 + random.nextFloat();
                places[i][known[next]] = 9 + random.nextFloat();
            }
        };
    }

    @Override
    public String name() {
        return "scripted-diffusion";
    }

    @Override
    public Drafter open(DecoderSession target, GenerationOptions request) {
        return open(request.ignoreEndOfText() ? Set.of() : endTokens);
    }

    public Drafter open(Set<Integer> ends) {
        // The mask is a token that the script knows nothing of, one behind its own.
        BlockDiffusion model = new BlockDiffusion(16, vocabulary, BlockDiffusion.Alignment.SHIFTED);
        CandidateReader reader = new CandidateReader(options, vocabulary + 1, vocabulary, ends);
        PathDrafts drafts = new PathDrafts(options.length(model), options.search(), proxy, ends);
        return new Drafter() {
            private int[] text = {};

            @Override
            public void extend(int[] longer, int from, int to) {
                text = Arrays.copyOf(longer, to);
                drafts.extend(longer, from, to);
            }

            @Override
            public Draft propose(DraftLimit limit) {
                int places = drafts.places(limit);
                if (places == 0) {
                    return Draft.NONE;
                }
                int newest = text.length == 0 ? NO_TOKEN : text[text.length - 1];
                MaskedBlock block = new MaskedBlock(newest, places, model, options.steps());
                while (block.open()) {
                    float[][] rows = new float[places][vocabulary];
                    script.fill(text, rows);
                    block.read(logits(rows), reader);
                }
                return drafts.choose(block.candidates(), limit);
            }

            @Override
            public void close() {}
        };
    }

    private Logits logits(float[][] rows) {
        int width = vocabulary + 1;
        FloatBuffer values = FloatBuffer.allocate((rows.length + 1) * width);
        for (int i = 0; i < rows.length; i++) {
            values.put(i * width, rows[i]);
            values.put(i * width + vocabulary, -3);
        }
        return new Logits(values, rows.length + 1, width);
    }

    @Override
    public void close() {}
}
