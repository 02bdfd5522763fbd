package dev.slipstream.samples.cli;

import dev.slipstream.zoo.BlockOptions;
import dev.slipstream.zoo.DecoderKind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/**
 * A way to write by blocks, as the command line names it.
 *
 * @param name what was said of it
 * @param options what that means
 */
record BlockWay(String name, BlockOptions options) {
    /** Reads settings as {@code name=value}, by blanks. */
    static BlockWay parse(CommandSpec spec, String text) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("decoder", DecoderKind.BLOCKS.label());
        for (String setting : text.strip().split("\\s+")) {
            int equals = setting.indexOf('=');
            String name = equals < 0 ? setting : setting.substring(0, equals);
            if (setting.isEmpty()) {
                continue;
            }
            if (equals < 0 || !BlockOptions.tuning().contains(name)) {
                throw Usage.error(
                        spec,
                        "--way: expected settings as name=value, by blanks, with the names %s, found '%s'"
                                .formatted(BlockOptions.tuning(), setting));
            }
            if (values.put(name, setting.substring(equals + 1)) != null) {
                throw Usage.error(spec, "--way: expected %s once, found it twice".formatted(name));
            }
        }
        try {
            return new BlockWay(
                    text.isBlank() ? "usual" : text.strip(), BlockOptions.parse(values::get));
        } catch (IllegalArgumentException e) {
            throw Usage.error(spec, "--way: " + e.getMessage());
        }
    }

    /** Returns how to open a model that is to write in all of these ways. */
    static BlockOptions opening(List<BlockWay> ways) {
        return ways.stream()
                .map(BlockWay::options)
                .filter(options -> options.contextReuse() != null)
                .findFirst()
                .orElse(ways.get(0).options());
    }
}
