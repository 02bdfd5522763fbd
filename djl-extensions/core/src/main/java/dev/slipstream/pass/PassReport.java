package dev.slipstream.pass;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a pass did, for people and for programs.
 *
 * @param pass what was asked for
 * @param lines for a terminal: what was decided, by which scores
 * @param facts the same by name, for JSON: numbers, texts, lists and maps of them
 */
public record PassReport(PassSpec pass, List<String> lines, Map<String, Object> facts) {
    /** Copies list and map, in their order. */
    public PassReport {
        lines = List.copyOf(lines);
        facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }
}
