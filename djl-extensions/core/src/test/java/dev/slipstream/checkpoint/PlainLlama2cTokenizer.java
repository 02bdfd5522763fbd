package dev.slipstream.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** llama2.c's encoding and decoding as its text describes them, with no thought of speed. */
final class PlainLlama2cTokenizer {
    private final List<String> pieces = new ArrayList<>();
    private final List<Float> scores = new ArrayList<>();
    private final boolean bytePieces;

    PlainLlama2cTokenizer(byte[] file) {
        ByteBuffer data = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        data.getInt();
        while (data.hasRemaining()) {
            scores.add(data.getFloat());
            byte[] piece = new byte[data.getInt()];
            data.get(piece);
            pieces.add(new String(piece, StandardCharsets.UTF_8));
        }
        bytePieces = pieces.contains("<0x00>");
        if (!bytePieces) {
            pieces.set(0, "\n");
        }
    }

    int size() {
        return pieces.size();
    }

    String piece(int id) {
        return pieces.get(id);
    }

    List<Integer> encode(String text) {
        List<Integer> ids = new ArrayList<>();
        String prefixed = text.isEmpty() ? text : " " + text;
        prefixed.codePoints().forEach(c -> ids.addAll(character(Character.toString(c))));
        while (true) {
            float best = Float.NEGATIVE_INFINITY;
            int at = -1;
            int merged = -1;
            for (int i = 0; i + 1 < ids.size(); i++) {
                int id = pieces.indexOf(pieces.get(ids.get(i)) + pieces.get(ids.get(i + 1)));
                if (id >= 0 && scores.get(id) > best) {
                    best = scores.get(id);
                    at = i;
                    merged = id;
                }
            }
            if (at < 0) {
                break;
            }
            ids.set(at, merged);
            ids.remove(at + 1);
        }
        ids.add(0, 1);
        return ids;
    }

    private List<Integer> character(String character) {
        int id = pieces.indexOf(character);
        if (id >= 0) {
            return List.of(id);
        }
        if (!bytePieces) {
            return List.of(0);
        }
        List<Integer> ids = new ArrayList<>();
        for (byte b : character.getBytes(StandardCharsets.UTF_8)) {
            ids.add((b & 0xff) + 3);
        }
        return ids;
    }

    /** Decodes what follows the begin token, which has no text itself. */
    String decode(List<Integer> ids) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        int before = -1;
        for (int id : ids) {
            if (id != 1) {
                String piece = pieces.get(id);
                if (before == 1 && piece.startsWith(" ")) {
                    piece = piece.substring(1);
                }
                if (bytePieces && id >= 3 && id < 259) {
                    text.write(id - 3);
                } else {
                    text.writeBytes(piece.getBytes(StandardCharsets.UTF_8));
                }
            }
            before = id;
        }
        return text.toString(StandardCharsets.UTF_8);
    }
}
