package dev.slipstream.evaluate;

import dev.slipstream.pass.PassSpec;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One setting of each of some methods.
 *
 * @param parts by the method's place in the order in which passes are applied
 */
record Trial(SortedMap<Integer, Setting> parts) {
    Trial {
        parts = Collections.unmodifiableSortedMap(new TreeMap<>(parts));
    }

    static Trial single(int method, Setting part) {
        return new Trial(new TreeMap<>(Map.of(method, part)));
    }

    /** Returns this with a setting of another method. */
    Trial with(Trial single) {
        SortedMap<Integer, Setting> both = new TreeMap<>(parts);
        both.putAll(single.parts);
        return new Trial(both);
    }

    Set<Integer> methods() {
        return parts.keySet();
    }

    boolean single() {
        return parts.size() == 1;
    }

    Candidate candidate(List<Method> methods) {
        return new Candidate(
                of(Method.Kind.PASS, methods),
                of(Method.Kind.GATE, methods),
                parts.values().stream()
                        .map(Setting::effort)
                        .filter(Objects::nonNull)
                        .findFirst()
                        .orElse(null));
    }

    private List<PassSpec> of(Method.Kind kind, List<Method> methods) {
        return parts.entrySet().stream()
                .filter(part -> methods.get(part.getKey()).kind() == kind)
                .map(part -> part.getValue().pass())
                .toList();
    }

    /** Tells whether a setting of another method can be added. */
    boolean goesWith(Trial single) {
        return parts.entrySet().stream()
                .allMatch(
                        own ->
                                single.parts.entrySet().stream()
                                        .allMatch(
                                                other ->
                                                        !own.getKey().equals(other.getKey())
                                                                && own.getValue()
                                                                        .goesWith(
                                                                                other.getValue())));
    }

    List<String> names(List<Method> methods) {
        return parts.keySet().stream().map(place -> methods.get(place).name()).toList();
    }
}
