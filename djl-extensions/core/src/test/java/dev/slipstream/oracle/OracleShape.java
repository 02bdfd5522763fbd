package dev.slipstream.oracle;

/**
 * The numbers of a model that its tensors do not hold.
 *
 * @param heads query heads
 * @param keyValueHeads key and value heads; query head h reads head h / (heads / keyValueHeads)
 * @param headSize elements of a head
 * @param epsilon what RMS norms add to the mean square
 * @param rope how positions turn queries and keys
 */
record OracleShape(int heads, int keyValueHeads, int headSize, double epsilon, OracleRope rope) {}
