package dev.slipstream.graph;

/** The element types of ONNX tensors, with their code in {@code TensorProto.DataType}. */
public enum ElementType {
    FLOAT(1, 32),
    UINT8(2, 8),
    INT8(3, 8),
    UINT16(4, 16),
    INT16(5, 16),
    INT32(6, 32),
    INT64(7, 64),
    BOOL(9, 8),
    FLOAT16(10, 16),
    DOUBLE(11, 64),
    UINT32(12, 32),
    UINT64(13, 64),
    BFLOAT16(16, 16),
    UINT4(21, 4),
    INT4(22, 4);

    private final int code;
    private final int bits;

    ElementType(int code, int bits) {
        this.code = code;
        this.bits = bits;
    }

    /** Returns the code of this type in {@code TensorProto.DataType}. */
    public int code() {
        return code;
    }

    /** Returns the width of one element in bits. */
    public int bits() {
        return bits;
    }

    /**
     * Returns the bytes that {@code elements} elements take, 4-bit elements packed two a byte.
     *
     * @param elements number of elements
     */
    public long bytes(long elements) {
        return Math.addExact(Math.multiplyExact(elements, bits), 7) / 8;
    }

    /**
     * Returns the type with a given ONNX code.
     *
     * @param code a value of {@code TensorProto.DataType}
     * @throws IllegalArgumentException if Slipstream has no such type
     */
    public static ElementType of(int code) {
        for (ElementType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        throw new IllegalArgumentException("unknown ONNX element type " + code);
    }
}
