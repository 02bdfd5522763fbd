package dev.slipstream.decode.draft;

/**
 * What a corpus index was made of: it fits only the same tokenizer, and is current only for the
 * same documents.
 *
 * @param tokenizer the tokenizer's fingerprint, {@link dev.slipstream.decode.Tokenizer#fingerprint}
 * @param documents anything that changes when the documents do, such as a hash of their names,
 *     sizes and times; empty if nobody asks
 */
public record CorpusOrigin(String tokenizer, String documents) {
    /** Checks the tokenizer. */
    public CorpusOrigin {
        if (tokenizer.isEmpty()) {
            throw new IllegalArgumentException(
                    "tokenizer: expected its fingerprint, found an empty text");
        }
    }
}
