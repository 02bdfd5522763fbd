package dev.slipstream.samples.benchmarks.result;

/**
 * What is measured.
 *
 * @param kind of measurement
 * @param size tokens of the prompt, of a text, or streams, as the kind says; 0 where it has none
 */
public record Figure(Kind kind, int size) {
    /** Kinds of measurement. */
    public enum Kind {
        /** Reading a prompt of so many tokens. */
        PREFILL("prefill %d", Unit.RATE),
        /** Decoding after a prompt of so many tokens. */
        DECODE("decode after %d", Unit.RATE),
        /** From a prompt of so many tokens to the first token. */
        FIRST_TOKEN("first token after %d", Unit.SECONDS),
        /** Decoding so many requests at once, reading their prompts too. */
        STREAMS("%d streams", Unit.RATE),
        /** Continuing real texts by so many tokens, reading them too. */
        GENERATE("texts of %d", Unit.RATE),
        /** Opening the model in a new process that has nothing left from an earlier one. */
        LOAD_COLD("load, first start", Unit.SECONDS),
        /** Opening it once more. */
        LOAD_WARM("load, next start", Unit.SECONDS),
        /**
         * A whole process: start, open, decode so many tokens; nothing left from an earlier one.
         */
        COLD_START("first start to %d tokens", Unit.SECONDS),
        /** The same once more. */
        WARM_START("next start to %d tokens", Unit.SECONDS),
        /** Memory of the process after all runs. */
        RESIDENT("resident memory", Unit.BYTES),
        /** The most that it had. */
        PEAK("peak memory", Unit.BYTES);

        private final String format;
        private final Unit unit;

        Kind(String format, Unit unit) {
            this.format = format;
            this.unit = unit;
        }

        /** Returns the unit of its values. */
        public Unit unit() {
            return unit;
        }
    }

    /** Units of values. */
    public enum Unit {
        /** Tokens a second. */
        RATE,
        /** Seconds. */
        SECONDS,
        /** Bytes. */
        BYTES
    }

    /** Returns what tables call it. */
    public String label() {
        return kind.format.formatted(size);
    }

    /** Returns by how much a value is better than another: above 1 it is. */
    public double advantage(double value, double other) {
        return kind.unit == Unit.RATE ? value / other : other / value;
    }
}
