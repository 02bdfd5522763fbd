package dev.slipstream.spring.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.schedule.QueuedGenerator;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that close the connection before they have their answer. */
class HangUpTest {
    private final ScriptedGenerator model = new ScriptedGenerator("alphabet", true);
    private final QueuedGenerator queue = new QueuedGenerator(model, 1, 8);
    private OpenAiServer server;

    @BeforeEach
    void start() {
        server = OpenAiServer.start(List.of(queue), "slipstream.openai.ping-interval=20ms");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endsAStreamWithinTwoSteps(boolean abruptly) throws Exception {
        Client client = connect(ScriptedGenerator.STEPPED, true);
        model.steps.release(3);
        client.readUntil("\"text\":\"c\"");
        client.socket.setSoLinger(abruptly, 0);
        client.close();

        // The first write after a hang-up may still be taken by the operating system.
        int steps = 0;
        while (model.closed.availablePermits() == 0) {
            if (model.steps.availablePermits() == 0) {
                assertThat(steps++).as("steps after the hang-up").isLessThan(4);
                model.steps.release();
            }
            Thread.onSpinWait();
        }
        assertFreed();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endsATextThatIsStillSilent(boolean stream) throws Exception {
        Client client = connect(ScriptedGenerator.SILENT, stream);
        client.readUntil(stream ? ":\n\n" : "\r\n\n\r\n");
        client.close();

        assertFreed();
        assertThat(model.decoded).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void leavesTheQueue(boolean stream) throws Exception {
        Client first = connect(ScriptedGenerator.STEPPED, true);
        model.steps.release();
        first.readUntil("\"text\":\"a\"");
        Socket second = send("\"prompt\":\"x\",\"stream\":" + stream);
        await(() -> queue.queued() == 1);
        second.close();
        await(() -> queue.queued() == 0);
        assertThat(queue.active()).isEqualTo(1);

        first.close();
        model.steps.release(9);
        assertFreed();
    }

    @Test
    void beginsNoFurtherTextForAClientThatIsGone() throws Exception {
        Client client = new Client(send("\"n\":8,\"prompt\":\"" + ScriptedGenerator.SILENT + "\""));
        client.readUntil("\r\n\n\r\n");
        client.close();

        assertFreed();
        assertThat(model.prompts).hasSize(1);
    }

    @Test
    void sendsStatusAndHeadersBeforeTheFirstToken() throws Exception {
        server.close();
        server = OpenAiServer.start(List.of(queue), "slipstream.openai.ping-interval=1h");
        try (Client client = connect(ScriptedGenerator.GATED, true)) {
            model.gate.countDown();
            client.readUntil("data: [DONE]");
        }
    }

    @Test
    void keepsASilentConnectionAlive() throws Exception {
        try (Client client = connect(ScriptedGenerator.GATED, true)) {
            client.readUntil(":\n\n");
            client.readUntil(":\n\n");
            model.gate.countDown();
            client.readUntil("data: [DONE]");
        }
    }

    @Test
    void pingsAWholeAnswerWithWhiteSpaceOnly() throws Exception {
        try (Client client = connect(ScriptedGenerator.GATED, false)) {
            client.readUntil("\r\n\n\r\n");
            model.gate.countDown();
            client.readUntil("\"text\":\"abcde\"");
        }
    }

    private Client connect(String prompt, boolean stream) throws IOException {
        return new Client(send("\"prompt\":\"" + prompt + "\",\"stream\":" + stream));
    }

    private Socket send(String parameters) throws IOException {
        return server.connect("/v1/completions", "{" + parameters + "}");
    }

    private void assertFreed() throws InterruptedException {
        assertThat(model.closed.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
        // A request leaves the queue as soon as it is cancelled, a little before its stream closes.
        await(() -> queue.active() == 0 && queue.queued() == 0 && model.open.get() == 0);
    }

    private static void await(BooleanSupplier state) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!state.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for 60 s").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    /** A connection whose answer is read as it comes. */
    private static final class Client implements AutoCloseable {
        private final Socket socket;
        private final Reader answer;

        Client(Socket socket) throws IOException {
            this.socket = socket;
            this.answer = new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8);
            readUntil("\r\n\r\n");
        }

        void readUntil(String text) throws IOException {
            StringBuilder read = new StringBuilder();
            while (read.indexOf(text) < 0) {
                int next = answer.read();
                assertThat(next).as("the answer ended after " + read).isNotNegative();
                read.append((char) next);
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
