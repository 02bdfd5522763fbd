package dev.slipstream.decode;

/**
 * How a model's texts are drafted and verified (Leviathan and others 2023; Chen and others 2023).
 *
 * @param drafting makes the drafters; owned
 * @param lengths decides how much is drafted
 */
public record Speculation(Drafting drafting, DraftLengths lengths) implements AutoCloseable {
    @Override
    public void close() {
        drafting.close();
    }
}
