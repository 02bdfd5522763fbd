package dev.slipstream.pass;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import com.google.gson.reflect.TypeToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What passes did, as JSON: the file {@code report.json} beside a model. */
public final class ReportFile {
    private static final JsonSerializer<Double> DOUBLES =
            (value, type, context) ->
                    Double.isFinite(value)
                            ? new JsonPrimitive(value)
                            : new JsonPrimitive(value.toString());

    private static final Gson GSON =
            new GsonBuilder()
                    .setPrettyPrinting()
                    .disableHtmlEscaping()
                    .registerTypeAdapter(Double.class, DOUBLES)
                    .registerTypeAdapter(double.class, DOUBLES)
                    .create();

    private ReportFile() {}

    /**
     * Returns the file's text.
     *
     * @param about what else stands in it, before the passes
     * @param reports one of each pass, in order
     */
    public static String write(Map<String, ?> about, List<PassReport> reports) {
        JsonObject json = GSON.toJsonTree(about).getAsJsonObject();
        JsonArray passes = new JsonArray();
        for (PassReport report : reports) {
            JsonObject pass = new JsonObject();
            pass.addProperty("name", report.pass().name());
            pass.add("parameters", GSON.toJsonTree(report.pass().parameters()));
            pass.add("lines", GSON.toJsonTree(report.lines()));
            pass.add("facts", GSON.toJsonTree(report.facts()));
            passes.add(pass);
        }
        json.add("passes", passes);
        return GSON.toJson(json) + "\n";
    }

    /**
     * Reads reports; numbers among their facts become doubles.
     *
     * @throws PassException if the text is not what {@link #write} makes
     */
    public static List<PassReport> read(String json) {
        try {
            List<PassReport> reports = new ArrayList<>();
            JsonObject file = JsonParser.parseString(json).getAsJsonObject();
            for (JsonElement element : file.getAsJsonArray("passes")) {
                JsonObject pass = element.getAsJsonObject();
                Map<String, String> parameters =
                        GSON.fromJson(pass.get("parameters"), new TypeToken<>() {});
                List<String> lines = GSON.fromJson(pass.get("lines"), new TypeToken<>() {});
                Map<String, Object> facts = GSON.fromJson(pass.get("facts"), new TypeToken<>() {});
                String name = pass.get("name").getAsString();
                reports.add(new PassReport(new PassSpec(name, parameters), lines, facts));
            }
            return reports;
        } catch (JsonParseException
                | IllegalStateException
                | UnsupportedOperationException
                | NullPointerException e) {
            throw new PassException("expected reports of passes as JSON, found an error: " + e, e);
        }
    }
}
