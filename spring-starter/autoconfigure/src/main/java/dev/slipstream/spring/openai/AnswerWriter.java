package dev.slipstream.spring.openai;

import dev.slipstream.decode.FinishReason;
import dev.slipstream.decode.Generation;
import dev.slipstream.decode.TokenStream;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import tools.jackson.databind.json.JsonMapper;

/**
 * Decodes the texts of a request and writes them, all on the servlet's own thread. Another thread
 * would only make that one wait: the models' queues bound how many are busy, each piece is written
 * as soon as it is decoded, and a slow client slows its own text only.
 */
final class AnswerWriter {
    private static final Log LOG = LogFactory.getLog(AnswerWriter.class);
    private static final byte[] EVENT_PING = ascii(":\n\n");

    /** White space before the JSON of a whole answer means nothing. */
    private static final byte[] JSON_PING = ascii("\n");

    private static final byte[] NOTHING = {};

    private final JsonMapper mapper;
    private final ScheduledExecutorService timers;
    private final Duration pingInterval;

    AnswerWriter(JsonMapper mapper, ScheduledExecutorService timers, Duration pingInterval) {
        this.mapper = mapper;
        this.timers = timers;
        this.pingInterval = pingInterval;
    }

    /** Writes an object as the whole body. */
    void write(HttpServletResponse response, Object body) throws IOException {
        byte[] json = mapper.writeValueAsBytes(body);
        if (!response.isCommitted()) {
            response.setContentType(MediaType.APPLICATION_JSON_VALUE);
            response.setContentLength(json.length);
        }
        response.getOutputStream().write(json);
        response.flushBuffer();
    }

    /** Writes all texts as one JSON object. A failure may come after the status was sent. */
    void writeWhole(
            HttpServletResponse response,
            AnswerFormat format,
            AnswerFormat.Heading heading,
            Choices choices)
            throws IOException {
        response.setContentType(MediaType.APPLICATION_JSON_VALUE);
        List<Generation> texts = new ArrayList<>();
        try (LiveResponse live = live(response, JSON_PING, choices)) {
            do {
                Generation text = choices.stream().readAll();
                if (live.hungUp()) {
                    logHangUp(heading);
                    return;
                }
                if (text.finishReason() == FinishReason.CANCELLED) {
                    throw ApiException.closing();
                }
                texts.add(text);
            } while (choices.next());
            if (live.hungUp()) {
                logHangUp(heading);
                return;
            }
            requireAll(choices);
        }
        write(response, format.whole(heading, texts, choices.usage()));
    }

    /**
     * Writes all texts as server-sent events. A failure becomes the last event.
     *
     * @param includeUsage whether an event with the usage goes before the last
     */
    void writeEvents(
            HttpServletResponse response,
            AnswerFormat format,
            AnswerFormat.Heading heading,
            Choices choices,
            boolean includeUsage) {
        response.setContentType("text/event-stream;charset=UTF-8");
        response.setHeader("Cache-Control", "no-cache");
        response.setHeader("X-Accel-Buffering", "no");
        try {
            writeTexts(response, format, heading, choices, includeUsage);
            // Sends the end of the body too: the web server may stop as soon as this returns.
            response.getOutputStream().close();
        } catch (IOException e) {
            logHangUp(heading);
        }
    }

    private void writeTexts(
            HttpServletResponse response,
            AnswerFormat format,
            AnswerFormat.Heading heading,
            Choices choices,
            boolean includeUsage)
            throws IOException {
        try (LiveResponse live = live(response, EVENT_PING, choices)) {
            try {
                live.write(NOTHING); // but status and headers: the client knows it is admitted
                do {
                    writeText(live, format, heading, choices);
                } while (!live.hungUp() && choices.next());
                if (!live.hungUp()) {
                    requireAll(choices);
                }
                if (includeUsage) {
                    send(live, format.usage(heading, choices.usage()));
                }
                live.write(ascii("data: [DONE]\n\n"));
            } catch (RuntimeException e) {
                ApiException failure = ApiException.of(e, "prompt");
                if (failure.status() == HttpStatus.INTERNAL_SERVER_ERROR) {
                    LOG.error("Answer " + heading.id() + " of " + heading.model() + " failed", e);
                }
                send(live, failure.answer());
            }
        }
    }

    /** Not all texts have begun if the server ended the request between two of them. */
    private static void requireAll(Choices choices) {
        if (!choices.isComplete()) {
            throw ApiException.closing();
        }
    }

    private void writeText(
            LiveResponse live, AnswerFormat format, AnswerFormat.Heading heading, Choices choices)
            throws IOException {
        Object opening = format.opening(heading, choices.index());
        if (opening != null) {
            send(live, opening);
        }
        TokenStream text = choices.stream();
        while (text.hasNext()) {
            send(live, format.piece(heading, choices.index(), text.next()));
        }
        if (text.finishReason() == FinishReason.CANCELLED) {
            if (live.hungUp()) {
                throw new IOException("the client hung up");
            }
            throw ApiException.closing();
        }
        send(live, format.ending(heading, choices.index(), text.finishReason()));
    }

    private void send(LiveResponse live, Object event) throws IOException {
        live.write(
                ("data: " + mapper.writeValueAsString(event) + "\n\n")
                        .getBytes(StandardCharsets.UTF_8));
    }

    private LiveResponse live(HttpServletResponse response, byte[] ping, Choices choices) {
        return new LiveResponse(response, ping, pingInterval, timers, choices::cancel);
    }

    private static void logHangUp(AnswerFormat.Heading heading) {
        LOG.debug("The client of answer " + heading.id() + " hung up");
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
