package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.IncrementalText;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.decode.Tokenizer;
import java.util.Arrays;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;

/** Tokens to text as they come: the time of one token of an answer of 128. */
public class IncrementalDecoding extends ModelBenchmark {
    private static final int PROMPT = 32;
    private static final int ANSWER = 128;

    private int[] prompt;
    private int[] text;
    private Tokenizer tokenizer;

    /** Constructs a benchmark for JMH. */
    public IncrementalDecoding() {}

    /** Tokenises a text, and compares the pieces with the text decoded at once. */
    @Setup
    public void open() {
        LanguageModel opened = open(options("int8", 1));
        tokenizer = opened.tokenizer();
        text = SampleText.tokens(opened, PROMPT + ANSWER);
        prompt = Arrays.copyOf(text, PROMPT);
        String all = tokenizer.decode(text, 0, text.length);
        String pieces = decode();
        if (pieces.isBlank() || !all.endsWith(pieces)) {
            throw new IllegalStateException(
                    "expected the end of %s, found %s".formatted(all, pieces));
        }
    }

    /** Decodes the answer token by token, behind a prompt. */
    @Benchmark
    @OperationsPerInvocation(ANSWER)
    public String decode() {
        StringBuilder pieces = new StringBuilder();
        IncrementalText answer = new IncrementalText(tokenizer, prompt);
        for (int i = PROMPT; i < text.length; i++) {
            pieces.append(answer.append(text[i]));
        }
        return pieces.append(answer.flush()).toString();
    }
}
