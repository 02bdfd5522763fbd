package dev.slipstream.samples.cli;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import dev.slipstream.pass.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A question whose answer is known.
 *
 * @param category of its kind
 * @param prompt what the model continues
 * @param answer with which a right continuation begins
 */
record Question(String category, String prompt, String answer) {
    private static final String NO_CATEGORY = "questions";

    /** What a line of a file may hold. */
    private record Line(
            @Nullable String category, @Nullable String prompt, @Nullable String answer) {}

    /** Reads a file of one JSON object a line. */
    static List<Question> read(Path file) throws IOException {
        List<Question> questions = new ArrayList<>();
        for (String text : TextFile.read(file).lines().filter(l -> !l.isBlank()).toList()) {
            Line line = line(text);
            if (line == null || line.prompt() == null || line.answer() == null) {
                throw new IOException(
                        "%s, question %d: expected a JSON object with texts as prompt and answer, found %s"
                                .formatted(file, questions.size() + 1, text));
            }
            questions.add(
                    new Question(
                            line.category() == null ? NO_CATEGORY : line.category(),
                            line.prompt(),
                            line.answer()));
        }
        if (questions.isEmpty()) {
            throw new IOException(file + ": expected a question at least, found none");
        }
        return questions;
    }

    private static @Nullable Line line(String text) {
        try {
            return new Gson().fromJson(text, Line.class);
        } catch (JsonParseException e) {
            return null;
        }
    }

    /** Returns the categories, in the order in which they first come. */
    static List<String> kinds(List<Question> questions) {
        return questions.stream().map(Question::category).distinct().toList();
    }
}
