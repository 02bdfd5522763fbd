package dev.slipstream.zoo;

/** What the weights are stored in that runs of many tokens use, as the reading of a prompt. */
public enum PrefillWeights {
    /** The same as for all other runs. */
    SAME,
    /** Bytes, one scale for each output, beside the others: two to three times as fast there. */
    INT8
}
