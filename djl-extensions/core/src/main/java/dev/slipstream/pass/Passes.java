package dev.slipstream.pass;

import dev.slipstream.store.Sha256;
import java.security.MessageDigest;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** The passes that plans can name. */
public final class Passes {
    private Passes() {}

    /** Returns the factories on the class path, by name. */
    public static Map<String, PassFactory> known() {
        Map<String, PassFactory> factories = new TreeMap<>();
        for (PassFactory factory : ServiceLoader.load(PassFactory.class)) {
            factories.put(factory.name(), factory);
        }
        return factories;
    }

    /**
     * Returns the parameters that a pass takes: what its factory asks for where a plan says
     * nothing, up to the first one that may not be left out.
     */
    public static List<Knob> knobs(PassFactory factory) {
        Parameters parameters = new Parameters(new PassSpec(factory.name(), Map.of()));
        try {
            factory.create(parameters);
        } catch (PassException e) {
            // It cannot be made without a parameter: those asked for until then are known.
        }
        return parameters.knobs();
    }

    /**
     * Makes a pass.
     *
     * @param spec its name and parameters
     * @throws PassException if there is no pass of that name, or a parameter is wrong or unknown
     */
    public static Pass create(PassSpec spec) {
        Map<String, PassFactory> known = known();
        PassFactory factory = known.get(spec.name());
        if (factory == null) {
            throw new PassException(
                    "expected one of the passes %s, found %s"
                            .formatted(known.keySet(), spec.name()));
        }
        Parameters parameters = new Parameters(spec);
        Pass pass = factory.create(parameters);
        parameters.requireAllKnown();
        return pass;
    }

    /**
     * Returns a hash of passes: equal for those that make the same of the same graph, but for what
     * they look at.
     *
     * @param passes in their order
     */
    public static String fingerprint(List<PassSpec> passes) {
        MessageDigest digest = Sha256.digest();
        Map<String, PassFactory> known = known();
        for (PassSpec spec : passes) {
            Sha256.add(digest, spec.toString());
            PassFactory factory = known.get(spec.name());
            Sha256.add(
                    digest,
                    factory == null ? "" : factory.getClass().getName() + factory.version());
        }
        return Sha256.hex(digest);
    }

    /** Makes passes from their text forms, as {@link PassSpec#parse}. */
    public static List<Pass> create(List<String> specs) {
        return specs.stream().map(PassSpec::parse).map(Passes::create).toList();
    }
}
