package dev.slipstream.zoo;

import ai.djl.Device;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import dev.slipstream.runtime.OnnxRuntime;
import org.jspecify.annotations.Nullable;

/**
 * DJL's door to language models that DJL's own ONNX engine cannot open: safetensors, llama2.c, and
 * decoders with a key/value cache. Arrays are those of the ONNX engine.
 */
final class SlipstreamEngine extends Engine {
    static final String NAME = "Slipstream";

    /** The highest rank comes last: this engine is nobody's default. */
    static final int RANK = 1000;

    @Override
    public @Nullable Engine getAlternativeEngine() {
        return null;
    }

    @Override
    public String getEngineName() {
        return NAME;
    }

    @Override
    public int getRank() {
        return RANK;
    }

    @Override
    public String getVersion() {
        return OnnxRuntime.start().getVersion();
    }

    @Override
    public boolean hasCapability(String capability) {
        return false;
    }

    @Override
    public Model newModel(String name, @Nullable Device device) {
        return new SlipstreamModel(name, newBaseManager(device), device);
    }

    @Override
    public NDManager newBaseManager() {
        return newBaseManager(Device.cpu());
    }

    /** Arrays hold texts and tokens, which never leave the heap, whatever the device. */
    @Override
    public NDManager newBaseManager(@Nullable Device device) {
        return arrays().newBaseManager(Device.cpu());
    }

    private static Engine arrays() {
        OnnxRuntime.start();
        return Engine.getEngine("OnnxRuntime");
    }
}
