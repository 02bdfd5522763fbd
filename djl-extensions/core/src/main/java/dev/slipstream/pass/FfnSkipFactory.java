package dev.slipstream.pass;

import org.jspecify.annotations.Nullable;

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
                        whole(parameters, "cold-start"),
                        whole(parameters, "cold-end"),
                        parameters.text("threshold") == null
                                ? null
                                : parameters.number("threshold", 2, -1, 2),
                        whole(parameters, "count"),
                        parameters.flag("rearm", true),
                        parameters.whole("warm-up", WARM_UP, 0, Integer.MAX_VALUE),
                        parameters.number("share", SHARE, 0, 1),
                        parameters.number("percentile", PERCENTILE, 0, 100)));
    }

    private static @Nullable Integer whole(Parameters parameters, String name) {
        return parameters.text(name) == null
                ? null
                : parameters.whole(name, 0, 0, Integer.MAX_VALUE);
    }
}
