package dev.slipstream.decode.draft.diffuse;

import java.util.List;
import java.util.Set;

/**
 * The candidates of all places of a draft, up to the first place where the text may end.
 *
 * @param places in order; none after one that has an end token among its ranked candidates
 * @param generated tokens of the raw draft, the likeliest of each place, before its first end token
 */
record Lattice(List<Candidates> places, int generated) {
    /** Copies the list. */
    Lattice {
        places = List.copyOf(places);
    }

    /**
     * Cuts what was read. An end token that is a candidate only because it always is does not cut:
     * it would leave every lattice one place.
     *
     * @param read candidates of every place
     * @param endTokens ids behind which nothing comes
     */
    static Lattice of(List<Candidates> read, Set<Integer> endTokens) {
        int depth = 0;
        boolean ended = false;
        while (depth < read.size() && !ended && read.get(depth).count() > 0) {
            Candidates place = read.get(depth);
            for (int i = 0; i < place.ranked(); i++) {
                ended = ended || endTokens.contains(place.tokens()[i]);
            }
            depth++;
        }
        int generated = 0;
        while (generated < read.size()
                && read.get(generated).count() > 0
                && !endTokens.contains(read.get(generated).tokens()[0])) {
            generated++;
        }
        return new Lattice(read.subList(0, depth), generated);
    }

    /** Returns the most tokens of a path. */
    int depth() {
        return places.size();
    }
}
