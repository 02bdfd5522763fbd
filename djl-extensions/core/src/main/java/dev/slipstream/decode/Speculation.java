package dev.slipstream.decode;

/**
 * How a model's texts are drafted and verified (Leviathan and others 2023; Chen and others 2023).
 *
 * @param drafting makes the drafters; owned
 * @param lengths decides how much is drafted
 * @param acceptance decides which drafted tokens stay
 */
public record Speculation(Drafting drafting, DraftLengths lengths, AcceptanceRule acceptance)
        implements DecodingMethod {
    /**
     * Constructs a speculation that accepts as much as the drafts allow, but for requests with a
     * seed: {@link AcceptanceRule#BY_SEED}.
     *
     * @param drafting makes the drafters; owned
     * @param lengths decides how much is drafted
     */
    public Speculation(Drafting drafting, DraftLengths lengths) {
        this(drafting, lengths, AcceptanceRule.BY_SEED);
    }

    @Override
    public TextDecoder open(TextRequest request) {
        return new SpeculativeDecoder(request, this);
    }

    @Override
    public void close() {
        drafting.close();
    }
}
