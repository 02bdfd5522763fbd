package dev.slipstream.blocks.train;

import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.SplittableRandom;

/** Plain language modelling: each token is predicted from the ones before it. */
public record LanguageModelling() implements Recipe {
    static final String LOSS = "next token";

    @Override
    public String description() {
        return "LanguageModelling[]";
    }

    @Override
    public Objective objective(int step, int[][] windows, SplittableRandom random) {
        return nextTokens(windows);
    }

    @Override
    public List<Objective> validation(int[][] windows) {
        return List.of(nextTokens(windows));
    }

    private static Objective nextTokens(int[][] windows) {
        return (pass, from, to) -> pass.take(Causal.loss(pass, windows, from, to, LOSS, 1));
    }

    /** Neither narrower widths nor blocks that the origin may have had were trained. */
    @Override
    public JsonObject configuration() {
        JsonObject own = new JsonObject();
        own.add("ffn_granularities", JsonNull.INSTANCE);
        own.add("block_diffusion", JsonNull.INSTANCE);
        return own;
    }
}
