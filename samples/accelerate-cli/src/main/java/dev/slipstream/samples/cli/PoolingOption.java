package dev.slipstream.samples.cli;

import dev.slipstream.checkpoint.Pooling;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option that says what a sentence encoder's vector is. */
final class PoolingOption {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command = CommandSpec.create();

    @Option(
            names = "--pooling",
            paramLabel = "mean|cls",
            description =
                    "For a sentence encoder: whether its vector is the mean of the tokens' (MiniLM,"
                            + " E5) or that of the first (BGE). Default: what its files say, or the mean.")
    private @Nullable Pooling pooling;

    /** Returns what is asked for; null leaves it to the model's files. */
    @Nullable Pooling value() {
        return pooling;
    }

    /** Refuses it for a model that is no encoder. */
    void requireNone(String location) {
        if (pooling != null) {
            throw new ParameterException(
                    command.commandLine(),
                    "--pooling: expected it for a sentence encoder only, found it for the decoder "
                            + location);
        }
    }
}
