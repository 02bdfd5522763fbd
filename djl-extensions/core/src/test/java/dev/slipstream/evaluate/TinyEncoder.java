package dev.slipstream.evaluate;

import dev.slipstream.oracle.ExportedEncoder;
import dev.slipstream.oracle.OracleEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A random encoder with a tokenizer of a few words, as files. */
public final class TinyEncoder {
    private static final String WORDS = "a girl is styling her hair man play ##ing guitar the dog";

    private TinyEncoder() {}

    /** Writes the graph, and the tokenizer under a name. */
    public static void write(OracleEncoder encoder, Path graph, Path tokenizer) throws IOException {
        Files.createDirectories(graph.getParent());
        ExportedEncoder.write(encoder, ExportedEncoder.Form.PLAIN).write(graph);
        Files.writeString(tokenizer, tokenizer());
    }

    /** Returns a tokenizer of BERT's kind that pads and cuts at 4 tokens, as MiniLM's at 128. */
    private static String tokenizer() {
        StringBuilder vocabulary =
                new StringBuilder("\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3");
        int id = 4;
        for (String word : WORDS.split(" ")) {
            vocabulary.append(",\"%s\":%d".formatted(word, id++));
        }
        return """
        {"version":"1.0",
        "truncation":{"direction":"Right","max_length":4,"strategy":"LongestFirst","stride":0},
        "padding":{"strategy":{"Fixed":4},"direction":"Right","pad_to_multiple_of":null,
        "pad_id":0,"pad_type_id":0,"pad_token":"[PAD]"},
        "added_tokens":[],
        "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,
        "strip_accents":null,"lowercase":true},
        "pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"BertProcessing","sep":["[SEP]",3],"cls":["[CLS]",2]},
        "decoder":{"type":"WordPiece","prefix":"##","cleanup":true},
        "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
        "max_input_chars_per_word":100,"vocab":{%s}}}
        """
                .formatted(vocabulary);
    }
}
