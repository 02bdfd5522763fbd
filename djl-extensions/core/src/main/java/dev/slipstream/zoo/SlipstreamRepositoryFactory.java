package dev.slipstream.zoo;

import ai.djl.repository.Repository;
import ai.djl.repository.RepositoryFactory;
import java.net.URI;
import java.util.Set;

/**
 * Lets DJL open {@code slipstream:} URLs: {@code slipstream:stories260k} is an embedded model,
 * {@code slipstream:/models/mine} a directory or an ONNX file; {@code ?drafter=prompt-lookup} and
 * the like give options of the model and defaults of its requests.
 */
public final class SlipstreamRepositoryFactory implements RepositoryFactory {
    @Override
    public Repository newInstance(String name, URI uri) {
        return SlipstreamRepository.of(uri);
    }

    @Override
    public Set<String> getSupportedScheme() {
        return Set.of("slipstream");
    }
}
