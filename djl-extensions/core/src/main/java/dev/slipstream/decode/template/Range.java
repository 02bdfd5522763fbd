package dev.slipstream.decode.template;

import java.util.AbstractList;

/** Python's {@code range}: numbers that are counted, never stored. */
final class Range extends AbstractList<Object> {
    private final long start;
    private final long step;
    private final int size;

    Range(long start, long stop, long step) {
        if (step == 0) {
            throw new TemplateException("range() step must not be zero");
        }
        this.start = start;
        this.step = step;
        try {
            long span =
                    step > 0 ? Math.subtractExact(stop, start) : Math.subtractExact(start, stop);
            long stride = step > 0 ? step : Math.negateExact(step);
            this.size = span <= 0 ? 0 : Math.toIntExact((span - 1) / stride + 1);
        } catch (ArithmeticException e) {
            throw new TemplateException("range() is too long");
        }
    }

    @Override
    public Object get(int index) {
        return start + index * step;
    }

    @Override
    public int size() {
        return size;
    }
}
