package dev.slipstream.decode;

/** One run of the model for every token. */
public record PlainDecoding() implements DecodingMethod {
    @Override
    public TextDecoder open(TextRequest request) {
        return new SpeculativeDecoder(request, null);
    }

    @Override
    public void close() {}
}
