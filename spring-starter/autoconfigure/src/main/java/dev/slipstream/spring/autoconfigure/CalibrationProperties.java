package dev.slipstream.spring.autoconfigure;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The text that passes decide by; not one that the result is judged by.
 *
 * @param text UTF-8 files, plain or packed with gzip; the plan's own if left out.
 * @param sequences How many pieces of it passes look at; 10 if neither this nor the plan says.
 * @param length Tokens of a piece; 256 if neither this nor the plan says.
 */
public record CalibrationProperties(
        @Nullable List<Path> text, @Nullable Integer sequences, @Nullable Integer length) {}
