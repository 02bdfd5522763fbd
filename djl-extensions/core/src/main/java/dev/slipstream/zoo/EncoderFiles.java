package dev.slipstream.zoo;

import ai.onnx.proto.OnnxMl.TensorShapeProto;
import com.google.gson.JsonObject;
import dev.slipstream.checkpoint.ModelFiles;
import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.graph.OnnxModel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files beside an accelerated encoder, in the form of the sentence-transformers library, which
 * {@link dev.slipstream.checkpoint.EncoderConfig} reads.
 */
final class EncoderFiles {
    private static final String CONFIG = "config.json";
    private static final String SENTENCE = "sentence_bert_config.json";
    private static final String POOLING = "1_Pooling/config.json";
    private static final int RANK = 3;

    private static final List<String> COPIED =
            List.of(
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "vocab.txt",
                    "modules.json",
                    "config_sentence_transformers.json");

    private EncoderFiles() {}

    /**
     * Returns the files.
     *
     * @param source of the encoder
     * @param graph before the passes
     * @param pooling how the vectors of the tokens become one
     * @param maxTokens the most tokens of a text
     */
    static AcceleratedFiles of(
            EncoderSource source, OnnxModel graph, Pooling pooling, int maxTokens) {
        ModelFiles files = source.files();
        Map<String, String> texts = new LinkedHashMap<>();
        texts.put("tokenizer.json", source.tokenizerJson());
        texts.putAll(SourceTexts.texts(files, COPIED));
        String config = SourceTexts.text(files, CONFIG);
        texts.put(CONFIG, config == null ? positions(maxTokens) : config);
        JsonObject sentence = ModelDirectory.object(SourceTexts.text(files, SENTENCE));
        sentence.addProperty("max_seq_length", maxTokens);
        texts.put(SENTENCE, ModelDirectory.json(sentence));
        texts.put(POOLING, ModelDirectory.json(pooling(files, graph, pooling)));
        Map<String, Object> about = new LinkedHashMap<>();
        about.put("pooling", pooling.label());
        about.put("maxTokens", maxTokens);
        return new AcceleratedFiles(texts, about, "--pooling " + pooling.label());
    }

    private static String positions(int maxTokens) {
        JsonObject config = new JsonObject();
        config.addProperty("max_position_embeddings", maxTokens);
        return ModelDirectory.json(config);
    }

    private static JsonObject pooling(ModelFiles files, OnnxModel graph, Pooling pooling) {
        JsonObject json = ModelDirectory.object(SourceTexts.text(files, POOLING));
        if (!json.has("word_embedding_dimension")) {
            graph.outputs().stream()
                    .map(output -> output.getType().getTensorType().getShape())
                    .filter(shape -> shape.getDimCount() == RANK)
                    .map(shape -> shape.getDim(RANK - 1))
                    .filter(TensorShapeProto.Dimension::hasDimValue)
                    .findFirst()
                    .ifPresent(
                            size ->
                                    json.addProperty(
                                            "word_embedding_dimension", size.getDimValue()));
        }
        json.addProperty("pooling_mode_cls_token", pooling == Pooling.CLS);
        json.addProperty("pooling_mode_mean_tokens", pooling == Pooling.MEAN);
        return json;
    }
}
