package dev.slipstream.decode;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;

/**
 * What the library does not tell about a {@code tokenizer.json}. Streams through the file: a
 * vocabulary of 150,000 is 10 MB of text.
 *
 * @param highestId the highest token id; -1 if there is none
 * @param longestPiece length of the longest token, in characters; bytes where the vocabulary writes
 *     each byte as a character
 */
record Vocabulary(int highestId, int longestPiece) {
    private static final Vocabulary EMPTY = new Vocabulary(-1, 1);

    static Vocabulary read(String json) throws IOException {
        Vocabulary found = EMPTY;
        try (JsonReader reader = new JsonReader(new StringReader(json))) {
            reader.beginObject();
            while (reader.hasNext()) {
                switch (reader.nextName()) {
                    case "model" -> found = found.and(model(reader));
                    case "added_tokens" -> found = found.and(added(reader));
                    default -> reader.skipValue();
                }
            }
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            throw new IOException("not a tokenizer.json: " + e.getMessage(), e);
        }
        return found;
    }

    private static Vocabulary model(JsonReader reader) throws IOException {
        Vocabulary found = EMPTY;
        reader.beginObject();
        while (reader.hasNext()) {
            if (!reader.nextName().equals("vocab")) {
                reader.skipValue();
            } else if (reader.peek() == JsonToken.BEGIN_ARRAY) {
                found = scored(reader);
            } else {
                found = named(reader);
            }
        }
        reader.endObject();
        return found;
    }

    private static Vocabulary named(JsonReader reader) throws IOException {
        Vocabulary found = EMPTY;
        reader.beginObject();
        while (reader.hasNext()) {
            String piece = reader.nextName();
            found = found.and(new Vocabulary(reader.nextInt(), piece.length()));
        }
        reader.endObject();
        return found;
    }

    /** A unigram vocabulary lists pairs of piece and score; the index is the id. */
    private static Vocabulary scored(JsonReader reader) throws IOException {
        Vocabulary found = EMPTY;
        reader.beginArray();
        for (int id = 0; reader.hasNext(); id++) {
            reader.beginArray();
            found = found.and(new Vocabulary(id, reader.nextString().length()));
            reader.skipValue();
            reader.endArray();
        }
        reader.endArray();
        return found;
    }

    private static Vocabulary added(JsonReader reader) throws IOException {
        Vocabulary found = EMPTY;
        reader.beginArray();
        while (reader.hasNext()) {
            int id = -1;
            int length = 1;
            reader.beginObject();
            while (reader.hasNext()) {
                switch (reader.nextName()) {
                    case "id" -> id = reader.nextInt();
                    case "content" -> length = reader.nextString().length();
                    default -> reader.skipValue();
                }
            }
            reader.endObject();
            found = found.and(new Vocabulary(id, length));
        }
        reader.endArray();
        return found;
    }

    private Vocabulary and(Vocabulary other) {
        return new Vocabulary(
                Math.max(highestId, other.highestId), Math.max(longestPiece, other.longestPiece));
    }
}
