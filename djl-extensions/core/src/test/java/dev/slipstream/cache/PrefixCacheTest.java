package dev.slipstream.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.runtime.DecoderModel;
import dev.slipstream.runtime.DecoderSession;
import dev.slipstream.runtime.Depth;
import dev.slipstream.runtime.LogitRows;
import dev.slipstream.runtime.RuntimeOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {
    private static final int PAGE = 4;

    private final DecoderModel model = EchoModel.open();
    private final long pageBytes = PAGE * model.bytesPerToken();
    private final PrefixCache cache = new PrefixCache(model, 9 * pageBytes, PAGE);

    @AfterEach
    void close() {
        model.close();
    }

    @Test
    void aChatGoesOnWhereItStopped() {
        int[] chat = EchoModel.text(new Random(1), 30);
        int known = 0;
        for (int turn : new int[] {6, 13, 15, 23, 30}) {
            int[] prompt = Arrays.copyOf(chat, turn);
            try (DecoderSession session = model.newSession()) {
                assertThat(cache.restore(session, prompt, turn - 1)).isEqualTo(known);
                session.forward(prompt, known, turn - 1, LogitRows.LAST);
                cache.store(session);
                session.forward(prompt, turn - 1, turn, LogitRows.LAST);
                cache.store(session);
                known = turn;
            }
            // No page twice: a longer one takes the place of its own beginning.
            assertThat(cache.statistics().pages()).isEqualTo((turn + PAGE - 1) / PAGE);
        }
        assertThat(cache.statistics().tokensSaved()).isEqualTo(6 + 13 + 15 + 23);
        assertThat(cache.statistics().hits()).isEqualTo(4);
        assertThat(cache.statistics().lookups()).isEqualTo(5);
        assertThat(cache.statistics().evictions()).isZero();
    }

    @Test
    void whatIsKnownIsNotCopiedAgain() {
        EchoModel.store(cache, model, 1, 2, 3, 1, 2);
        assertThat(cache.statistics().tokensStored()).isEqualTo(5);
        EchoModel.store(cache, model, 1, 2, 3, 1, 2);
        EchoModel.store(cache, model, 1, 2, 3);
        assertThat(cache.statistics().tokensStored()).isEqualTo(5);
        EchoModel.store(cache, model, 1, 2, 3, 1, 3);
        assertThat(cache.statistics().tokensStored()).isEqualTo(6);
        assertThat(cache.statistics().pages()).isEqualTo(3);
    }

    @Test
    void memoryIsTakenAsNeededAndUsedAgain() {
        assertThat(cache.statistics().bytes()).isZero();
        EchoModel.store(cache, model, 1, 2, 3, 1, 2);
        assertThat(cache.statistics().bytes()).isEqualTo(2 * pageBytes);
        cache.clear();
        assertThat(cache.statistics().pages()).isZero();
        EchoModel.store(cache, model, 3, 2, 3, 1, 2);
        assertThat(cache.statistics().bytes()).isEqualTo(2 * pageBytes);
    }

    @Test
    void aClosedCacheRemembersNothing() {
        EchoModel.store(cache, model, 1, 2, 3, 1, 2);
        cache.close();
        EchoModel.store(cache, model, 1, 2, 3, 1, 2);
        assertThat(EchoModel.restored(cache, model, new int[] {1, 2, 3}, 2)).isZero();
        assertThat(cache.statistics().bytes()).isZero();
    }

    @Test
    void draftedTokensAreLeftOut() {
        int[] text = {1, 2, 3, 4, 5, 6};
        try (DecoderSession session = model.newSession()) {
            session.forward(text, 0, 3, LogitRows.LAST);
            session.forward(text, 3, 5, LogitRows.LAST, Depth.DRAFT);
            session.forward(text, 5, 6, LogitRows.LAST);
            cache.store(session);
            assertThat(EchoModel.restored(cache, model, text, 6)).isEqualTo(3);
            session.rollback(4);
            assertThat(session.exactLength()).isEqualTo(3);
            try (DecoderSession twin = session.fork()) {
                assertThat(twin.exactLength()).isEqualTo(3);
            }
            session.rollback(3);
            session.forward(text, 3, 6, LogitRows.ALL);
            cache.store(session);
        }
        assertThat(EchoModel.restored(cache, model, text, 6)).isEqualTo(6);
    }

    /** Pages are copied whole, so one that exceeds the session is of no use to it. */
    @Test
    void aSmallSessionGetsTheWholePagesThatFit() {
        int[] text = {1, 2, 3, 4, 5, 6, 7, 8};
        EchoModel.store(cache, model, text);
        for (int capacity = 1; capacity <= 8; capacity++) {
            try (DecoderSession session = model.newSession(capacity)) {
                int length = cache.restore(session, text, text.length);
                assertThat(length).isEqualTo(capacity / PAGE * PAGE);
                EchoModel.requireHeld(session, Arrays.copyOf(text, length));
            }
        }
    }

    @Test
    void onlyEmptySessionsOfItsOwnModel() {
        try (DecoderModel other = EchoModel.open();
                DecoderSession foreign = other.newSession();
                DecoderSession used = model.newSession()) {
            used.forward(new int[] {1}, LogitRows.LAST);
            assertThatThrownBy(() -> cache.restore(foreign, new int[] {1, 2}, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("growing");
            assertThatThrownBy(() -> cache.store(foreign))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cache.restore(used, new int[] {1, 2}, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("found one with 1");
            assertThatThrownBy(() -> cache.restore(model.newSession(), new int[] {1, 2}, 3))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("0 to 2");
        }
    }

    @Test
    void aFailedStoreGivesItsPageBack() {
        EchoModel.store(cache, model, 1, 2, 3, 4);
        DecoderSession session = model.newSession();
        session.forward(new int[] {1, 2, 3, 4, 5}, LogitRows.LAST);
        session.close();
        for (int i = 0; i < 20; i++) {
            assertThatThrownBy(() -> cache.store(session))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
        assertThat(cache.statistics().pages()).isEqualTo(1);
        assertThat(cache.statistics().bytes()).isEqualTo(2 * pageBytes);
    }

    @Test
    void statesWithoutTimeAreNotRemembered() {
        Path file = Path.of("src/test/resources/tiny-onnx-decoders/lfm2/decoder.onnx");
        try (DecoderModel mixed = DecoderModel.open(file, 64, RuntimeOptions.defaults());
                DecoderSession session = mixed.newSession();
                DecoderSession next = mixed.newSession()) {
            assertThat(mixed.savesTokens()).isFalse();
            int[] text = {1, 2, 3, 4, 5};
            try (Warnings warnings = new Warnings()) {
                PrefixCache none = new PrefixCache(mixed, 1 << 20);
                assertThat(warnings.messages())
                        .singleElement()
                        .asString()
                        .contains("lfm2", "remembers nothing", "time axis");
                session.forward(text, LogitRows.LAST);
                none.store(session);
                assertThat(none.restore(next, text, 4)).isZero();
                assertThat(none.statistics().bytes()).isZero();
            }
        }
    }

    /** Two readers hold a page each while others need all the room that there is. */
    @Test
    void aPinnedPageStays() {
        PageTree tree = new PageTree(2, 16, 3 * 16, ByteBuffer::allocate);
        link(tree, 1, 2, 3, 4);
        link(tree, 5, 6);
        Lease reader = tree.find(new int[] {1, 2, 3}, 3, 64);
        assertThat(reader.length()).isEqualTo(3);
        Lease second = tree.find(new int[] {1, 2, 3}, 3, 64);
        assertThat(link(tree, 7, 8)).isTrue();
        assertThat(link(tree, 1, 2, 9, 9)).isTrue();
        // One page is unpinned, the two of the readers are not.
        assertThat(link(tree, 5, 5, 5, 5)).isFalse();
        assertThat(tree.statistics().pages()).isEqualTo(3);
        assertThat(reader.pages())
                .extracting(page -> page.buffer().getInt(0))
                .containsExactly(1, 3);
        tree.clear();
        assertThat(link(tree, 8, 8)).isTrue();
        assertThat(link(tree, 9, 9, 9, 9)).isFalse();
        assertThat(reader.pages())
                .extracting(page -> page.buffer().getInt(0))
                .containsExactly(1, 3);
        reader.close();
        assertThat(link(tree, 9, 9, 9, 9)).isFalse();
        second.close();
        assertThat(link(tree, 9, 9, 9, 9)).isTrue();
        assertThat(tree.statistics().bytes()).isEqualTo(3 * 16);
    }

    /** A page that grows while someone copies its shorter form: both are right until the end. */
    @Test
    void aPinnedPageIsReplacedByALongerOne() {
        PageTree tree = new PageTree(4, 16, 3 * 16, ByteBuffer::allocate);
        link(tree, 1, 2);
        try (Lease reader = tree.find(new int[] {1, 2, 3}, 3, 64)) {
            assertThat(link(tree, 1, 2, 3)).isTrue();
            assertThat(tree.statistics().pages()).isEqualTo(1);
            assertThat(reader.length()).isEqualTo(2);
            assertThat(link(tree, 1, 2, 3, 4, 5)).isTrue();
            assertThat(reader.pages()).extracting(Page::length).containsExactly(2);
        }
        // The memory of the shorter form is free now: three pages fit beside each other.
        assertThat(tree.statistics().evictions()).isZero();
        assertThat(link(tree, 7)).isTrue();
        assertThat(tree.statistics().evictions()).isZero();
        assertThat(tree.statistics().pages()).isEqualTo(3);
        assertThat(tree.statistics().bytes()).isEqualTo(3 * 16);
    }

    /** Else the page would hang on one that nobody finds any more. */
    @Test
    void aStoreEndsWhenTheTreeIsClearedMeanwhile() {
        PageTree tree = new PageTree(2, 16, 3 * 16, ByteBuffer::allocate);
        int[] text = {1, 2, 3, 4};
        try (Lease lease = tree.begin()) {
            assertThat(tree.link(lease, fill(tree, lease, text))).isTrue();
            Page second = fill(tree, lease, text);
            tree.clear();
            assertThat(tree.link(lease, second)).isFalse();
            assertThat(tree.statistics().pages()).isZero();
        }
        assertThat(link(tree, 1, 2, 3, 4, 5)).isTrue();
        assertThat(tree.statistics().evictions()).isZero();
        assertThat(tree.statistics().bytes()).isEqualTo(3 * 16);
    }

    @Test
    void whereMemoryEndsBeforeTheBudgetItMakesDo() {
        AtomicInteger left = new AtomicInteger(2);
        PageTree tree =
                new PageTree(
                        2,
                        16,
                        100 * 16,
                        bytes -> {
                            if (left.getAndDecrement() == 0) {
                                throw new OutOfMemoryError("Cannot reserve direct memory");
                            }
                            return ByteBuffer.allocate(bytes);
                        });
        try (Warnings warnings = new Warnings()) {
            assertThat(link(tree, 1, 2, 3, 4, 5)).isFalse();
            assertThat(warnings.messages())
                    .singleElement()
                    .asString()
                    .contains("after 32", "MaxDirectMemorySize");
        }
        assertThat(tree.statistics().pages()).isEqualTo(2);
        assertThat(link(tree, 7, 8, 9)).isTrue();
        assertThat(tree.statistics().bytes()).isEqualTo(32);
        assertThat(tree.statistics().evictions()).isEqualTo(2);
    }

    private static Page fill(PageTree tree, Lease lease, int[] text) {
        int[] piece = tree.piece(text, lease.length(), text.length);
        Page page = tree.reserve(lease.last(), piece);
        assertThat(page).isNotNull();
        return page;
    }

    /** Stores a text whose pages have their first token in their buffer; says if all fitted. */
    private static boolean link(PageTree tree, int... text) {
        try (Lease lease = tree.begin()) {
            while (tree.follow(lease, text, text.length) < text.length) {
                int[] piece = tree.piece(text, lease.length(), text.length);
                Page page = tree.reserve(lease.last(), piece);
                if (page == null) {
                    return false;
                }
                page.buffer().putInt(0, piece[0]);
                tree.link(lease, page);
            }
            return List.copyOf(lease.pages()).stream()
                    .allMatch(page -> page.buffer().getInt(0) == page.tokens()[0]);
        }
    }
}
