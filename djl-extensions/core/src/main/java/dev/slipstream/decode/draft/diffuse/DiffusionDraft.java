package dev.slipstream.decode.draft.diffuse;

import dev.slipstream.checkpoint.BlockDiffusion;
import dev.slipstream.checkpoint.DecoderGraphs;
import dev.slipstream.decode.Drafter;
import dev.slipstream.decode.Drafting;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.draft.AdaptiveLength;
import dev.slipstream.decode.draft.SameTokenizer;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import java.util.Set;

/**
 * A model that writes blocks drafts for one that writes single tokens (DiffuSpec, 2025): one run of
 * it proposes a whole draft, where other draft models need a run for each token. For targets with a
 * block-diffusion model of the same tokenizer, such as one that was made from the target or from a
 * smaller relative of it.
 *
 * <p>As the places of a run are predicted without knowing of each other, their likeliest tokens
 * need not fit together. So the candidates of all places are searched for the path that reads best
 * from left to right, with a {@link CausalProxy} beside the model ({@link DiffuSpecOptions}). And
 * how many places are looked at follows how many were filled and accepted before.
 *
 * <p>The path is chosen, not drawn: it is proposed without distributions, and judged by equality
 * with what the target draws, which keeps the target's distribution. The model's keys and values of
 * the text are kept from one draft to the next, so a draft costs one run over the newest tokens and
 * the places of the draft, not over the whole text.
 */
public final class DiffusionDraft implements Drafting {
    private final LanguageModel draft;
    private final DiffuSpecOptions options;
    private final CausalProxy proxy;
    private final BlockDiffusion blocks;
    private final AdaptiveLength length;

    /**
     * Constructs a way to draft.
     *
     * @param draft a model that writes blocks, owned from now on
     * @param target what verifies, not owned
     * @param options how to draft
     * @param proxy knows how the target's texts read from left to right
     * @throws IllegalArgumentException if the tokenizers differ, or the model was not trained for
     *     blocks or is open in a form that sees none; the caller still owns it
     */
    public DiffusionDraft(
            LanguageModel draft,
            LanguageModel target,
            DiffuSpecOptions options,
            CausalProxy proxy) {
        String difference = SameTokenizer.difference(draft.tokenizer(), target.tokenizer());
        if (difference != null) {
            throw new IllegalArgumentException(
                    "draft model %s: expected the tokenizer of %s, found another tokenizer: %s; take a block-diffusion model of the same family"
                            .formatted(draft.name(), target.name(), difference));
        }
        this.blocks = blocks(draft);
        this.length = options.length(blocks);
        this.draft = draft;
        this.options = options;
        this.proxy = proxy;
    }

    private static BlockDiffusion blocks(LanguageModel draft) {
        DecoderModel decoder = draft.decoder();
        String noted = decoder.metadata().get(DecoderGraphs.BLOCK_DIFFUSION);
        if (noted == null) {
            throw new IllegalArgumentException(
                    "draft model %s: expected a model that writes blocks, whose block_diffusion stands below slipstream in config.json, found none; adapt the model, or draft with it token by token (drafter model)"
                            .formatted(draft.name()));
        }
        BlockDiffusion blocks = BlockDiffusion.parse(noted);
        if (blocks.maskToken() >= decoder.vocabularySize()) {
            throw new IllegalArgumentException(
                    "draft model %s: mask token: expected an id below %d, found %d"
                            .formatted(draft.name(), decoder.vocabularySize(), blocks.maskToken()));
        }
        if (!decoder.seesBlocks()) {
            throw new IllegalArgumentException(
                    "draft model %s: expected a graph whose attention sees blocks, found one of single tokens; open the model from its checkpoint"
                            .formatted(draft.name()));
        }
        return blocks;
    }

    @Override
    public String name() {
        return "diffuspec";
    }

    @Override
    public Drafter open(DecoderSession target, GenerationOptions request) {
        DecoderModel model = draft.decoder();
        Set<Integer> endTokens = request.ignoreEndOfText() ? Set.of() : draft.endTokens();
        // Padded embeddings: one model may have logits for ids that no text gives.
        int shared = Math.min(target.model().vocabularySize(), model.vocabularySize());
        CandidateReader reader =
                new CandidateReader(options, shared, blocks.maskToken(), endTokens);
        PathDrafts drafts = new PathDrafts(length, options.search(), proxy, endTokens);
        // Last, as nobody would close it if what comes before failed.
        DecoderSession session =
                model.newSession(Math.min(model.contextLength(), target.capacity()));
        return new DiffusionDrafter(session, blocks, options.steps(), reader, drafts);
    }

    @Override
    public void close() {
        draft.close();
    }
}
