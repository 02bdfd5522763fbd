package dev.slipstream.samples.train;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes texts whose continuation is known, and the shape of a small model to learn them. */
@Command(
        name = "synthetic",
        description = {
            "Write problems with known answers: texts to train and to validate on, questions to test"
                    + " with, and a model directory without weights, for 'pretrain', whose tokens"
                    + " are characters.",
            "Two kinds: running totals (3,1,8>3,4,12), where each part of an answer needs the one"
                    + " before, and values by their names (a=37;c=12?ca>12,37)."
        },
        sortOptions = false)
final class SyntheticCommand implements Callable<Integer> {
    private static final String CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyz,;=?>";

    /** How the byte-level alphabet writes the end of a line, and a byte that UTF-8 never has. */
    private static final String OTHERS = "\u010a\u00ff";

    private static final String END = "<|endoftext|>";
    private static final int PROBLEMS = 40;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "Directory to write, which must not exist.")
    private Path out = Path.of("");

    @Option(
            names = "--documents",
            paramLabel = "N",
            description = "Texts to train on, of " + PROBLEMS + " problems each. Default: 5000.")
    private int documents = 5000;

    @Option(
            names = "--questions",
            paramLabel = "N",
            description = "Questions of each kind to test with. Default: 200.")
    private int questions = 200;

    @Option(names = "--seed", paramLabel = "N", description = "Of the random numbers. Default: 1.")
    private long seed = 1;

    @Override
    public Integer call() throws IOException {
        Files.createDirectories(out.toAbsolutePath().getParent());
        Files.createDirectory(out);
        write("train.txt", documents, seed);
        write("valid.txt", Math.max(1, documents / 100), ~seed);
        writeQuestions(new SyntheticTask(seed + 1));
        Path model = Files.createDirectory(out.resolve("model"));
        Files.writeString(model.resolve("tokenizer.json"), new Gson().toJson(tokenizer()));
        Files.writeString(model.resolve("config.json"), new Gson().toJson(config()));
        return 0;
    }

    private void write(String file, int count, long from) throws IOException {
        SyntheticTask task = new SyntheticTask(from);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(i == 0 ? "" : END + "\n").append(task.document(PROBLEMS));
        }
        Files.writeString(out.resolve(file), text);
    }

    /** A few solved problems before each question show what is wanted. */
    private void writeQuestions(SyntheticTask task) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < questions; i++) {
            for (SyntheticTask.Kind kind : SyntheticTask.Kind.values()) {
                String before = task.document(3);
                SyntheticTask.Problem problem = task.next(kind);
                JsonObject line = new JsonObject();
                line.addProperty("category", kind.name().toLowerCase(Locale.ROOT));
                line.addProperty("prompt", before + problem.prompt());
                line.addProperty("answer", problem.answer() + "\n");
                lines.append(new Gson().toJson(line)).append('\n');
            }
        }
        Files.writeString(out.resolve("questions.jsonl"), lines);
    }

    private static JsonObject tokenizer() {
        JsonObject vocabulary = new JsonObject();
        vocabulary.addProperty(END, 0);
        for (char c : (CHARACTERS + OTHERS).toCharArray()) {
            vocabulary.addProperty(String.valueOf(c), vocabulary.size());
        }
        JsonObject bytes = new JsonObject();
        bytes.addProperty("type", "ByteLevel");
        bytes.addProperty("add_prefix_space", false);
        bytes.addProperty("trim_offsets", true);
        bytes.addProperty("use_regex", false);
        JsonObject model = new JsonObject();
        model.addProperty("type", "BPE");
        model.addProperty("byte_fallback", false);
        model.add("vocab", vocabulary);
        model.add("merges", new JsonArray());
        JsonObject end = new JsonObject();
        end.addProperty("id", 0);
        end.addProperty("content", END);
        for (String flag : new String[] {"single_word", "lstrip", "rstrip", "normalized"}) {
            end.addProperty(flag, false);
        }
        end.addProperty("special", true);
        JsonArray added = new JsonArray();
        added.add(end);
        JsonObject tokenizer = new JsonObject();
        tokenizer.addProperty("version", "1.0");
        tokenizer.add("added_tokens", added);
        tokenizer.add("pre_tokenizer", bytes);
        tokenizer.add("decoder", bytes);
        tokenizer.add("model", model);
        return tokenizer;
    }

    private static Map<String, Object> config() {
        return Map.ofEntries(
                Map.entry("architectures", new String[] {"LlamaForCausalLM"}),
                Map.entry("model_type", "llama"),
                Map.entry("hidden_size", 128),
                Map.entry("intermediate_size", 384),
                Map.entry("num_hidden_layers", 4),
                Map.entry("num_attention_heads", 4),
                Map.entry("num_key_value_heads", 2),
                Map.entry("head_dim", 32),
                Map.entry("hidden_act", "silu"),
                Map.entry("rms_norm_eps", 1e-5),
                Map.entry("rope_theta", 10000.0),
                Map.entry("max_position_embeddings", 512),
                Map.entry("vocab_size", 1 + CHARACTERS.length() + OTHERS.length()),
                Map.entry("tie_word_embeddings", true),
                Map.entry("bos_token_id", 0),
                Map.entry("eos_token_id", 0));
    }
}
