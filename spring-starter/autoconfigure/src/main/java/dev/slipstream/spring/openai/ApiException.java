package dev.slipstream.spring.openai;

import dev.slipstream.decode.PromptTooLongException;
import dev.slipstream.schedule.QueueFullException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;

/** A request that is answered with an error, in OpenAI's terms. */
final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final HttpStatus status;
    private final @Nullable String param;
    private final @Nullable String code;
    private final transient Map<String, String> headers;

    private ApiException(
            HttpStatus status,
            String message,
            @Nullable String param,
            @Nullable String code,
            Map<String, String> headers,
            @Nullable Throwable cause) {
        super(message, cause);
        this.status = status;
        this.param = param;
        this.code = code;
        this.headers = headers;
    }

    /** Returns a refusal of one parameter's value. */
    static ApiException badParameter(String param, String message) {
        return new ApiException(
                HttpStatus.BAD_REQUEST, param + ": " + message, param, null, Map.of(), null);
    }

    /**
     * Returns a refusal of a prompt.
     *
     * @param param where it came from
     * @param failure what the model said of it
     */
    static ApiException badPrompt(String param, IllegalArgumentException failure) {
        return failure instanceof PromptTooLongException
                ? of(failure, param)
                : badParameter(param, String.valueOf(failure.getMessage()));
    }

    /** Returns a refusal of what OpenAI's interface has, but this one has not. */
    static ApiException unsupported(String param, String message) {
        return new ApiException(
                HttpStatus.BAD_REQUEST,
                param + ": " + message,
                param,
                "unsupported_parameter",
                Map.of(),
                null);
    }

    /** Returns a refusal of the request as a whole. */
    static ApiException refused(HttpStatus status, String code, String message) {
        return new ApiException(status, message, null, code, Map.of(), null);
    }

    /** Returns the answer to a request with the wrong method. */
    static ApiException wrongMethod(String found, String allowed) {
        return new ApiException(
                HttpStatus.METHOD_NOT_ALLOWED,
                "Expected the method %s, found %s".formatted(allowed, found),
                null,
                "method_not_allowed",
                Map.of("Allow", allowed),
                null);
    }

    /** Returns the answer to a request for a model that is not here. */
    static ApiException noSuchModel(String model, Iterable<String> known) {
        return new ApiException(
                HttpStatus.NOT_FOUND,
                "The model `%s` does not exist; there are: %s"
                        .formatted(model, String.join(", ", known)),
                "model",
                "model_not_found",
                Map.of(),
                null);
    }

    /** Returns the answer to a request whose text was ended by the server. */
    static ApiException closing() {
        return new ApiException(
                HttpStatus.SERVICE_UNAVAILABLE,
                "The server is shutting down and ended this answer",
                null,
                "server_shutting_down",
                Map.of(),
                null);
    }

    /**
     * Returns the answer to a failure.
     *
     * @param failure what was thrown
     * @param promptParam the parameter that the prompt came from
     */
    static ApiException of(RuntimeException failure, String promptParam) {
        String message = String.valueOf(failure.getMessage());
        if (failure instanceof ApiException own) {
            return own;
        }
        if (failure instanceof QueueFullException full) {
            long seconds = Math.max(1, full.retryAfter().plusMillis(999).toSeconds());
            return new ApiException(
                    HttpStatus.TOO_MANY_REQUESTS,
                    message,
                    null,
                    "queue_full",
                    Map.of("Retry-After", Long.toString(seconds)),
                    full);
        }
        if (failure instanceof PromptTooLongException) {
            return new ApiException(
                    HttpStatus.BAD_REQUEST,
                    message,
                    promptParam,
                    "context_length_exceeded",
                    Map.of(),
                    failure);
        }
        return new ApiException(
                HttpStatus.INTERNAL_SERVER_ERROR,
                "The server failed at this request; its log says more",
                null,
                "internal_error",
                Map.of(),
                failure);
    }

    HttpStatus status() {
        return status;
    }

    /** Returns the headers that go with the answer. */
    Map<String, String> headers() {
        return headers;
    }

    /** Returns the body of the answer. */
    ErrorAnswer answer() {
        String type =
                status == HttpStatus.TOO_MANY_REQUESTS
                        ? "rate_limit_error"
                        : status.is5xxServerError() ? "server_error" : "invalid_request_error";
        return new ErrorAnswer(
                new ErrorAnswer.Detail(String.valueOf(getMessage()), type, param, code));
    }
}
