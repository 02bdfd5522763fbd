package dev.slipstream.models;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.evaluate.SentencePair;
import dev.slipstream.evaluate.SentenceSimilarity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Sentence encoders that people use, from the jars of another library, and what judges them. */
enum RealEncoders {
    MINILM("all-minilm-l6-v2", Pooling.MEAN),
    MINILM_INT8("all-minilm-l6-v2-q", Pooling.MEAN),
    BGE("bge-small-en-v1.5", Pooling.CLS);

    private final String file;
    final Pooling pooling;

    RealEncoders(String file, Pooling pooling) {
        this.file = file;
        this.pooling = pooling;
    }

    /** Copies the files of the class path into a folder; where there are none a test is skipped. */
    String in(Path folder) throws IOException {
        for (String name : List.of(file + ".onnx", file + "-tokenizer.json")) {
            try (InputStream in = RealEncoders.class.getResourceAsStream("/" + name)) {
                assumeTrue(
                        in != null,
                        () ->
                                "%s is not on the class path; the Maven profile thorough puts it there"
                                        .formatted(name));
                Files.copy(in, folder.resolve(name));
            }
        }
        return folder.resolve(file + ".onnx").toString();
    }

    /** Returns the pairs of a part of the STS benchmark: train, dev or test. */
    static List<SentencePair> pairs(String part) throws IOException {
        return SentenceSimilarity.read(DataFolder.file("stsb-ccbysa/sts-%s.tsv".formatted(part)));
    }
}
