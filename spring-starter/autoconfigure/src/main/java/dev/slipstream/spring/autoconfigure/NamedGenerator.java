package dev.slipstream.spring.autoconfigure;

import dev.slipstream.decode.EffortLevels;
import dev.slipstream.decode.ForwardingGenerator;
import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.LanguageModel;
import dev.slipstream.pass.Pipeline;
import dev.slipstream.schedule.BatchingGenerator;
import dev.slipstream.schedule.SharedGenerator;
import java.util.List;

/** A model under the name and with the defaults that the application gives it. */
final class NamedGenerator extends ForwardingGenerator {
    private final String name;
    private final String location;
    private final SharedGenerator queue;
    private final GenerationOptions defaults;
    private final List<String> passes;
    private final List<String> efforts;
    private volatile boolean closed;

    NamedGenerator(
            String name, String location, SharedGenerator queue, GenerationOptions defaults) {
        super(queue);
        this.name = name;
        this.location = location;
        this.queue = queue;
        this.defaults = defaults;
        LanguageModel model = queue instanceof BatchingGenerator own ? own.model() : null;
        passes = model == null ? List.of() : Pipeline.applied(model.decoder().metadata());
        efforts =
                model == null
                        ? List.of()
                        : model.efforts().levels().stream().map(EffortLevels.Level::name).toList();
    }

    ModelStatus status() {
        return new ModelStatus(
                name,
                location,
                passes,
                efforts,
                queue.contextLength(),
                queue.active(),
                queue.queued(),
                queue instanceof BatchingGenerator batching ? batching.keyValueBytes() : null,
                queue instanceof BatchingGenerator batching && batching.cache() != null
                        ? batching.cache().statistics()
                        : null,
                closed);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public GenerationOptions defaults() {
        return defaults;
    }

    @Override
    public void close() {
        closed = true;
        super.close();
    }
}
