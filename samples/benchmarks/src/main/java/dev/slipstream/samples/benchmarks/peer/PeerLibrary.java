package dev.slipstream.samples.benchmarks.peer;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The jars of a peer, which only the Maven profile {@code peers} fetches, and the child's own
 * source where it cannot be compiled without them.
 *
 * @param folder with the jars, {@code target/peers/<name>}
 * @param artifact the start of the main jar's name
 */
public record PeerLibrary(Path folder, String artifact) {
    private static final String SOURCES = "/dev/slipstream/samples/benchmarks/peer/";

    /**
     * Returns the folder that the profile {@code peers} fills, beside this program's own classes.
     */
    public static Path home() {
        try {
            Path classes =
                    Path.of(
                            PeerLibrary.class
                                    .getProtectionDomain()
                                    .getCodeSource()
                                    .getLocation()
                                    .toURI());
            return classes.resolveSibling("peers");
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns why the peer cannot be started, and what to do; null if it can. */
    public @Nullable String missing() {
        if (mainJar() != null) {
            return null;
        }
        return folder
                + ": expected "
                + artifact
                + "-*.jar, found none; fetch the peers with mvn -Ppeers -pl samples/benchmarks -am package";
    }

    /** Returns the main jar's version. */
    String version() {
        Path jar = required();
        Matcher name =
                Pattern.compile(Pattern.quote(artifact) + "-(.+?)(-linux.*)?\\.jar")
                        .matcher(jar.getFileName().toString());
        return name.matches() ? name.group(1) : "unknown";
    }

    /** Returns the class path of a child: the peer's jars before ours. */
    String classPath(@Nullable Path compiled) {
        required();
        List<String> path = new ArrayList<>();
        if (compiled != null) {
            path.add(compiled.toString());
        }
        path.add(folder + "/*");
        path.add(System.getProperty("java.class.path"));
        return String.join(System.getProperty("path.separator"), path);
    }

    /**
     * Compiles a child's source with its peer's jars; a source launcher would do it too, but would
     * keep the compiler in the memory that is measured.
     *
     * @param jdk that runs it, a directory with {@code bin/javac}
     * @param name of the class
     * @param options of the compiler
     * @return the directory of the classes
     * @throws IOException if it does not compile
     */
    Path compile(Path jdk, String name, List<String> options) throws IOException {
        Path folder = Files.createDirectories(this.folder.resolve("child"));
        Path source = folder.resolve(name + ".java");
        String text;
        try (InputStream in = PeerLibrary.class.getResourceAsStream(SOURCES + name + ".java")) {
            if (in == null) {
                throw new IOException(name + ".java is not on the class path");
            }
            text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        Path done = folder.resolve(name + ".compiled");
        String signature = jdk + "\n" + text;
        if (Files.exists(done) && Files.readString(done).equals(signature)) {
            return folder;
        }
        Files.writeString(source, text);
        List<String> command = new ArrayList<>();
        command.add(jdk.resolve("bin/javac").toString());
        command.addAll(options);
        command.addAll(List.of("-nowarn", "-proc:none", "-d", folder.toString()));
        command.addAll(List.of("-cp", classPath(null), source.toString()));
        Path log = folder.resolve("javac.log");
        Process javac =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        try {
            if (javac.waitFor() != 0) {
                throw new IOException(
                        source + ": does not compile: " + Files.readString(log).strip());
            }
        } catch (InterruptedException e) {
            javac.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while compiling " + source, e);
        }
        Files.writeString(done, signature);
        return folder;
    }

    private Path required() {
        Path jar = mainJar();
        if (jar == null) {
            throw new IllegalStateException(missing());
        }
        return jar;
    }

    private @Nullable Path mainJar() {
        if (!Files.isDirectory(folder)) {
            return null;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(
                            file ->
                                    file.getFileName()
                                            .toString()
                                            .matches(Pattern.quote(artifact) + "-\\d.*\\.jar"))
                    .findFirst()
                    .orElse(null);
        } catch (IOException e) {
            throw new IllegalStateException(folder + ": cannot be listed: " + e.getMessage(), e);
        }
    }
}
