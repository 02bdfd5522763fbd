package dev.slipstream.operators;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.checkpoint.Precision;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.runtime.ContextAttention;
import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import dev.slipstream.runtime.Spinning;
import dev.slipstream.runtime.Turn;
import dev.slipstream.runtime.Visibility;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a start leaves behind of a model with native operators, opened by the next. */
class ReopenedModelTest {
    private static final int BLOCK = 8;
    private static final int CONTEXT = 64;

    @TempDir Path directory;

    @BeforeAll
    static void needsTheLibrary() {
        assumeTrue(NativeOperators.library().isPresent(), "built without a C++ compiler");
    }

    @ParameterizedTest
    @CsvSource({
        "LLAMA, FP32, NONE",
        "LLAMA, INT8, NONE",
        "LLAMA, INT4, NONE",
        "MISTRAL, FP32, LAYER_SKIP",
        "MISTRAL, INT8, LAYER_SKIP",
        "MISTRAL, INT4, LAYER_SKIP",
        "QWEN3, FP32, SLICE",
        "QWEN3, INT8, SLICE",
        "QWEN3, INT4, SLICE"
    })
    void hasTheSameBits(DrawnModel model, Precision precision, DrawnModel.Part part)
            throws IOException {
        model.write(directory, new Random(7));
        OnnxModel graph = DrawnModel.graph(directory, precision, part, CONTEXT);
        graph.metadata().put("note", "kept");
        RuntimeOptions options =
                new RuntimeOptions(1, Spinning.OFF, 1, 2).withKeptContextRows(BLOCK);
        Path saved = Files.createDirectory(directory.resolve("saved"));
        List<Float> expected;
        String runtime;
        try (DecoderModel plain = DecoderModel.open(graph, CONTEXT, options)) {
            expected = logits(plain);
            runtime = plain.runtime();
        }
        assertThat(runtime).contains("ragged-attention");
        try (DecoderModel first = DecoderModel.open(graph, CONTEXT, options, saved)) {
            assertThat(logits(first)).isEqualTo(expected);
        }
        try (DecoderModel second = DecoderModel.reopen(saved, CONTEXT, options)) {
            assertThat(logits(second)).isEqualTo(expected);
            assertThat(second.runtime()).isEqualTo(runtime);
            assertThat(second.metadata()).containsEntry("note", "kept");
            assertThat(second.drafts()).isEqualTo(part != DrawnModel.Part.NONE);
            assertThat(second.sharedSequences()).isEqualTo(2);
            assertThat(second.seesBlocks()).isTrue();
            assertThat(second.keptContextRows()).isEqualTo(BLOCK);
        }
    }

    /** Of a prompt, of a few tokens, of one; of a block, kept; and of one that is drafted. */
    private static List<Float> logits(DecoderModel model) {
        int[] tokens = new Random(3).ints(30, 0, DrawnModel.SHAPE.vocabulary()).toArray();
        List<Float> logits = new ArrayList<>();
        try (DecoderSession session = model.newSession()) {
            session.forward(tokens, 0, 17, LogitRows.LAST);
            Turn block =
                    new Turn(session, tokens, 17, 17 + BLOCK, LogitRows.ALL)
                            .withVisibility(Visibility.whole(BLOCK));
            for (ContextAttention context :
                    List.of(ContextAttention.KEPT, ContextAttention.REUSED)) {
                add(model.forward(block.withContext(context)).values(), logits);
                session.rollback(17);
            }
            session.rollback(0);
            int from = 0;
            for (int to : new int[] {17, 18, 22, 29}) {
                add(session.forward(tokens, from, to, LogitRows.ALL).values(), logits);
                from = to;
            }
            if (model.drafts()) {
                add(session.forward(tokens, 29, 30, LogitRows.LAST, Depth.DRAFT).values(), logits);
            }
        }
        return logits;
    }

    private static void add(FloatBuffer values, List<Float> to) {
        while (values.hasRemaining()) {
            to.add(values.get());
        }
    }
}
