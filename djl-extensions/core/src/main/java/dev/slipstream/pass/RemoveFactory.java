package dev.slipstream.pass;

import dev.slipstream.graph.SubLayerName;
import java.util.ArrayList;
import java.util.List;

/** Makes passes that take named sub-layers out. */
public final class RemoveFactory implements PassFactory {
    private static final String NAMES = "sub-layers";

    @Override
    public String name() {
        return "remove";
    }

    @Override
    public String description() {
        return "removes named sub-layers: sub-layers=(attention.5,feed-forward.6)";
    }

    @Override
    public Pass create(Parameters parameters) {
        String expected = "names such as attention.5, separated by commas";
        String text = parameters.text(NAMES, expected);
        if (text == null || text.isBlank()) {
            throw parameters.wrong(NAMES, expected, "none");
        }
        List<SubLayerName> names = new ArrayList<>();
        for (String part : text.split(",")) {
            try {
                names.add(SubLayerName.parse(part));
            } catch (IllegalArgumentException e) {
                throw parameters.wrong(NAMES, expected, part.strip());
            }
        }
        return new RemovePass(parameters.spec(), names);
    }
}
