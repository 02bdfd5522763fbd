package dev.slipstream.blocks;

import ai.djl.ndarray.types.DataType;

/** How weights are stored in a file. */
public enum StoredType {
    /** Half of the bytes; what was trained in 32 bits is rounded once. */
    FLOAT16("F16", DataType.FLOAT16),

    /** Exactly the weights. */
    FLOAT32("F32", DataType.FLOAT32);

    private final String code;
    private final DataType type;

    StoredType(String code, DataType type) {
        this.code = code;
        this.type = type;
    }

    /** Returns the name of the type in a safetensors file. */
    String code() {
        return code;
    }

    /** Returns DJL's name of the type. */
    DataType type() {
        return type;
    }

    /** Returns Hugging Face's name of the type. */
    String torchName() {
        return type.name().toLowerCase(java.util.Locale.ROOT);
    }
}
