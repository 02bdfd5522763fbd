package dev.slipstream.samples.benchmarks.contest;

import com.google.gson.JsonObject;

/** What a contender is asked to do. */
public sealed interface Request {
    /** Returns the line that asks for it. */
    JsonObject json();

    /** Returns how many tokens are read and decoded in all. */
    int length();

    /**
     * Read drawn tokens into an empty context and compute the last logits.
     *
     * @param tokens how many
     */
    record Prefill(int tokens) implements Request {
        @Override
        public JsonObject json() {
            JsonObject json = named("prefill");
            json.addProperty("tokens", tokens);
            return json;
        }

        @Override
        public int length() {
            return tokens;
        }
    }

    /**
     * Read a prompt of drawn tokens and continue it greedily, past the end of the text too.
     *
     * @param prompt tokens to read first; 0 begins with one token
     * @param tokens to decode
     */
    record Decode(int prompt, int tokens) implements Request {
        @Override
        public JsonObject json() {
            JsonObject json = named("decode");
            json.addProperty("prompt", prompt);
            json.addProperty("tokens", tokens);
            return json;
        }

        @Override
        public int length() {
            return prompt + tokens;
        }
    }

    /**
     * Continue a text greedily.
     *
     * @param prompt the text
     * @param tokens to decode
     */
    record Generate(String prompt, int tokens) implements Request {
        @Override
        public JsonObject json() {
            JsonObject json = named("generate");
            json.addProperty("prompt", prompt);
            json.addProperty("tokens", tokens);
            return json;
        }

        @Override
        public int length() {
            return tokens;
        }
    }

    /**
     * Continue several prompts of drawn tokens at once, no two of them alike.
     *
     * @param streams how many
     * @param prompt tokens of each
     * @param tokens to decode for each
     */
    record Streams(int streams, int prompt, int tokens) implements Request {
        @Override
        public JsonObject json() {
            JsonObject json = named("streams");
            json.addProperty("streams", streams);
            json.addProperty("prompt", prompt);
            json.addProperty("tokens", tokens);
            return json;
        }

        @Override
        public int length() {
            return streams * (prompt + tokens);
        }
    }

    private static JsonObject named(String run) {
        JsonObject json = new JsonObject();
        json.addProperty("run", run);
        return json;
    }
}
