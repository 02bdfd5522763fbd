package dev.slipstream.decode.draft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.decode.Draft;
import dev.slipstream.decode.DraftLimit;
import dev.slipstream.decode.Drafter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Proposals against counting all occurrences in all documents. */
class CorpusTest {
    private static final CorpusOrigin ORIGIN = new CorpusOrigin("tokenizer", "");

    @TempDir private Path directory;

    @Test
    void theMostFrequentContinuationIsProposed() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int proposed = 0;
        for (int trial = 0; trial < 60; trial++) {
            List<int[]> documents = new ArrayList<>();
            for (int i = 1 + random.nextInt(6); i > 0; i--) {
                documents.add(Texts.random(random, 120));
            }
            documents.add(new int[] {3});
            CorpusIndex index = index(documents);
            int shortest = 1 + random.nextInt(3);
            int[] text = Texts.random(random, 60);
            Drafter drafter = new Quoting(index, shortest);
            int known = 0;
            while (known < text.length) {
                int more = Math.min(text.length, known + 1 + random.nextInt(3));
                drafter.extend(text, known, more);
                known = more;
                DraftLimit limit = new DraftLimit(random.nextInt(8), random.nextDouble() / 2);
                Draft draft = drafter.propose(limit);
                proposed += draft.length();
                String where = "seed %d, trial %d, length %d".formatted(seed, trial, known);
                check(draft, documents, Arrays.copyOf(text, known), shortest, limit, where);
            }
        }
        assertThat(proposed).as("seed %d", seed).isPositive();
    }

    private static void check(
            Draft draft,
            List<int[]> documents,
            int[] text,
            int shortest,
            DraftLimit limit,
            String where) {
        int match = Math.min(Corpus.LONGEST_MATCH, text.length);
        while (match >= shortest && count(documents, end(text, match)) == 0) {
            match--;
        }
        List<Integer> tokens = new ArrayList<>();
        List<Double> confidences = new ArrayList<>();
        int[] run = end(text, Math.max(match, 0));
        while (match >= shortest && tokens.size() < limit.tokens()) {
            Map<Integer, Integer> next = continuations(documents, run);
            int best = next.values().stream().max(Integer::compare).orElse(0);
            double confidence = best / (count(documents, run) + 3.0 / run.length);
            if (best == 0 || confidence < limit.leastConfidence()) {
                break;
            }
            int token =
                    next.entrySet().stream()
                            .filter(e -> e.getValue() == best)
                            .findFirst()
                            .get()
                            .getKey();
            tokens.add(token);
            confidences.add(confidence);
            run = Arrays.copyOf(run, run.length + 1);
            run[run.length - 1] = token;
        }
        assertThat(draft.tokens())
                .as(where)
                .isEqualTo(tokens.stream().mapToInt(Integer::intValue).toArray());
        assertThat(draft.confidences())
                .as(where)
                .containsExactly(
                        confidences.stream().mapToDouble(Double::doubleValue).toArray(),
                        within(1e-12));
    }

    private static int[] end(int[] text, int length) {
        return Arrays.copyOfRange(text, text.length - length, text.length);
    }

    private static int count(List<int[]> documents, int[] run) {
        int count = 0;
        for (int[] document : documents) {
            for (int i = 0; i + run.length <= document.length; i++) {
                count += isAt(document, i, run) ? 1 : 0;
            }
        }
        return count;
    }

    private static Map<Integer, Integer> continuations(List<int[]> documents, int[] run) {
        Map<Integer, Integer> counts = new TreeMap<>();
        for (int[] document : documents) {
            for (int i = 0; i + run.length < document.length; i++) {
                if (isAt(document, i, run)) {
                    counts.merge(document[i + run.length], 1, Integer::sum);
                }
            }
        }
        return counts;
    }

    private static boolean isAt(int[] document, int at, int[] run) {
        return Arrays.equals(document, at, at + run.length, run, 0, run.length);
    }

    @Test
    void aFrequentTokenAmongManyIsFound() throws IOException {
        Random random = new Random(11);
        List<int[]> documents = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            int next = i % 20 == 0 ? 777 : 1_000 + random.nextInt(20_000);
            documents.add(new int[] {5, 6, next, 9});
        }
        Drafter drafter = new Quoting(index(documents), 2);
        drafter.extend(new int[] {5, 6}, 0, 2);
        Draft draft = drafter.propose(new DraftLimit(2, 0));
        assertThat(draft.tokens()).containsExactly(777, 9);
        assertThat(draft.confidences()[0]).isEqualTo(150 / 3_001.5);
    }

    @Test
    void aDraftEndsWithItsDocument() throws IOException {
        Drafter drafter = new Quoting(index(List.of(new int[] {1, 2, 3}, new int[] {4, 5, 6})), 2);
        drafter.extend(new int[] {1, 2}, 0, 2);
        assertThat(drafter.propose(new DraftLimit(9, 0)).tokens()).containsExactly(3);
    }

    @Test
    void anImpossibleMatchIsRefused() throws IOException {
        CorpusIndex index = index(List.of(new int[] {1}));
        for (int shortest : new int[] {0, Corpus.LONGEST_MATCH + 1}) {
            assertThatThrownBy(() -> new Corpus(index, shortest))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(
                            "shortestMatch: expected 1 to 16 tokens, found " + shortest);
        }
    }

    private CorpusIndex index(List<int[]> documents) throws IOException {
        Path file = directory.resolve("test.corpus");
        CorpusIndex.write(file, documents, ORIGIN);
        return CorpusIndex.open(file, ORIGIN.tokenizer());
    }
}
