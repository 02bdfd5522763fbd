package dev.slipstream.checkpoint;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns llama2.c's {@code tokenizer.bin} into a {@code tokenizer.json} that encodes and decodes
 * alike: pieces become the vocabulary of a byte-pair encoding, and each way of putting a piece
 * together from two others becomes a merge, ranked by the piece's score.
 *
 * <p>Two things differ from llama2.c, both outside ordinary text: {@code <s>} and {@code </s>} in a
 * text are read as the tokens that they name, and where two overlapping merges have the same score,
 * the one of the lower id or of the longer left part goes first, and not the one further left.
 */
final class Llama2cTokenizer {
    private static final int BEGIN = 1;
    private static final int END = 2;
    private static final int FIRST_BYTE = 3;

    private record Piece(int id, String text, float score) {}

    private final String where;
    private final List<Piece> pieces = new ArrayList<>();
    private final Map<String, Integer> ids = new HashMap<>();
    private boolean bytePieces;

    private Llama2cTokenizer(String where) {
        this.where = where;
    }

    /**
     * Converts a tokenizer.
     *
     * @param where names the file in errors
     * @param data the whole file
     * @param vocabularySize the pieces that it must hold
     * @return the text of a {@code tokenizer.json}
     * @throws CheckpointException if the file is cut off or holds more or fewer pieces
     */
    static String toJson(String where, ByteBuffer data, int vocabularySize) {
        Llama2cTokenizer tokenizer = new Llama2cTokenizer(where);
        tokenizer.read(data.duplicate().order(ByteOrder.LITTLE_ENDIAN), vocabularySize);
        return tokenizer.json().toString();
    }

    private void read(ByteBuffer data, int vocabularySize) {
        List<String> texts = new ArrayList<>();
        List<Float> scores = new ArrayList<>();
        if (data.remaining() >= Integer.BYTES) {
            data.getInt(); // the longest piece, which llama2.c needs for its buffers
        }
        while (data.remaining() >= Float.BYTES + Integer.BYTES) {
            float score = data.getFloat();
            int length = data.getInt();
            if (Float.isNaN(score) || length < 0 || length > data.remaining()) {
                throw new CheckpointException(
                        "%s: piece %d: expected a score and at most %d bytes, found score %s and length %d; the file is cut off or not a llama2.c tokenizer"
                                .formatted(where, texts.size(), data.remaining(), score, length));
            }
            scores.add(score);
            texts.add(text(texts.size(), data.slice(data.position(), length)));
            data.position(data.position() + length);
        }
        if (texts.size() != vocabularySize || texts.size() <= END || data.hasRemaining()) {
            throw new CheckpointException(
                    "%s: expected %d pieces, one for each row of the checkpoint's embedding, found %d and %d bytes more; take tokenizer and checkpoint from the same model"
                            .formatted(where, vocabularySize, texts.size(), data.remaining()));
        }
        bytePieces = texts.size() >= FIRST_BYTE + 256;
        for (int b = 0; b < 256 && bytePieces; b++) {
            bytePieces = texts.get(FIRST_BYTE + b).equals("<0x%02X>".formatted(b));
        }
        texts.set(BEGIN, "<s>");
        texts.set(END, "</s>");
        if (!bytePieces && !texts.contains("\n")) {
            // Such a model saw every newline of its training as the unknown id.
            texts.set(0, "\n");
        }
        for (int id = 0; id < texts.size(); id++) {
            add(new Piece(id, texts.get(id), scores.get(id)));
        }
    }

    private void add(Piece piece) {
        Integer twin = ids.put(piece.text, piece.id);
        if (twin != null) {
            throw new CheckpointException(
                    "%s: expected different pieces, found \"%s\" as id %d and %d"
                            .formatted(where, piece.text, twin, piece.id));
        }
        pieces.add(piece);
    }

