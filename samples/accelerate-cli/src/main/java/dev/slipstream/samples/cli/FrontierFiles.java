package dev.slipstream.samples.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.slipstream.evaluate.FrontierPoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files of a sweep, written again after each point, so that whatever ends the sweep leaves what
 * was found.
 */
final class FrontierFiles {
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    private final Path page;
    private final @Nullable Path json;
    private final String model;
    private final FrontierReport.Setting setting;
    private final Machine machine = Machine.here();

    FrontierFiles(Path page, @Nullable Path json, String model, FrontierReport.Setting setting) {
        this.page = page;
        this.json = json;
        this.model = model;
        this.setting = setting;
    }

    /** Writes what there is, and returns it. */
    FrontierReport write(FrontierReport.State state, List<FrontierPoint> points)
            throws IOException {
        FrontierReport report = FrontierReport.of(model, setting, machine, state, points);
        if (json != null) {
            AtomicFile.write(json, GSON.toJson(report) + "\n");
        }
        AtomicFile.write(page, FrontierPage.of(report));
        return report;
    }
}
