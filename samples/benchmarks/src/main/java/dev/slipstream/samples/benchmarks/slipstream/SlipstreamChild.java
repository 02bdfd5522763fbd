package dev.slipstream.samples.benchmarks.slipstream;

import dev.slipstream.samples.benchmarks.peer.PeerLoop;

/** The process in which Slipstream is measured. */
final class SlipstreamChild {
    private SlipstreamChild() {}

    /**
     * Opens a model and answers.
     *
     * @param arguments {@code MODEL THREADS CONTEXT} and the options of {@link SlipstreamSettings}
     */
    public static void main(String[] arguments) throws Exception {
        System.setProperty("ai.djl.offline", "true");
        PeerLoop.run(
                arguments,
                asked -> new SlipstreamEngine(asked.model(), SlipstreamSettings.of(asked)));
    }
}
