package dev.slipstream.pass;

import java.util.List;

/** Makes {@link SlicePass}es. */
public final class SliceFactory implements PassFactory {
    @Override
    public String name() {
        return SlicePass.NAME;
    }

    @Override
    public String description() {
        return "cuts feed-forwards to their first neurons: width=192, widths=(96,96,...) or parameters=0.5";
    }

    @Override
    public Pass create(Parameters parameters) {
        List<Integer> widths = parameters.wholes("widths", 1);
        Integer width = parameters.whole("width", 1, Integer.MAX_VALUE);
        Double budget = parameters.number("parameters", Double.MIN_VALUE, Double.MAX_VALUE);
        Training training = parameters.flag("untrained", false) ? Training.ANY : Training.NESTED;
        int given = (widths.isEmpty() ? 0 : 1) + (width == null ? 0 : 1) + (budget == null ? 0 : 1);
        if (given != 1) {
            throw new PassException(
                    "pass %s: expected one of width, widths and parameters, found %d of them"
                            .formatted(SlicePass.NAME, given));
        }
        if (budget != null) {
            return new SlicePass(new Width.Budget(budget), training);
        }
        return new SlicePass(new Width.Each(width == null ? widths : List.of(width)), training);
    }
}
