/**
 * Operators for ONNX Runtime that it does not have, in C++: attention whose bits do not depend on
 * how many rows are computed together.
 */
@NullMarked
package dev.slipstream.operators;

import org.jspecify.annotations.NullMarked;
