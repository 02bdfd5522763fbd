package dev.slipstream.samples.cli;

import dev.slipstream.zoo.CacheOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where beginnings of prompts are remembered from one call to the next. */
final class PrefixCacheOptions {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18})\\s*(B|KB|MB|GB|)");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--prefix-cache-file",
            paramLabel = "FILE",
            description =
                    "Remember what was read in this file, and read a prompt that begins like an"
                            + " earlier one from where they part. Default: nothing is remembered.")
    private @Nullable Path file;

    @Option(
            names = "--prefix-cache",
            paramLabel = "SIZE",
            description = "With --prefix-cache-file: how much is kept. Default: 64MB.")
    private @Nullable String size;

    /**
     * Returns what is remembered.
     *
     * @throws ParameterException if the size is wrong or there is no file
     * @throws IOException if the file could not be written
     */
    CacheOptions options() throws IOException {
        if (file == null) {
            if (size != null) {
                throw usage("--prefix-cache: expected --prefix-cache-file beside it, found none");
            }
            return CacheOptions.NONE;
        }
        long bytes = size == null ? CacheOptions.defaults().bytes() : bytes(size);
        OutputFile.check("--prefix-cache-file", file);
        return new CacheOptions(bytes, file);
    }

    private long bytes(String text) {
        Matcher matcher = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
        if (matcher.matches()) {
            int shift = 10 * "BKMG".indexOf((matcher.group(2) + "B").charAt(0));
            long number = Long.parseLong(matcher.group(1));
            if (number > 0 && number <= Long.MAX_VALUE >> shift) {
                return number << shift;
            }
        }
        throw usage("--prefix-cache: expected a size such as 256MB, found '" + text + "'");
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
