package dev.slipstream.decode.template;

/** Text in the making, each character of which is paid for before it is made. */
final class Buffer {
    private final Rendering rendering;
    private final StringBuilder text = new StringBuilder();

    Buffer(Rendering rendering) {
        this.rendering = rendering;
    }

    Rendering rendering() {
        return rendering;
    }

    Buffer append(CharSequence more) {
        rendering.grow(more.length());
        text.append(more);
        return this;
    }

    Buffer append(char more) {
        rendering.grow(1);
        text.append(more);
        return this;
    }

    Buffer repeat(String what, long times) {
        if (times > 0 && !what.isEmpty()) {
            rendering.grow(saturatedProduct(what.length(), times));
            text.append(what.repeat((int) times));
        }
        return this;
    }

    static long saturatedProduct(long a, long b) {
        try {
            return Math.multiplyExact(a, b);
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE / 4;
        }
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
