package dev.slipstream.spring.openai;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.util.unit.DataSize;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads the JSON of requests, up to a size, and says of wrong JSON which parameter is wrong. */
final class RequestReader {
    /**
     * How much of a too large body is read and thrown away: a client that is still sending when the
     * connection closes sees a reset instead of the answer.
     */
    private static final long DRAINED_BYTES = 64L << 20;

    private final JsonMapper mapper;
    private final int maxBytes;

    RequestReader(JsonMapper mapper, DataSize maxSize) {
        this.mapper = mapper;
        this.maxBytes = Math.toIntExact(maxSize.toBytes());
    }

    /**
     * Returns the body as a tree.
     *
     * @throws IOException if the client hung up
     */
    JsonNode read(HttpServletRequest request) throws IOException {
        requireJson(request.getContentType());
        InputStream body = request.getInputStream();
        // Nothing is kept of a body that says in advance that it is too large.
        byte[] bytes =
                request.getContentLengthLong() > maxBytes
                        ? new byte[0]
                        : body.readNBytes(maxBytes + 1);
        if (request.getContentLengthLong() > maxBytes || bytes.length > maxBytes) {
            drain(body);
            throw ApiException.refused(
                    HttpStatus.CONTENT_TOO_LARGE,
                    "request_too_large",
                    "The request is larger than the %d bytes allowed here; shorten it, or raise"
                                    .formatted(maxBytes)
                            + " slipstream.openai.max-request-size");
        }
        JsonNode tree;
        try {
            tree = mapper.readTree(bytes);
        } catch (JacksonException e) {
            TokenStreamLocation place = e.getLocation();
            throw ApiException.refused(
                    HttpStatus.BAD_REQUEST,
                    "invalid_json",
                    "The body of the request is not JSON: "
                            + e.getOriginalMessage()
                            + (place == null
                                    ? ""
                                    : " (line %d, column %d)"
                                            .formatted(place.getLineNr(), place.getColumnNr())));
        }
        if (!tree.isObject()) {
            throw ApiException.refused(
                    HttpStatus.BAD_REQUEST,
                    "invalid_json",
                    "The body of the request is expected to be a JSON object");
        }
        return tree;
    }

    /**
     * Returns the part of a request that a record describes.
     *
     * @param tree the request, of which unknown parameters are ignored
     */
    <T> T bind(JsonNode tree, Class<T> type) {
        try {
            return mapper.treeToValue(tree, type);
        } catch (JacksonException e) {
            if (e.getCause() instanceof ApiException refusal) {
                throw refusal;
            }
            String param = path(e.getPath());
            JsonNode found = at(tree, e.getPath());
            throw ApiException.badParameter(param, "wrong type or range, found " + shown(found));
        }
    }

    /** A page of another origin may post other types without asking, but not JSON. */
    private static void requireJson(@Nullable String contentType) {
        try {
            if (contentType != null
                    && MediaType.APPLICATION_JSON.isCompatibleWith(
                            MediaType.parseMediaType(contentType))) {
                return;
            }
        } catch (InvalidMediaTypeException e) {
            // Refused below like any other type.
        }
        throw ApiException.refused(
                HttpStatus.UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Expected the header Content-Type: application/json, found " + contentType);
    }

    private static void drain(InputStream body) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long left = DRAINED_BYTES;
        for (int n = 0; n >= 0 && left > 0; left -= n) {
            n = body.read(buffer);
        }
    }

    private static String path(List<JacksonException.Reference> path) {
        StringBuilder text = new StringBuilder();
        for (JacksonException.Reference step : path) {
            if (step.getPropertyName() == null) {
                text.append('[').append(step.getIndex()).append(']');
            } else {
                text.append(text.isEmpty() ? "" : ".").append(step.getPropertyName());
            }
        }
        return text.toString();
    }

    private static JsonNode at(JsonNode tree, List<JacksonException.Reference> path) {
        JsonNode node = tree;
        for (JacksonException.Reference step : path) {
            node =
                    step.getPropertyName() == null
                            ? node.path(step.getIndex())
                            : node.path(step.getPropertyName());
        }
        return node;
    }

    /** Returns a value as it was written, shortened. */
    static String shown(JsonNode value) {
        String text = value.toString();
        String kind =
                Map.of("OBJECT", "object", "ARRAY", "list", "STRING", "string")
                        .getOrDefault(value.getNodeType().name(), "value");
        return kind + " " + (text.length() > 60 ? text.substring(0, 60) + "…" : text);
    }
}
