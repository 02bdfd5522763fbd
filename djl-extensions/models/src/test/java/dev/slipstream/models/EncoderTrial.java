package dev.slipstream.models;

import dev.slipstream.checkpoint.Pooling;
import dev.slipstream.decode.SentenceEncoder;
import dev.slipstream.evaluate.Evaluator;
import dev.slipstream.evaluate.SentencePair;
import dev.slipstream.evaluate.SentenceSimilarity;
import dev.slipstream.evaluate.Subject;
import dev.slipstream.graph.Anatomy;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.SubLayerName;
import dev.slipstream.pass.Removal;
import dev.slipstream.zoo.EncoderOptions;
import dev.slipstream.zoo.Models;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/** An encoder, and what it is worth without some of its sub-layers. */
final class EncoderTrial implements AutoCloseable {
    private final String location;
    private final EncoderOptions options;
    private final OnnxModel graph;
    private final List<String> sentences;
    private final Evaluator task;
    private final SentenceEncoder original;

    /**
     * Opens the encoder, for one thread.
     *
     * @param pairs by which it is judged; their sentences are what speed is measured on
     */
    EncoderTrial(String location, Pooling pooling, List<SentencePair> pairs) {
        this.location = location;
        this.options = EncoderOptions.defaults().withPooling(pooling).withThreads(1);
        this.graph = Models.encoderGraph(location);
        this.sentences =
                pairs.stream().flatMap(pair -> Stream.of(pair.first(), pair.second())).toList();
        this.task = new SentenceSimilarity("sts-b", pairs);
        this.original = Models.encoder(location, options);
    }

    OnnxModel graph() {
        return graph;
    }

    /** Returns a quarter of the number of its sub-layers. */
    int quarter() {
        return Anatomy.of(graph).layers().stream().mapToInt(l -> l.subLayers().size()).sum() / 4;
    }

    SentenceEncoder original() {
        return original;
    }

    double spearman() {
        return spearman(original);
    }

    double spearman(Collection<SubLayerName> removed) {
        try (SentenceEncoder shorter = open(removed)) {
            return spearman(shorter);
        }
    }

    private double spearman(SentenceEncoder encoder) {
        return task.evaluate(new Subject.Encoder(encoder)).value();
    }

    private SentenceEncoder open(Collection<SubLayerName> removed) {
        OnnxModel shorter = removed.isEmpty() ? graph : Removal.of(graph, removed);
        return Models.encoder(shorter, location, options);
    }

    /**
     * Returns sentences a second as a multiple of the original's: the median over rounds in which
     * both embed all sentences, one right after the other.
     */
    double speed(Collection<SubLayerName> removed, int rounds) {
        try (SentenceEncoder shorter = open(removed)) {
            double[] ratios = new double[rounds];
            List<int[]> tokens = sentences.stream().map(original::tokens).toList();
            seconds(original, tokens);
            seconds(shorter, tokens);
            for (int i = 0; i < rounds; i++) {
                ratios[i] = seconds(original, tokens) / seconds(shorter, tokens);
            }
            Arrays.sort(ratios);
            return ratios[rounds / 2];
        }
    }

    private static double seconds(SentenceEncoder encoder, List<int[]> tokens) {
        long start = System.nanoTime();
        encoder.encoder().embed(tokens);
        return (System.nanoTime() - start) / 1e9;
    }

    @Override
    public void close() {
        original.close();
    }
}
