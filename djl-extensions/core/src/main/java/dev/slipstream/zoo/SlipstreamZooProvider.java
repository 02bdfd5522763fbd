package dev.slipstream.zoo;

import ai.djl.repository.zoo.ModelZoo;
import ai.djl.repository.zoo.ZooProvider;

/** Lets DJL find the models in jars on the class path, under the group {@code dev.slipstream}. */
public final class SlipstreamZooProvider implements ZooProvider {
    @Override
    public ModelZoo getModelZoo() {
        return new SlipstreamModelZoo();
    }
}
