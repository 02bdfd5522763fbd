package dev.slipstream.zoo;

import ai.djl.Application;
import ai.djl.repository.AbstractRepository;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import ai.djl.repository.Metadata;
import ai.djl.util.Progress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A repository with one model, which is opened where it lies. */
final class SlipstreamRepository extends AbstractRepository {
    private final String location;
    private final Map<String, String> query;

    private SlipstreamRepository(String location, URI uri, Map<String, String> query) {
        super(location, uri);
        this.location = location;
        this.query = query;
    }

    static SlipstreamRepository of(String location) {
        return of(location, Map.of());
    }

    /**
     * Returns the repository that a URL names.
     *
     * @param url such as {@code slipstream:storyteller-7m?drafter=prompt-lookup&max_new_tokens=50}
     * @throws IllegalArgumentException if its query has a name that is no option and no argument
     */
    static SlipstreamRepository of(URI url) {
        String[] parts = url.getRawSchemeSpecificPart().split("\\?", 2);
        Map<String, String> query = new LinkedHashMap<>();
        if (parts.length == 2) {
            for (String pair : parts[1].split("&")) {
                String[] sides = pair.split("=", 2);
                query.put(decoded(sides[0]), sides.length == 2 ? decoded(sides[1]) : "");
            }
        }
        Set<String> known = new TreeSet<>(LoadArguments.names());
        known.addAll(RequestArguments.names());
        for (String name : query.keySet()) {
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                        "%s: option %s: expected one of %s, found no option of that name"
                                .formatted(url, name, known));
            }
        }
        return of(decoded(parts[0]), query);
    }

    /** A plus sign stands for itself, as everywhere in URLs but in forms. */
    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static SlipstreamRepository of(String location, Map<String, String> query) {
        try {
            return new SlipstreamRepository(location, new URI("slipstream", location, null), query);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "expected a model name or a path after slipstream:, found " + location, e);
        }
    }

    MRL resource() {
        String name = Path.of(location).getFileName().toString();
        return model(Application.NLP.TEXT_GENERATION, SlipstreamModelZoo.GROUP, name, "1.0");
    }

    @Override
    public List<MRL> getResources() {
        return List.of(resource());
    }

    @Override
    public boolean isRemote() {
        return false;
    }

    @Override
    public Metadata locate(MRL mrl) {
        Artifact artifact = new Artifact();
        artifact.setName(mrl.getArtifactId());
        artifact.setVersion("1.0");
        artifact.setFiles(Map.of());
        Map<String, Object> arguments = new LinkedHashMap<>();
        arguments.put("engine", SlipstreamEngine.NAME);
        arguments.put("translatorFactory", SlipstreamTranslatorFactory.class.getName());
        Map<String, String> options = new LinkedHashMap<>(query);
        options.keySet().retainAll(LoadArguments.names());
        arguments.putAll(query);
        arguments.keySet().removeAll(options.keySet());
        artifact.setArguments(arguments);
        artifact.setOptions(options);
        Metadata metadata = new Metadata.MatchAllMetadata();
        metadata.setApplication(mrl.getApplication());
        metadata.setGroupId(mrl.getGroupId());
        metadata.setArtifactId(mrl.getArtifactId());
        metadata.setRepositoryUri(URI.create(""));
        metadata.setArtifacts(List.of(artifact));
        return metadata;
    }

    @Override
    public Artifact resolve(MRL mrl, @Nullable Map<String, String> filter) {
        return locate(mrl).getArtifacts().get(0);
    }

    @Override
    public Path getResourceDirectory(Artifact artifact) {
        return Path.of(location);
    }

    @Override
    public void prepare(Artifact artifact, @Nullable Progress progress) {}
}
