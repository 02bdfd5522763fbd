package dev.slipstream.pass;

/** Makes passes that replace the matrices of feed-forwards by products of thin ones. */
public final class LowRankFactory implements PassFactory {
    @Override
    public String name() {
        return "low-rank";
    }

    @Override
    public String description() {
        return "replaces the matrices of feed-forwards by products of two thin ones"
                + " (parameters=0.625, ranks=energy|uniform, inputs=calibrated|ignored, dense=1)";
    }

    @Override
    public Pass create(Parameters parameters) {
        return new LowRankPass(
                parameters.spec(),
                new LowRankPass.Settings(
                        parameters.number("parameters", 0.625, 0.01, 0.99),
                        parameters.constant("ranks", LowRankPass.Ranks.ENERGY),
                        parameters.constant("inputs", LowRankPass.Inputs.CALIBRATED),
                        parameters.whole("dense", 1, 0, 1000)));
    }
}
