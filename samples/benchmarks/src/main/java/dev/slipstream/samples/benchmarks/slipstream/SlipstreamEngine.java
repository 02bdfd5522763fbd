package dev.slipstream.samples.benchmarks.slipstream;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.decode.TokenStream;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.Logits;
import dev.slipstream.samples.benchmarks.peer.PeerEngine;
import dev.slipstream.samples.benchmarks.peer.Timing;
import dev.slipstream.schedule.BatchingGenerator;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Slipstream as it is asked in a comparison: texts and concurrent requests through the generator
 * that a user has, drawn tokens through a session of its decoder.
 */
final class SlipstreamEngine implements PeerEngine {
    private final TextGenerator generator;
    private final DecoderModel decoder;
    private final boolean concurrent;

    SlipstreamEngine(Path model, LoadOptions options) {
        concurrent = options.batching().maxActive() > 1;
        if (concurrent) {
            BatchingGenerator opened = Models.load(model.toString(), options);
            generator = opened;
            decoder = opened.model().decoder();
        } else {
            var opened = Models.open(model.toString(), options);
            generator = opened;
            decoder = opened.model().decoder();
        }
    }

    @Override
    public String name() {
        return "Slipstream";
    }

    @Override
    public String version() {
        String version = SlipstreamEngine.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    @Override
    public Timing prefill(int[] tokens) {
        try (DecoderSession session = decoder.newSession(tokens.length)) {
            long start = System.nanoTime();
            likeliest(session.forward(tokens, LogitRows.LAST));
            return Timing.of((System.nanoTime() - start) / 1e9);
        }
    }

    @Override
    public Timing decode(int[] prompt, int tokens) {
        try (DecoderSession session = decoder.newSession(prompt.length + tokens)) {
            long start = System.nanoTime();
            int[] last = {likeliest(session.forward(prompt, LogitRows.LAST))};
            long first = System.nanoTime();
            for (int i = 0; i < tokens; i++) {
                last[0] = likeliest(session.forward(last, LogitRows.LAST));
            }
            return Timing.between(start, first, System.nanoTime(), tokens, null);
        }
    }

    @Override
    public Timing generate(String prompt, int tokens) {
        GenerationOptions options =
                GenerationOptions.greedy().toBuilder().maxTokens(tokens).build();
        long start = System.nanoTime();
        long first = 0;
        int written = 0;
        StringBuilder text = new StringBuilder();
        try (TokenStream stream = generator.stream(generator.prompt(prompt), options)) {
            while (stream.hasNext()) {
                var chunk = stream.next();
                text.append(chunk.text());
                written += chunk.tokens().size();
                if (first == 0 && written > 0) {
                    first = System.nanoTime();
                }
            }
        }
        return Timing.between(start, first, System.nanoTime(), written, text.toString());
    }

    @Override
    public Timing streams(List<int[]> prompts, int tokens) {
        if (!concurrent && prompts.size() > 1) {
            throw new UnsupportedOperationException("opened for one request at a time");
        }
        GenerationOptions options =
                GenerationOptions.greedy().toBuilder()
                        .maxTokens(tokens)
                        .ignoreEndOfText(true)
                        .build();
        List<TokenStream> open = new ArrayList<>();
        long start = System.nanoTime();
        int written = 0;
        try {
            for (int[] prompt : prompts) {
                open.add(generator.stream(new Prompt("drawn tokens", prompt), options));
            }
            for (TokenStream stream : open) {
                written += stream.readAll().tokens().size();
            }
        } finally {
            open.forEach(TokenStream::close);
        }
        return new Timing((System.nanoTime() - start) / 1e9, 0, written, null);
    }

    @Override
    public void close() {
        generator.close();
    }

    private static int likeliest(Logits logits) {
        FloatBuffer row = logits.last();
        int best = 0;
        float most = row.get(0);
        for (int i = 1; i < row.limit(); i++) {
            float value = row.get(i);
            if (value > most) {
                most = value;
                best = i;
            }
        }
        return best;
    }
}
