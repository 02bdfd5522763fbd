package dev.slipstream.evaluate;

import dev.slipstream.pass.PassException;
import dev.slipstream.pass.PassSpec;
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
                    Method.of("ffn-skip", Method.Kind.GATE, "ffn-skip"),
                    Method.of("quantise", Method.Kind.PASS, "quantise:bits=4", "quantise:bits=8"));

    private Methods() {}

    /** Returns the names of all methods whose passes are on the class path, in order. */
    public static Set<String> names() {
        Set<String> names = new LinkedHashSet<>(usual());
        names.addAll(Passes.known().keySet());
        return names;
    }

    /** Returns the names of those that a sweep takes where none are named. */
    public static List<String> usual() {
        Set<String> passes = Passes.known().keySet();
        return USUAL.stream().map(Method::name).filter(passes::contains).toList();
    }

    /**
     * Returns methods in the order in which their passes are applied.
     *
     * @param names of methods
     * @param settings to try instead of a method's usual ones; a pass that is not among the names
     *     is a method, too
     * @throws PassException if there is no method of a name
     */
    public static List<Method> of(List<String> names, List<PassSpec> settings) {
        Map<String, List<PassSpec>> own = new LinkedHashMap<>();
        for (PassSpec setting : settings) {
            // Tells of unknown passes and wrong parameters before anything is measured.
            Passes.create(setting);
            own.computeIfAbsent(setting.name(), name -> new ArrayList<>()).add(setting);
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
        for (Method method : USUAL) {
            if (wanted.remove(method.name())) {
                List<PassSpec> grid = own.getOrDefault(method.name(), method.grid());
                methods.add(new Method(method.name(), method.kind(), grid));
            }
        }
        int first = 0;
        for (String name : wanted) {
            List<PassSpec> grid = own.getOrDefault(name, List.of(new PassSpec(name, Map.of())));
            // Before those that pack weights: packed ones can hardly be rewritten.
            methods.add(first++, new Method(name, Method.Kind.PASS, grid));
        }
        return methods;
    }
}
