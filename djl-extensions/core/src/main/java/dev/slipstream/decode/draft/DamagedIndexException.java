package dev.slipstream.decode.draft;

import java.io.IOException;

/** A file that is a corpus index, but not whole, or not of this release. */
final class DamagedIndexException extends IOException {
    private static final long serialVersionUID = 1;

    DamagedIndexException(String message) {
        super(message);
    }
}
