package dev.slipstream.pass;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.List;
import java.util.stream.Collectors;

/** Writes plans as YAML. */
final class PlanWriter {
    /** A text of JSON is one of YAML, whatever characters it has. */
    private static final Gson QUOTED = new GsonBuilder().disableHtmlEscaping().create();

    private PlanWriter() {}

    static String yaml(Plan plan) {
        StringBuilder yaml = new StringBuilder();
        list(yaml, "passes", plan.passes());
        list(yaml, "gates", plan.gates());
        CalibrationText calibration = plan.calibration();
        if (calibration != null) {
            String files =
                    calibration.files().stream()
                            .map(file -> QUOTED.toJson(file.toString()))
                            .collect(Collectors.joining(", "));
            yaml.append("calibration:\n");
            yaml.append("  text: [").append(files).append("]\n");
            yaml.append("  sequences: ").append(calibration.sequences()).append('\n');
            yaml.append("  length: ").append(calibration.length()).append('\n');
            if (calibration.sha256() != null) {
                yaml.append("  sha256: \"").append(calibration.sha256()).append("\"\n");
            }
        }
        return yaml.toString();
    }

    private static void list(StringBuilder yaml, String key, List<PassSpec> specs) {
        yaml.append(key).append(specs.isEmpty() ? ": []\n" : ":\n");
        for (PassSpec spec : specs) {
            yaml.append("  - ").append(spec.name());
            if (!spec.parameters().isEmpty()) {
                yaml.append(
                        spec.parameters().entrySet().stream()
                                .map(e -> scalar(e.getKey()) + ": " + scalar(e.getValue()))
                                .collect(Collectors.joining(", ", ": {", "}")));
            }
            yaml.append('\n');
        }
    }

    private static String scalar(String text) {
        return text.matches("[A-Za-z0-9][A-Za-z0-9._/-]*") ? text : QUOTED.toJson(text);
    }
}
