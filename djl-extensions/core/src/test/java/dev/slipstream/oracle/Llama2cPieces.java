package dev.slipstream.oracle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The pieces of a llama2.c tokenizer file, enough to decode. */
public final class Llama2cPieces {
    /** The id that begins a text and, when generated, ends it. */
    public static final int BOS = 1;

    private final byte[][] pieces;

    private Llama2cPieces(byte[][] pieces) {
        this.pieces = pieces;
    }

    /**
     * Reads a tokenizer file: int32 longest piece, then float32 score, int32 length and bytes of
     * each.
     *
     * @param file the tokenizer
     * @param vocabulary number of ids
     */
    public static Llama2cPieces read(Path file, int vocabulary) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.getInt();
        byte[][] pieces = new byte[vocabulary][];
        for (int id = 0; id < vocabulary; id++) {
            bytes.getFloat();
            pieces[id] = new byte[bytes.getInt()];
            bytes.get(pieces[id]);
        }
        return new Llama2cPieces(pieces);
    }

    /**
     * Joins the pieces of ids that follow BOS: the space that begins the first is dropped, and
     * {@code <0xNN>} is that byte.
     *
     * @param ids without the leading BOS
     */
    public String decode(int... ids) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (int i = 0; i < ids.length; i++) {
            byte[] piece = pieces[ids[i]];
            String name = new String(piece, StandardCharsets.US_ASCII);
            if (name.matches("<0x[0-9A-F]{2}>")) {
                text.write(Integer.parseInt(name.substring(3, 5), 16));
            } else {
                int from = i == 0 && piece.length > 0 && piece[0] == ' ' ? 1 : 0;
                text.write(piece, from, piece.length - from);
            }
        }
        return text.toString(StandardCharsets.UTF_8);
    }
}
