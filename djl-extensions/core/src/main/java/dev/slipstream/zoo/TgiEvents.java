package dev.slipstream.zoo;

import ai.djl.ndarray.BytesSupplier;
import ai.djl.ndarray.NDList;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * A streamed answer, one JSON object a line. Each token is an event; where text waited, it is that
 * of the last token of its piece, so that the events' texts joined are the whole text.
 */
final class TgiEvents implements Iterator<BytesSupplier> {
    private final TgiRequest request;
    private final Iterator<NDList> pieces;
    private final Deque<JsonObject> waiting = new ArrayDeque<>();
    private final StringBuilder text = new StringBuilder();
    private final JsonArray tokens = new JsonArray();

    TgiEvents(TgiRequest request, Iterator<NDList> pieces) {
        this.request = request;
        this.pieces = pieces;
    }

    @Override
    public boolean hasNext() {
        while (waiting.isEmpty() && pieces.hasNext()) {
            read(GenerationBlock.description(pieces.next()));
        }
        return !waiting.isEmpty();
    }

    @Override
    public BytesSupplier next() {
        if (!hasNext()) {
            throw new NoSuchElementException("the text has ended");
        }
        return BytesSupplier.wrap(waiting.remove() + "\n");
    }

    private void read(JsonObject piece) {
        String added = piece.get("text").getAsString();
        text.append(added);
        JsonArray pieceTokens = piece.getAsJsonArray("tokens");
        tokens.addAll(pieceTokens.deepCopy());
        for (int i = 0; i < pieceTokens.size(); i++) {
            JsonObject token = pieceTokens.get(i).getAsJsonObject();
            token.addProperty("text", i + 1 == pieceTokens.size() ? added : "");
            waiting.add(event(token));
        }
        if (pieceTokens.isEmpty() && !added.isEmpty()) {
            JsonObject rest = new JsonObject();
            rest.add("id", JsonNull.INSTANCE);
            rest.addProperty("text", added);
            waiting.add(event(rest));
        }
        if (piece.has("finish_reason")) {
            JsonObject end = event(JsonNull.INSTANCE);
            end.addProperty("generated_text", request.fullText(text.toString()));
            end.add("details", request.details(piece, tokens));
            waiting.add(end);
        }
    }

    private static JsonObject event(JsonElement token) {
        JsonObject event = new JsonObject();
        event.add("token", token);
        event.add("generated_text", JsonNull.INSTANCE);
        event.add("details", JsonNull.INSTANCE);
        return event;
    }
}
