package dev.slipstream.zoo;

import ai.djl.repository.zoo.ModelLoader;
import ai.djl.repository.zoo.ModelZoo;
import java.util.Collection;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The models in jars on the class path; looked up when first asked for. */
final class SlipstreamModelZoo extends ModelZoo {
    static final String GROUP = "dev.slipstream";

    private boolean listed;

    @Override
    public String getGroupId() {
        return GROUP;
    }

    @Override
    public Set<String> getSupportedEngines() {
        return Set.of(SlipstreamEngine.NAME);
    }

    @Override
    public Collection<ModelLoader> getModelLoaders() {
        list();
        return super.getModelLoaders();
    }

    @Override
    public @Nullable ModelLoader getModelLoader(String name) {
        list();
        return super.getModelLoader(name);
    }

    private synchronized void list() {
        if (!listed) {
            Models.embedded().forEach(name -> addModel(SlipstreamRepository.of(name).resource()));
            listed = true;
        }
    }
}
