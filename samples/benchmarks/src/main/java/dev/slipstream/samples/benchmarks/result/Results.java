package dev.slipstream.samples.benchmarks.result;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All that one comparison found out.
 *
 * @param command line that made it
 * @param rounds of each run
 * @param tokens that were decoded in each
 * @param foreignLimit share of the machine that others may use during a run that counts, 0 to 1
 * @param quietOnly whether runs beyond that limit are left out
 * @param machine that measured
 * @param bandwidth of its memory
 * @param samples every value
 * @param traffic what decoding must read
 * @param operators where Slipstream's and the plain loop's time goes
 * @param lossy what settings that change the text gain and cost
 * @param notes what could not be measured, and why
 */
public record Results(
        String command,
        int rounds,
        int tokens,
        double foreignLimit,
        boolean quietOnly,
        Machine machine,
        List<Bandwidth> bandwidth,
        List<Sample> samples,
        List<Traffic> traffic,
        List<OperatorShare> operators,
        List<Lossy> lossy,
        List<Note> notes) {
    private static final Gson GSON = new GsonBuilder().create();

    /** Copies the lists. */
    public Results {
        bandwidth = List.copyOf(bandwidth);
        samples = List.copyOf(samples);
        traffic = List.copyOf(traffic);
        operators = List.copyOf(operators);
        lossy = List.copyOf(lossy);
        notes = List.copyOf(notes);
    }

    /**
     * Reading speed of the memory.
     *
     * @param threads that read
     * @param bytes that were read, again and again
     * @param median bytes a second
     * @param most the fastest pass: the limit
     */
    public record Bandwidth(int threads, long bytes, double median, double most) {}

    /**
     * Bytes that one token reads.
     *
     * @param model shape or name of the weights
     * @param weights precision
     * @param contender whose forms these are
     * @param weightBytes of every matrix that each token is multiplied with
     * @param cacheBytes of keys and values for each earlier token
     */
    public record Traffic(
            String model,
            String weights,
            String contender,
            double weightBytes,
            double cacheBytes) {}

    /**
     * An operator's share of the time of all kernels.
     *
     * @param model shape or name of the weights
     * @param weights precision
     * @param contender whose session
     * @param run what it did
     * @param operator type of the node
     * @param calls of it for one run of the graph
     * @param share 0 to 1
     */
    public record OperatorShare(
            String model,
            String weights,
            String contender,
            String run,
            String operator,
            double calls,
            double share) {}

    /**
     * A setting that changes the text.
     *
     * @param model name
     * @param weights precision
     * @param setting passes and gates
     * @param speed tokens a second over those of the plain model: median, least, most
     * @param perplexityBefore of the plain model
     * @param perplexityAfter of the setting
     * @param agreement share of tokens where both find the same one likeliest
     */
    public record Lossy(
            String model,
            String weights,
            String setting,
            List<Double> speed,
            double perplexityBefore,
            double perplexityAfter,
            double agreement) {
        /** Copies the list. */
        public Lossy {
            speed = List.copyOf(speed);
        }
    }

    /**
     * Something that could not be measured.
     *
     * @param where model, weights, threads
     * @param contender whom it is about
     * @param message why
     */
    public record Note(String where, String contender, String message) {}

    /** Returns these results with those of other parts of the same comparison. */
    public Results with(Results more) {
        return new Results(
                command + "\n" + more.command,
                Math.min(rounds, more.rounds),
                tokens,
                foreignLimit,
                quietOnly,
                machine.with(more.machine.versions()),
                joined(bandwidth, more.bandwidth),
                joined(samples, more.samples),
                joined(traffic, more.traffic),
                joined(operators, more.operators),
                joined(lossy, more.lossy),
                joined(notes, more.notes));
    }

    private static <T> List<T> joined(List<T> first, List<T> second) {
        return Stream.concat(first.stream(), second.stream()).distinct().toList();
    }

    /**
     * Reads a results file.
     *
     * @throws IOException if it is none
     */
    public static Results read(Path file) throws IOException {
        @Nullable Results results;
        try {
            results = GSON.fromJson(Files.readString(file), Results.class);
        } catch (JsonParseException e) {
            throw new IOException(
                    file + ": expected results of a comparison: " + e.getMessage(), e);
        }
        if (results == null) {
            throw new IOException(file + ": expected results of a comparison, found nothing");
        }
        return results;
    }

    /** Writes a results file, a sample a line. */
    public void write(Path file) throws IOException {
        Files.writeString(file, GSON.toJson(this).replace("},{", "},\n{") + "\n");
    }
}
