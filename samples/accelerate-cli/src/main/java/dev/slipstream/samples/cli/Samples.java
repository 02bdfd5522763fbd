package dev.slipstream.samples.cli;

import java.util.ArrayList;
import java.util.List;

/** Repeated measures of one thing. */
final class Samples {
    private final List<Double> values = new ArrayList<>();

    void add(double value) {
        values.add(value);
    }

    int size() {
        return values.size();
    }

    double median() {
        return quantile(0.5);
    }

    /** Returns the least value that so large a part of all does not exceed; 0 if there is none. */
    double quantile(double part) {
        List<Double> sorted = values.stream().sorted().toList();
        int index = (int) Math.ceil(part * sorted.size()) - 1;
        return sorted.isEmpty() ? 0 : sorted.get(Math.max(0, index));
    }
}
