package dev.slipstream.zoo;

import ai.djl.Application;
import ai.djl.repository.AbstractRepository;
import ai.djl.repository.Artifact;
import ai.djl.repository.MRL;
import ai.djl.repository.Metadata;
import ai.djl.util.Progress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A repository with one model, which is opened where it lies. */
final class SlipstreamRepository extends AbstractRepository {
    private final String location;

    private SlipstreamRepository(String location, URI uri) {
        super(location, uri);
        this.location = location;
    }

    static SlipstreamRepository of(String location) {
        try {
            return new SlipstreamRepository(location, new URI("slipstream", location, null));
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
        artifact.setArguments(arguments);
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
