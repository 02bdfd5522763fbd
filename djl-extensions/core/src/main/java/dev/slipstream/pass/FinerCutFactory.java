package dev.slipstream.pass;

import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.graph.SubLayer;
import java.util.EnumSet;
import java.util.Set;

/** Makes passes that remove the sub-layers whose loss changes the output least. */
public final class FinerCutFactory implements PassFactory {
    private static final double USUAL_SHARE = 0.25;
    private static final int MOST = 100_000;

    /** What may go, as plans say it. */
    private enum Kinds {
        BOTH(EnumSet.of(SubLayer.Kind.ATTENTION, SubLayer.Kind.FEED_FORWARD)),
        ATTENTION(EnumSet.of(SubLayer.Kind.ATTENTION)),
        FEED_FORWARD(EnumSet.of(SubLayer.Kind.FEED_FORWARD));

        private final Set<SubLayer.Kind> kinds;

        Kinds(Set<SubLayer.Kind> kinds) {
            this.kinds = kinds;
        }
    }

    @Override
    public String name() {
        return "finercut";
    }

    @Override
    public String description() {
        return "removes the attentions and feed-forwards whose loss changes the output least: remove=0.25 (a share) or count=4";
    }

    @Override
    public Pass create(Parameters parameters) {
        RemovalRule usual = RemovalRule.of(parameters.constant("order", RemovalOrder.GREEDY));
        RemovalRule rule =
                usual.withProtectFront(
                                parameters.number("protect-front", usual.protectFront(), 0, 1))
                        .withSeed(parameters.whole("seed", 1, 0, Integer.MAX_VALUE))
                        .withPooling(
                                parameters.constant("pooling", Pooling.class, "the model's own"))
                        .withDistance(
                                parameters.constant(
                                        "metric",
                                        OutputDistance.class,
                                        "js for logits and angular for embeddings"));
        Kinds kinds = parameters.constant("kinds", Kinds.BOTH);
        if (usual.order() == RemovalOrder.SIMILARITY && kinds != Kinds.BOTH) {
            throw parameters.wrong(
                    "kinds", "both with order=similarity, which removes whole layers", "" + kinds);
        }
        return new FinerCutPass(parameters.spec(), rule.withKinds(kinds.kinds), budget(parameters));
    }

    private static FinerCutPass.Budget budget(Parameters parameters) {
        double share = parameters.number("remove", USUAL_SHARE, 0, 1);
        Integer count = parameters.whole("count", 1, MOST);
        if (count == null) {
            return new FinerCutPass.Budget.Share(share);
        }
        if (parameters.has("remove")) {
            throw parameters.wrong("count", "either remove, a share, or count, a number", "both");
        }
        return new FinerCutPass.Budget.Count(count);
    }
}