    private String text(int id, ByteBuffer bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new CheckpointException(
                    "%s: piece %d: expected UTF-8, found other bytes; the file is damaged or not a llama2.c tokenizer"
                            .formatted(where, id),
                    e);
        }
    }

    private JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("version", "1.0");
        json.add("added_tokens", list(special(BEGIN), special(END)));
        json.add("normalizer", object("Prepend", "prepend", " "));
        json.add("post_processor", beginBeforeText());
        json.add("decoder", decoder());
        json.add("model", model());
        return json;
    }

    private JsonObject special(int id) {
        JsonObject token = new JsonObject();
        token.addProperty("id", id);
        token.addProperty("content", pieces.get(id).text);
        for (String option : List.of("single_word", "lstrip", "rstrip", "normalized")) {
            token.addProperty(option, false);
        }
        token.addProperty("special", true);
        return token;
    }

    private JsonObject beginBeforeText() {
        String begin = pieces.get(BEGIN).text;
        JsonObject token = new JsonObject();
        token.addProperty("id", begin);
        JsonArray tokenIds = new JsonArray();
        tokenIds.add(BEGIN);
        token.add("ids", tokenIds);
        JsonArray tokens = new JsonArray();
        tokens.add(begin);
        token.add("tokens", tokens);
        JsonObject specialTokens = new JsonObject();
        specialTokens.add(begin, token);

        JsonObject template = new JsonObject();
        template.addProperty("type", "TemplateProcessing");
        template.add("single", list(step("SpecialToken", begin), step("Sequence", "A")));
        template.add(
                "pair",
                list(
                        step("SpecialToken", begin),
                        step("Sequence", "A"),
                        step("SpecialToken", begin),
                        step("Sequence", "B")));
        template.add("special_tokens", specialTokens);
        return template;
    }

    private static JsonObject step(String kind, String id) {
        JsonObject what = new JsonObject();
        what.addProperty("id", id);
        what.addProperty("type_id", 0);
        JsonObject step = new JsonObject();
        step.add(kind, what);
        return step;
    }

    private static JsonObject decoder() {
        JsonObject strip = object("Strip", "content", " ");
        strip.addProperty("start", 1);
        strip.addProperty("stop", 0);
        JsonObject decoder = new JsonObject();
        decoder.addProperty("type", "Sequence");
        decoder.add("decoders", list(object("ByteFallback"), object("Fuse"), strip));
        return decoder;
    }

    private JsonObject model() {
        JsonObject vocabulary = new JsonObject();
        pieces.forEach(piece -> vocabulary.addProperty(piece.text, piece.id));
        JsonObject model = object("BPE", "unk_token", pieces.get(0).text);
        model.addProperty("fuse_unk", false);
        model.addProperty("byte_fallback", bytePieces);
        model.add("vocab", vocabulary);
        model.add("merges", merges());
        return model;
    }

    private JsonArray merges() {
        int firstOrdinary = bytePieces ? FIRST_BYTE + 256 : FIRST_BYTE;
        JsonArray merges = new JsonArray();
        pieces.stream()
                .skip(firstOrdinary)
                .sorted(Comparator.comparingDouble((Piece piece) -> -piece.score))
                .forEach(piece -> addMerges(piece.text, firstOrdinary, merges));
        return merges;
    }

    private void addMerges(String piece, int firstOrdinary, JsonArray merges) {
        for (int cut = piece.length(); cut > 0; cut = piece.offsetByCodePoints(cut, -1)) {
            String left = piece.substring(0, cut);
            String right = piece.substring(cut);
            if (ids.getOrDefault(left, 0) >= firstOrdinary
                    && ids.getOrDefault(right, 0) >= firstOrdinary) {
                // As a list, since pieces contain spaces, which separate the older form's two.
                JsonArray merge = new JsonArray();
                merge.add(left);
                merge.add(right);
                merges.add(merge);
            }
        }
    }

    private static JsonObject object(String type) {
        JsonObject object = new JsonObject();
        object.addProperty("type", type);
        return object;
    }

    private static JsonObject object(String type, String field, String value) {
        JsonObject object = object(type);
        object.addProperty(field, value);
        return object;
    }

    private static JsonArray list(JsonObject... objects) {
        JsonArray list = new JsonArray();
        for (JsonObject object : objects) {
            list.add(object);
        }
        return list;
    }
}
