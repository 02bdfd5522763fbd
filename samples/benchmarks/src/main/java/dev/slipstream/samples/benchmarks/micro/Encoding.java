package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.Tokenizer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/** A prompt's text to token ids, with the model's own tokenizer. */
public class Encoding extends ModelBenchmark {
    /** Length of the text. */
    @Param({"200", "4000"})
    public int characters;

    private String text;
    private Tokenizer tokenizer;

    /** Constructs a benchmark for JMH. */
    public Encoding() {}

    /** Opens the model, and compares the text of the ids. */
    @Setup
    public void open() {
        tokenizer = open(options("int8", 1)).tokenizer();
        text = SampleText.characters(characters);
        int[] ids = encode();
        String decoded = tokenizer.decode(ids, 0, ids.length);
        if (!decoded.strip().equals(text.strip())) {
            throw new IllegalStateException(
                    "expected the text %s back, found %s".formatted(text, decoded));
        }
    }

    /** Tokenises the text. */
    @Benchmark
    public int[] encode() {
        return tokenizer.encode(text, Tokenizer.SpecialTokens.ADD);
    }
}
