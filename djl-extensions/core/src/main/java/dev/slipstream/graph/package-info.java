/**
 * An ONNX model as an object that one can read, edit and write; which nodes are which sub-layer.
 */
@NullMarked
package dev.slipstream.graph;

import org.jspecify.annotations.NullMarked;
