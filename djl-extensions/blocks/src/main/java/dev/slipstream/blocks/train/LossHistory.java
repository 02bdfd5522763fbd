package dev.slipstream.blocks.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The losses of a run so far, as a table of comma-separated values. */
final class LossHistory {
    private static final String HEADER = "step,loss,nats";

    /** Before the names of losses on the validation text. */
    static final String VALIDATION = "validation: ";

    private final List<LossPoint> points = new ArrayList<>();

    void add(int step, String prefix, Map<String, Double> losses) {
        losses.forEach((name, value) -> points.add(new LossPoint(step, prefix + name, value)));
    }

    List<LossPoint> points() {
        return List.copyOf(points);
    }

    void write(Path file) throws IOException {
        StringBuilder text = new StringBuilder(HEADER).append('\n');
        for (LossPoint point : points) {
            text.append(point.step()).append(',').append(point.name()).append(',');
            text.append(point.value()).append('\n');
        }
        Files.writeString(file, text);
    }

    static LossHistory read(Path file) throws IOException {
        LossHistory history = new LossHistory();
        List<String> lines = Files.readAllLines(file);
        if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
            throw new IOException(file + ": expected a table that begins with " + HEADER);
        }
        for (String line : lines.subList(1, lines.size())) {
            String[] cells = line.split(",");
            if (cells.length != 3) {
                throw new IOException(file + ": expected step, loss and value, found " + line);
            }
            history.points.add(
                    new LossPoint(
                            Integer.parseInt(cells[0]), cells[1], Double.parseDouble(cells[2])));
        }
        return history;
    }
}
