package dev.slipstream.operators;

import dev.slipstream.operators.RaggedAttention.Part;
import java.util.List;

/** The inputs of a run that say what rows see; but for the modes empty where all are causal. */
record Sights(int[] modes, int[] places, long[] bits, long[] shape) {
    static Sights of(List<Part> parts, int[] starts) {
        int most = parts.stream().mapToInt(part -> part.sight().places().length).max().orElse(0);
        int words = (most + Long.SIZE - 1) / Long.SIZE;
        int rows = words == 0 ? 0 : starts[parts.size()];
        int[] modes = new int[parts.size()];
        int[] places = new int[rows];
        long[] bits = new long[rows * words];
        for (int i = 0; i < parts.size(); i++) {
            Sight sight = parts.get(i).sight();
            modes[i] = sight.mode();
            for (int row = 0; row < sight.places().length; row++) {
                places[starts[i] + row] = sight.places()[row];
                for (int word = 0; word < words; word++) {
                    bits[(starts[i] + row) * words + word] = sight.word(row, word);
                }
            }
        }
        return new Sights(modes, places, bits, new long[] {rows, words});
    }
}
