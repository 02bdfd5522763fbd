package dev.slipstream.evaluate;

import dev.slipstream.pass.PassException;
import dev.slipstream.pass.Passes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The methods that a sweep knows, in the order in which their passes are applied. A pass on the
 * class path that is not among them is a method with one setting, its defaults.
 */
public final class Methods {
    /** What a user would choose from; baselines are for the curious, and asked for by name. */
    private static final List<Method> USUAL =
            List.of(
                    Method.of(
                            "finercut",
                            Method.Kind.PASS,
                            "finercut:remove=0.125",
                            "finercut:remove=0.25",
                            "finercut:remove=0.0625",
                            "finercut:remove=0.375"),
                    Method.of(
                            "low-rank",
                            Method.Kind.PASS,
                            "low-rank:parameters=0.75",
                            "low-rank:parameters=0.5",
                            "low-rank:parameters=0.9"),
                    Method.of(
                            "ffn-skip",
                            Method.Kind.GATE,
                            "ffn-skip:share=0.25@balanced",
                            "ffn-skip:share=0.4@balanced",
                            "ffn-skip:share=0.125@balanced"),
                    Method.of(
                            "quantise",
                            Method.Kind.PASS,
                            "quantise:weights=int8",
                            "quantise:weights=int4,method=gptq",
                            "quantise:weights=int4"));

    /** What the methods must beat at an equal share; applied like those, and before them. */
    private static final List<Method> BASELINES =
            List.of(
                    Method.of(
                            "whole-layers",
                            Method.Kind.PASS,
                            "finercut:remove=0.125,order=similarity",
                            "finercut:remove=0.25,order=similarity"),
                    Method.of(
                            "last-layers",
                            Method.Kind.PASS,
                            "finercut:remove=0.125,order=last",
                            "finercut:remove=0.25,order=last"),
                    Method.of(
                            "random-layers",
                            Method.Kind.PASS,
                            "finercut:remove=0.125,order=random",
                            "finercut:remove=0.25,order=random"));

    private Methods() {}

    /** Returns the names of all methods whose passes are on the class path. */
    public static Set<String> names() {
        Set<String> names = new LinkedHashSet<>(usual());
        names.addAll(possible(BASELINES));
        names.addAll(Passes.known().keySet());
        return names;
    }

    /** Returns the names of those that a sweep takes where none are named. */
    public static List<String> usual() {
        return possible(USUAL);
    }

    private static List<String> possible(List<Method> methods) {
        Set<String> passes = Passes.known().keySet();
        return methods.stream()
                .filter(method -> passes.contains(method.grid().get(0).pass().name()))
                .map(Method::name)
                .toList();
    }

    /**
     * Returns methods in the order in which their passes are applied.
     *
     * @param names of methods
     * @param settings to try instead of a method's usual ones; a pass that is not among the names
     *     is a method, too
     * @throws PassException if there is no method of a name
     */
    public static List<Method> of(List<String> names, List<Setting> settings) {
        Map<String, List<Setting>> own = new LinkedHashMap<>();
        for (Setting setting : settings) {
            // Tells of unknown passes and wrong parameters before anything is measured.
            Passes.create(setting.pass());
            own.computeIfAbsent(setting.pass().name(), name -> new ArrayList<>()).add(setting);
        }
        Set<String> wanted = new LinkedHashSet<>(names);
        wanted.addAll(own.keySet());
        Set<String> known = names();
        for (String name : wanted) {
            if (!known.contains(name)) {
                throw new PassException(
                        "expected one of the methods %s, found %s".formatted(known, name));
            }
        }
        List<Method> methods = new ArrayList<>();
        List<Method> inOrder = new ArrayList<>(BASELINES);
        inOrder.addAll(USUAL);
        for (Method method : inOrder) {
            if (wanted.remove(method.name())) {
                List<Setting> grid = own.getOrDefault(method.name(), method.grid());
                methods.add(new Method(method.name(), method.kind(), grid));
            }
        }
        int first = 0;
        for (String name : wanted) {
            List<Setting> grid = own.getOrDefault(name, List.of(Setting.parse(name)));
            // Before those that pack weights: packed ones can hardly be rewritten.
            methods.add(
                    first++,
                    new Method(
                            name,
                            grid.get(0).effort() == null ? Method.Kind.PASS : Method.Kind.GATE,
                            grid));
        }
        return methods;
    }
}
