package dev.slipstream.runtime;

/** Where a model's graph runs. */
public enum Device {
    /** The processor. */
    CPU,
    /**
     * The first NVIDIA GPU that the process sees, through ONNX Runtime's CUDA provider; a model is
     * not opened where that cannot be had.
     */
    GPU,
    /** The GPU where ONNX Runtime can use one, else the processor. */
    AUTO;

    /**
     * Returns where a graph runs on this machine; what opens models asks for itself. Starts ONNX
     * Runtime if this is not the processor.
     *
     * @return {@link #CPU} or {@link #GPU}
     * @throws InferenceException if this is {@link #GPU} and it cannot be had; says what is missing
     */
    public Device resolve() {
        return CudaProvider.resolve(this);
    }
}
