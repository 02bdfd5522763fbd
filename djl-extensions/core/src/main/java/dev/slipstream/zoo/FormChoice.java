package dev.slipstream.zoo;

import dev.slipstream.checkpoint.CheckpointException;
import dev.slipstream.checkpoint.TwoForms;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.LongRuns;

/** Decides for a model with two forms of its weights which runs use which. */
final class FormChoice {
    private static final System.Logger LOGGER = System.getLogger(FormChoice.class.getName());

    private final PrefillOptions prefill;
    private final DraftOptions drafting;
    private final BlockOpener blocks;

    FormChoice(LoadOptions options) {
        this.prefill = options.prefill();
        this.drafting = options.drafting();
        this.blocks = new BlockOpener(options);
    }

    /** Returns a graph with the second form of its weights that the options ask for. */
    OnnxModel graph(OnnxModel graph) {
        return prefill.weights() == PrefillWeights.SAME ? graph : TwoForms.of(graph);
    }

    /**
     * Sets where long runs begin: as the options say, else as measured. What checks drafts stays in
     * the form that plain decoding uses, so that a text is the same with and without a drafter;
     * runs of blocks stay in it, so that those of all lengths predict alike.
     *
     * @throws CheckpointException if the options say otherwise
     */
    void set(DecoderModel model) {
        if (!model.hasTwoForms()) {
            return;
        }
        int shortRun = Math.max(blocks.mostRows(model), draftRows());
        int least = Math.max(2, shortRun + 1);
        if (prefill.threshold() == 0) {
            int measured = LongRuns.measure(model, LongRuns.DEFAULT_BUDGET);
            model.runLongFrom(Math.max(least, measured));
        } else if (prefill.threshold() < least) {
            throw new CheckpointException(
                    "%s: expected a prefill threshold above the %d rows of a run that %s, found %d; raise it, leave it out, or shorten the %s"
                            .formatted(
                                    model.name(),
                                    least - 1,
                                    drafting.drafters().isEmpty()
                                            ? "predicts a block, so that blocks of all lengths get the same weights"
                                            : "checks a draft, so that drafts change no text",
                                    prefill.threshold(),
                                    drafting.drafters().isEmpty() ? "blocks" : "drafts"));
        } else {
            model.runLongFrom(prefill.threshold());
        }
        report(model);
    }

    private int draftRows() {
        return drafting.drafters().isEmpty() ? 0 : drafting.length().mostTokens() + 1;
    }

    private static void report(DecoderModel model) {
        if (model.longRunsFrom() == Integer.MAX_VALUE) {
            LOGGER.log(
                    System.Logger.Level.WARNING,
                    "{0}: runs of many tokens are not faster with prefill weights on this machine, so these take memory for nothing; leave them out",
                    model.name());
        } else {
            LOGGER.log(
                    System.Logger.Level.INFO,
                    "{0}: runs of {1} or more tokens use the prefill weights",
                    model.name(),
                    model.longRunsFrom());
        }
    }
}
