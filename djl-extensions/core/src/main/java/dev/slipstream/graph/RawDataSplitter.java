package dev.slipstream.graph;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Takes the weights out of a serialised model before it is parsed.
 *
 * <p>protobuf-java (from 4.x on) parses no buffer outside the heap: it copies the whole of it
 * first, 2 GiB for a large model. So the wire format is walked here, and each tensor's {@code
 * raw_data} becomes a reference to external data in the model file itself, which is then mapped.
 */
final class RawDataSplitter {
    /** Below this a reference takes as much room as the data. */
    private static final int SMALLEST = 64;

    private static final int DEEPEST = 100;

    private enum Message {
        MODEL,
        GRAPH,
        FUNCTION,
        NODE,
        ATTRIBUTE,
        TENSOR;

        /** Returns which message a field holds, if tensors may be inside. */
        @Nullable Message field(int number) {
            return switch (this) {
                case MODEL -> number == 7 ? GRAPH : number == 25 ? FUNCTION : null;
                case GRAPH -> number == 1 ? NODE : number == 5 ? TENSOR : null;
                case FUNCTION -> number == 7 ? NODE : null;
                case NODE -> number == 5 ? ATTRIBUTE : null;
                case ATTRIBUTE ->
                        switch (number) {
                            case 5, 10 -> TENSOR;
                            case 6, 11 -> GRAPH;
                            default -> null;
                        };
                case TENSOR -> null;
            };
        }
    }

    private static final int RAW_DATA = 9;
    private static final int EXTERNAL_DATA = 13;
    private static final int DATA_LOCATION = 14;
    private static final int EXTERNAL = 1;

    private final ByteBuffer in;
    private final String location;

    private RawDataSplitter(ByteBuffer in, String location) {
        this.in = in;
        this.location = location;
    }

    /**
     * Returns the serialised model with references in place of raw data.
     *
     * @param model the serialised model
     * @param location what the references name as their file
     * @throws InvalidProtocolBufferException if the bytes are no well-formed message
     */
    static byte[] withoutRawData(ByteBuffer model, String location)
            throws InvalidProtocolBufferException {
        try {
            return new RawDataSplitter(model.duplicate(), location)
                    .copy(Message.MODEL, model.limit(), 0);
        } catch (InvalidProtocolBufferException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException("a stream in memory failed", e);
        }
    }

    private byte[] copy(Message message, int end, int depth) throws IOException {
        if (depth > DEEPEST) {
            throw new InvalidProtocolBufferException("messages nested too deeply");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        byte @Nullable [] reference = null;
        while (in.position() < end) {
            int tag = (int) varint(end);
            int field = WireFormat.getTagFieldNumber(tag);
            int wire = WireFormat.getTagWireType(tag);
            if (wire != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                out.writeUInt32NoTag(tag);
                copyNumber(wire, end, out);
                continue;
            }
            long length = varint(end);
            if (length < 0 || length > end - in.position()) {
                throw new InvalidProtocolBufferException(
                        "a field of %d bytes at byte %d, where %d remain"
                                .formatted(length, in.position(), end - in.position()));
            }
            int next = in.position() + (int) length;
            Message inner = message.field(field);
            if (inner != null) {
                out.writeByteArray(field, copy(inner, next, depth + 1));
            } else if (message == Message.TENSOR && field == RAW_DATA && length >= SMALLEST) {
                reference = reference(in.position(), length);
            } else {
                out.writeUInt32NoTag(tag);
                out.writeUInt32NoTag((int) length);
                out.write(in.slice(in.position(), (int) length));
            }
            in.position(next);
        }
        if (reference != null) {
            // At the end, where it overrides the location that the tensor may state itself.
            out.writeRawBytes(reference);
        }
        out.flush();
        return bytes.toByteArray();
    }

    private void copyNumber(int wire, int end, CodedOutputStream out) throws IOException {
        switch (wire) {
            case WireFormat.WIRETYPE_VARINT -> out.writeUInt64NoTag(varint(end));
            case WireFormat.WIRETYPE_FIXED32 -> copyBytes(Integer.BYTES, end, out);
            case WireFormat.WIRETYPE_FIXED64 -> copyBytes(Long.BYTES, end, out);
            default ->
                    throw new InvalidProtocolBufferException(
                            "a field of unknown wire type %d at byte %d"
                                    .formatted(wire, in.position()));
        }
    }

    private void copyBytes(int count, int end, CodedOutputStream out) throws IOException {
        for (int i = 0; i < count; i++) {
            out.writeRawByte(next(end));
        }
    }

    private long varint(int end) throws InvalidProtocolBufferException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte b = next(end);
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new InvalidProtocolBufferException("a malformed number at byte " + in.position());
    }

    private byte next(int end) throws InvalidProtocolBufferException {
        if (in.position() >= end) {
            throw new InvalidProtocolBufferException("cut off at byte " + end);
        }
        return in.get();
    }

    private byte[] reference(long offset, long length) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        writeEntry(out, "location", location);
        writeEntry(out, "offset", Long.toString(offset));
        writeEntry(out, "length", Long.toString(length));
        out.writeEnum(DATA_LOCATION, EXTERNAL);
        out.flush();
        return bytes.toByteArray();
    }

    private static void writeEntry(CodedOutputStream out, String key, String value)
            throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream entry = CodedOutputStream.newInstance(bytes);
        entry.writeByteArray(1, key.getBytes(StandardCharsets.UTF_8));
        entry.writeByteArray(2, value.getBytes(StandardCharsets.UTF_8));
        entry.flush();
        out.writeByteArray(EXTERNAL_DATA, bytes.toByteArray());
    }
}
