package dev.slipstream.evaluate;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.Writer;

/**
 * A tokenizer for random models: a begin and an end token, the 256 bytes, and words that no text
 * has, up to the vocabulary.
 */
final class RandomTokenizer {
    static final int BEGIN = 0;
    static final int END = 1;

    /** The begin, the end, and the bytes. */
    static final int SMALLEST = 258;

    private RandomTokenizer() {}

    /**
     * Writes a {@code tokenizer.json}: a byte-level BPE without merges.
     *
     * @param vocabulary number of token ids, at least {@link #SMALLEST}
     */
    static void write(Writer out, int vocabulary) throws IOException {
        try (JsonWriter json = new JsonWriter(out)) {
            json.beginObject().name("version").value("1.0");
            json.name("added_tokens").beginArray();
            special(json, BEGIN, "<|begin|>");
            special(json, END, "<|end|>");
            json.endArray();
            byteLevel(json.name("pre_tokenizer"));
            byteLevel(json.name("decoder"));
            json.name("model").beginObject().name("type").value("BPE");
            json.name("vocab").beginObject();
            json.name("<|begin|>").value(BEGIN).name("<|end|>").value(END);
            int id = bytes(json, END + 1);
            for (; id < vocabulary; id++) {
                // The letter stands for a space in byte-level vocabularies.
                json.name("\u0120w" + id).value(id);
            }
            json.endObject().name("merges").beginArray().endArray().endObject();
            json.endObject();
        }
    }

    /** Byte-level vocabularies write printable bytes as themselves, the others as U+0100 and up. */
    private static int bytes(JsonWriter json, int first) throws IOException {
        int id = first;
        int unprintable = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xa1 && b != 0xad;
            json.name(Character.toString(printable ? b : unprintable++)).value(id++);
        }
        return id;
    }

    private static void special(JsonWriter json, int id, String content) throws IOException {
        json.beginObject().name("id").value(id).name("content").value(content);
        for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
            json.name(flag).value(false);
        }
        json.name("special").value(true).endObject();
    }

    private static void byteLevel(JsonWriter json) throws IOException {
        json.beginObject().name("type").value("ByteLevel");
        json.name("add_prefix_space").value(false).name("trim_offsets").value(true);
        json.name("use_regex").value(true).endObject();
    }
}
