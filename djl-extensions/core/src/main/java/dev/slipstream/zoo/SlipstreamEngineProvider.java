package dev.slipstream.zoo;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineProvider;

/** Lets DJL find the engine by its name, {@value SlipstreamEngine#NAME}. */
public final class SlipstreamEngineProvider implements EngineProvider {
    @Override
    public String getEngineName() {
        return SlipstreamEngine.NAME;
    }

    @Override
    public int getEngineRank() {
        return SlipstreamEngine.RANK;
    }

    @Override
    public Engine getEngine() {
        return Holder.ENGINE;
    }

    /** Made when first asked for: DJL makes every provider of the class path at its start. */
    private static final class Holder {
        static final Engine ENGINE = new SlipstreamEngine();
    }
}
