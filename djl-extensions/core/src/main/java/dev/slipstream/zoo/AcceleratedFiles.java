package dev.slipstream.zoo;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What stands beside the graph in the directory of an accelerated model.
 *
 * @param texts of the files, by their names relative to the directory
 * @param about facts of the source for the report
 * @param flags of the command line that make the same again
 */
record AcceleratedFiles(Map<String, String> texts, Map<String, Object> about, String flags) {
    /** Copies the maps, in their order. */
    AcceleratedFiles {
        texts = Collections.unmodifiableMap(new LinkedHashMap<>(texts));
        about = Collections.unmodifiableMap(new LinkedHashMap<>(about));
    }
}
