package dev.slipstream.pass;

/** Makes gates that let each run choose feed-forward widths. */
public final class ElasticFactory implements PassFactory {
    @Override
    public String name() {
        return ElasticPass.NAME;
    }

    @Override
    public String description() {
        return "lets each run choose feed-forward widths of a nested model: widths=(96,192,384,768)";
    }

    @Override
    public Pass create(Parameters parameters) {
        return new ElasticPass(
                parameters.wholes("widths", 1),
                parameters.flag("untrained", false) ? Training.ANY : Training.NESTED);
    }
}
