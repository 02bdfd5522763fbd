package dev.slipstream.graph;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/** Reads the tensors of one model file, wherever their values stand. */
final class TensorReader {
    private final Path file;
    private final ExternalData external;

    TensorReader(Path file, ByteBuffer mapped) {
        this.file = file;
        this.external = new ExternalData(file, mapped);
    }

    Tensor read(TensorProto proto) throws IOException {
        try {
            ElementType type = ElementType.of(proto.getDataType());
            List<Long> shape = List.copyOf(proto.getDimsList());
            long bytes = type.bytes(Tensor.elements(shape));
            if (bytes > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(
                        "expected at most 2 GiB a tensor, found %d bytes; split it"
                                .formatted(bytes));
            }
            ByteBuffer data;
            if (proto.getDataLocation() == DataLocation.EXTERNAL) {
                data = external.map(proto, (int) bytes);
            } else if (proto.hasRawData()) {
                data = direct(proto.getRawData().size());
                proto.getRawData().copyTo(data);
                data.flip();
            } else {
                data = typed(proto, type);
            }
            return new Tensor(type, shape, data);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new GraphException(
                    "%s: tensor %s: %s".formatted(file, proto.getName(), e.getMessage()), e);
        }
    }

    /** Packs the values that stand in the field of their type; the format widens the narrow. */
    private static ByteBuffer typed(TensorProto proto, ElementType type) {
        ByteBuffer data;
        switch (type) {
            case FLOAT -> {
                data = direct(Float.BYTES * proto.getFloatDataCount());
                proto.getFloatDataList().forEach(data::putFloat);
            }
            case DOUBLE -> {
                data = direct(Double.BYTES * proto.getDoubleDataCount());
                proto.getDoubleDataList().forEach(data::putDouble);
            }
            case INT64 -> {
                data = direct(Long.BYTES * proto.getInt64DataCount());
                proto.getInt64DataList().forEach(data::putLong);
            }
            case UINT64 -> {
                data = direct(Long.BYTES * proto.getUint64DataCount());
                proto.getUint64DataList().forEach(data::putLong);
            }
            case UINT32 -> {
                data = direct(Integer.BYTES * proto.getUint64DataCount());
                proto.getUint64DataList().forEach(v -> data.putInt(v.intValue()));
            }
            case INT32 -> {
                data = direct(Integer.BYTES * proto.getInt32DataCount());
                proto.getInt32DataList().forEach(data::putInt);
            }
            case INT16, UINT16, FLOAT16, BFLOAT16 -> {
                data = direct(Short.BYTES * proto.getInt32DataCount());
                proto.getInt32DataList().forEach(v -> data.putShort(v.shortValue()));
            }
            case INT8, UINT8, BOOL, INT4, UINT4 -> {
                data = direct(proto.getInt32DataCount());
                proto.getInt32DataList().forEach(v -> data.put(v.byteValue()));
            }
            default -> throw new IllegalArgumentException("no values of type " + type);
        }
        return data.flip();
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
