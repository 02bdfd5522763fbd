package dev.slipstream.pass;

import dev.slipstream.graph.SubLayerName;
import java.util.Arrays;

/** Makes {@link SwitchPass}es. */
public final class SwitchFactory implements PassFactory {
    @Override
    public String name() {
        return SwitchPass.NAME;
    }

    @Override
    public String description() {
        return "puts sub-layers behind switches that each run sets: sub-layers=(feed-forward.3,attention.5)";
    }

    @Override
    public Pass create(Parameters parameters) {
        String names = "names such as feed-forward.3, separated by commas";
        String text = parameters.text("sub-layers", names);
        if (text == null) {
            throw parameters.wrong("sub-layers", names, "none");
        }
        try {
            return new SwitchPass(Arrays.stream(text.split(",")).map(SubLayerName::parse).toList());
        } catch (IllegalArgumentException e) {
            throw parameters.wrong("sub-layers", names, text);
        }
    }
}
