package dev.slipstream.blocks.train;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.slipstream.checkpoint.ModelFiles;
import java.io.IOException;
import java.util.List;

/**
 * Finds a token that no text contains: that of a byte which UTF-8 never uses. Tokenizers of bytes
 * have one for each byte, and it serves as mask token without a change of the vocabulary.
 */
public final class UnusedByte {
    /**
     * The bytes 0xFF, 0xFE, 0xF5, 0xC0 and 0xC1 as vocabularies spell them: byte-level ones by the
     * character of the same number, those with a fall-back to bytes in hexadecimal.
     */
    private static final List<String> SPELLINGS =
            List.of(
                    "\u00ff", "\u00fe", "\u00f5", "\u00c0", "\u00c1", "<0xFF>", "<0xFE>", "<0xF5>",
                    "<0xC0>", "<0xC1>");

    private UnusedByte() {}

    /**
     * Returns the id of such a token.
     *
     * @param files of a model with a {@code tokenizer.json}
     * @throws IOException if the file cannot be read
     * @throws TrainingException if its vocabulary has no such token
     */
    public static int find(ModelFiles files) throws IOException {
        String where = files.location() + "/tokenizer.json";
        try {
            JsonObject tokenizer =
                    JsonParser.parseString(files.text("tokenizer.json")).getAsJsonObject();
            JsonObject model = tokenizer.getAsJsonObject("model");
            if (model != null && model.has("vocab") && model.get("vocab").isJsonObject()) {
                JsonObject vocabulary = model.getAsJsonObject("vocab");
                for (String spelling : SPELLINGS) {
                    // In a vocabulary of words the letter stands for itself.
                    if (vocabulary.has(spelling) && (spelling.length() > 1 || ofBytes(tokenizer))) {
                        return vocabulary.get(spelling).getAsInt();
                    }
                }
            }
        } catch (JsonParseException | IllegalStateException | ClassCastException e) {
            throw new IOException(where + ": expected a tokenizer, found: " + e.getMessage(), e);
        }
        throw new TrainingException(
                where
                        + ": expected a token for a byte that no text contains, found none; name the id"
                        + " of a token that the texts do not contain as mask token");
    }

    private static boolean ofBytes(JsonObject tokenizer) {
        return (tokenizer.get("pre_tokenizer") + "" + tokenizer.get("decoder"))
                .contains("ByteLevel");
    }
}
