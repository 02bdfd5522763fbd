package dev.slipstream.pass;

/** Makes {@link FfnSkipPass}es. */
public final class FfnSkipFactory implements PassFactory {
    private static final int WARM_UP = 25;
    private static final double SHARE = 0.25;
    private static final double PERCENTILE = 40;

    @Override
    public String name() {
        return FfnSkipPass.NAME;
    }

    @Override
    public String description() {
        return "skips feed-forwards token by token where those before barely did anything (FFN-SkipLLM)";
    }

    @Override
    public Pass create(Parameters parameters) {
        return new FfnSkipPass(
                parameters.spec(),
                new FfnSkipPass.Knobs(
                        parameters.whole("cold-start", 0, Integer.MAX_VALUE),
                        parameters.whole("cold-end", 0, Integer.MAX_VALUE),
                        parameters.number("threshold", -1, 2),
                        parameters.whole("count", 0, Integer.MAX_VALUE),
                        parameters.flag("rearm", true),
                        parameters.whole("warm-up", WARM_UP, 0, Integer.MAX_VALUE),
                        parameters.number("share", SHARE, 0, 1),
                        parameters.number("percentile", PERCENTILE, 0, 100)));
    }
}
