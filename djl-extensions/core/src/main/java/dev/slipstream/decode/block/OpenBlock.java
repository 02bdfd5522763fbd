package dev.slipstream.decode.block;

import dev.slipstream.decode.Token;
import dev.slipstream.decode.WrittenText;
import org.jspecify.annotations.Nullable;

/** The block that a request is writing: where it stands, its places, how far it is. */
final class OpenBlock {
    private final int start;
    private final int generatedBefore;
    private final int remaining;
    private final ActiveBlock places;
    private final @Nullable Token[] tokens;
    private int steps;
    private int written;

    /**
     * Opens a block.
     *
     * @param start tokens that the session holds before it
     * @param text that it goes on with
     * @param length number of places that are looked at
     * @param mask id of the mask token
     */
    OpenBlock(int start, WrittenText text, int length, int mask) {
        this.start = start;
        generatedBefore = text.generated();
        remaining = text.remaining();
        places = new ActiveBlock(length, mask);
        tokens = new Token[length];
    }

    int start() {
        return start;
    }

    ActiveBlock places() {
        return places;
    }

    /** Returns how many denoising steps are done. */
    int steps() {
        return steps;
    }

    void step() {
        steps++;
    }

    boolean isWhole() {
        return places.unknown() == 0;
    }

    /** Lets a rule leave the last places to a later block; returns the predictions that stay. */
    Predictions shorten(BlockBorders borders, Predictions predictions) {
        int length = borders.length(places, predictions, generatedBefore, remaining);
        if (length < 1 || length > places.length()) {
            throw new IllegalStateException(
                    "%s: expected a block of 1 to %d places, found %d"
                            .formatted(borders, places.length(), length));
        }
        if (length == places.length()) {
            return predictions;
        }
        places.shorten(length);
        return predictions.first(length);
    }

    void fix(int place, Token token) {
        places.commit(place, token.id());
        tokens[place] = token;
    }

    /** Adds to the text what is known up to the first unknown place: it stays as it is. */
    void write(WrittenText text) {
        boolean goesOn = text.finishReason() == null;
        while (goesOn && written < places.length()) {
            Token token = tokens[written];
            if (token == null) {
                return;
            }
            written++;
            goesOn = text.add(token);
        }
    }
}
