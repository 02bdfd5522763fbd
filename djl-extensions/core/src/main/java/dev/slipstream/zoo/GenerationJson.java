package dev.slipstream.zoo;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.slipstream.decode.BlockWork;
import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.Statistics;
import dev.slipstream.decode.TextChunk;
import dev.slipstream.decode.Token;
import dev.slipstream.decode.TokenStream;
import java.util.List;

/**
 * What a block says of a text: {@code text}, {@code tokens} (id, text, logprob, top_tokens), and at
 * the end {@code finish_reason}, {@code prompt_tokens} and {@code generated_tokens}, in the words
 * of Hugging Face TGI; and beyond it {@code cached_tokens}, {@code drafted_tokens} and {@code
 * accepted_tokens}, of a model with gates {@code gated_sublayers} and {@code skipped_sublayers},
 * and of a text that was written by blocks {@code denoising_runs}, {@code verification_runs} and
 * {@code storing_runs}.
 */
final class GenerationJson {
    private GenerationJson() {}

    static JsonObject parse(String text) {
        return JsonParser.parseString(text).getAsJsonObject();
    }

    static JsonObject whole(Generation generation) {
        JsonObject result = pieceOf(generation.text(), generation.tokens());
        result.addProperty("finish_reason", word(generation.finishReason()));
        addCounts(result, generation.statistics());
        return result;
    }

    static JsonObject piece(TextChunk chunk) {
        return pieceOf(chunk.text(), chunk.tokens());
    }

    static JsonObject end(TokenStream stream) {
        JsonObject result = pieceOf("", List.of());
        result.addProperty("finish_reason", word(stream.finishReason()));
        addCounts(result, stream.statistics());
        return result;
    }

    private static void addCounts(JsonObject result, Statistics statistics) {
        result.addProperty("prompt_tokens", statistics.promptTokens());
        result.addProperty("generated_tokens", statistics.generatedTokens());
        result.addProperty("cached_tokens", statistics.work().cachedTokens());
        result.addProperty("drafted_tokens", statistics.work().draftedTokens());
        result.addProperty("accepted_tokens", statistics.work().acceptedTokens());
        if (statistics.work().gatedSubLayers() > 0) {
            result.addProperty("gated_sublayers", statistics.work().gatedSubLayers());
            result.addProperty("skipped_sublayers", statistics.work().skippedSubLayers());
        }
        BlockWork blocks = statistics.work().blocks();
        if (blocks.runs() > 0) {
            result.addProperty("denoising_runs", blocks.denoisingRuns());
            result.addProperty("verification_runs", blocks.verificationRuns());
            result.addProperty("storing_runs", blocks.storingRuns());
        }
    }

    private static JsonObject pieceOf(String text, List<Token> tokens) {
        JsonObject result = new JsonObject();
        result.addProperty("text", text);
        JsonArray list = new JsonArray();
        tokens.forEach(token -> list.add(token(token)));
        result.add("tokens", list);
        return result;
    }

    private static JsonObject token(Token token) {
        JsonObject result = new JsonObject();
        result.addProperty("id", token.id());
        result.addProperty("text", token.text());
        result.addProperty("logprob", token.logProbability());
        result.addProperty("special", false);
        if (!token.alternatives().isEmpty()) {
            JsonArray top = new JsonArray();
            for (Token.Alternative alternative : token.alternatives()) {
                JsonObject other = new JsonObject();
                other.addProperty("id", alternative.id());
                other.addProperty("text", alternative.text());
                other.addProperty("logprob", alternative.logProbability());
                other.addProperty("special", false);
                top.add(other);
            }
            result.add("top_tokens", top);
        }
        return result;
    }

    private static String word(FinishReason reason) {
        return switch (reason) {
            case STOP_TOKEN -> "eos_token";
            case STOP_STRING -> "stop_sequence";
            case LENGTH -> "length";
            case CANCELLED -> "cancelled";
            case DEADLINE -> "deadline";
        };
    }
}
