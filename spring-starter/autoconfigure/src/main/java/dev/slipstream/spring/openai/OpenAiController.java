package dev.slipstream.spring.openai;

import dev.slipstream.decode.GenerationOptions;
import dev.slipstream.decode.InvalidOptionException;
import dev.slipstream.decode.Prompt;
import dev.slipstream.decode.TextGenerator;
import dev.slipstream.spring.autoconfigure.ModelStatus;
import dev.slipstream.spring.autoconfigure.SlipstreamModels;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The addresses of the interface. Requests and answers are read and written here rather than by the
 * application's message converters: the protocol must not hang on their settings.
 */
@Controller
@RequestMapping("${slipstream.openai.path:/v1}")
final class OpenAiController implements AutoCloseable {
    private static final Log LOG = LogFactory.getLog(OpenAiController.class);

    private final SlipstreamModels models;
    private final RequestReader requests;
    private final ChatReader chats;
    private final AnswerWriter answers;
    private final RunningAnswers running;
    private final ScheduledThreadPoolExecutor timers;
    private final long started = Instant.now().getEpochSecond();

    OpenAiController(SlipstreamModels models, OpenAiProperties properties, RunningAnswers running) {
        JsonMapper mapper = Json.mapper();
        this.models = models;
        this.running = running;
        this.requests = new RequestReader(mapper, properties.maxRequestSize());
        this.chats = new ChatReader(mapper);
        this.timers = new ScheduledThreadPoolExecutor(1, OpenAiController::daemon);
        timers.setRemoveOnCancelPolicy(true);
        this.answers = new AnswerWriter(mapper, timers, properties.pingInterval());
    }

    /**
     * A model that can be asked for.
     *
     * @param created when the application started
     * @param contextLength not OpenAI's: the most tokens of prompt and answer together
     * @param chatTemplate not OpenAI's: whether the model was trained to chat
     * @param slipstream not OpenAI's: what was done to the model; left out if nothing was
     */
    record Model(
            String id,
            String object,
            long created,
            String ownedBy,
            int contextLength,
            boolean chatTemplate,
            @Nullable Accelerated slipstream) {}

    /**
     * What was done to a model.
     *
     * @param passes that it went through, gates among them, as plans name them
     * @param efforts what requests may ask for as {@code slipstream.effort}, the best one first
     */
    record Accelerated(List<String> passes, List<String> efforts) {
        static @Nullable Accelerated of(ModelStatus status) {
            return status.passes().isEmpty() && status.efforts().size() < 2
                    ? null
                    : new Accelerated(status.passes(), status.efforts());
        }
    }

    record ModelList(String object, List<Model> data) {}

    @GetMapping("/models")
    void models(HttpServletResponse response) throws IOException {
        answers.write(
                response,
                new ModelList("list", models.names().stream().map(this::describe).toList()));
    }

    @GetMapping("/models/{name}")
    void model(@PathVariable("name") String name, HttpServletResponse response) throws IOException {
        find(name);
        answers.write(response, describe(name));
    }

    @PostMapping("/chat/completions")
    void chat(HttpServletRequest request, HttpServletResponse response) throws IOException {
        JsonNode body = requests.read(request);
        ChatRequest chat = requests.bind(body, ChatRequest.class);
        SamplingParameters sampling = requests.bind(body, SamplingParameters.class);
        TextGenerator generator = find(chat.model());
        Integer logprobs = chat.topLogProbabilities();
        GenerationOptions options =
                sampling.options(
                        generator.defaults(), generator.vocabularySize(), "top_logprobs", logprobs);
        answer(
                response,
                new Order(
                        generator,
                        List.of(chat.prompt(generator, chats)),
                        "messages",
                        sampling,
                        options),
                heading("chatcmpl-", generator),
                new ChatFormat(logprobs != null));
    }

    @PostMapping("/completions")
    void complete(HttpServletRequest request, HttpServletResponse response) throws IOException {
        JsonNode body = requests.read(request);
        CompletionRequest completion = requests.bind(body, CompletionRequest.class);
        SamplingParameters sampling = requests.bind(body, SamplingParameters.class);
        TextGenerator generator = find(completion.model());
        Integer logprobs = completion.logprobs();
        GenerationOptions options =
                sampling.options(
                        generator.defaults(), generator.vocabularySize(), "logprobs", logprobs);
        answer(
                response,
                new Order(generator, completion.prompts(generator), "prompt", sampling, options),
                heading("cmpl-", generator),
                new TextFormat(logprobs != null));
    }

    @RequestMapping({"/models", "/models/{name}"})
    void onlyGet(HttpServletRequest request) {
        throw ApiException.wrongMethod(request.getMethod(), "GET");
    }

    @RequestMapping({"/chat/completions", "/completions"})
    void onlyPost(HttpServletRequest request) {
        throw ApiException.wrongMethod(request.getMethod(), "POST");
    }

    @RequestMapping("/**")
    void unknown(HttpServletRequest request) {
        throw ApiException.refused(
                HttpStatus.NOT_FOUND,
                "unknown_url",
                "There is nothing at %s; below this path are models, chat/completions and"
                                .formatted(request.getRequestURI())
                        + " completions");
    }

    @ExceptionHandler
    void fail(RuntimeException failure, HttpServletResponse response) throws IOException {
        ApiException error = ApiException.of(failure, "prompt");
        if (error.status() == HttpStatus.INTERNAL_SERVER_ERROR) {
            LOG.error("A request failed", failure);
        }
        if (response.isCommitted()) {
            // The status went out with a ping; a broken connection is better than half an answer.
            throw failure;
        }
        response.reset();
        response.setStatus(error.status().value());
        error.headers().forEach(response::setHeader);
        answers.write(response, error.answer());
    }

    /** Ends the pings. */
    @Override
    public void close() {
        timers.shutdownNow();
    }

    /**
     * A request that has been understood.
     *
     * @param promptParam the parameter that the prompts came from
     */
    private record Order(
            TextGenerator generator,
            List<Prompt> prompts,
            String promptParam,
            SamplingParameters sampling,
            GenerationOptions options) {}

    private void answer(
            HttpServletResponse response,
            Order order,
            AnswerFormat.Heading heading,
            AnswerFormat format)
            throws IOException {
        SamplingParameters sampling = order.sampling();
        // What opening refuses gets a status of its own: nothing has been written yet.
        try (Choices choices =
                new Choices(
                        order.generator(), order.prompts(), sampling.texts(), order.options())) {
            running.add(choices);
            try {
                if (sampling.streams()) {
                    answers.writeEvents(
                            response, format, heading, choices, sampling.streamsUsage());
                } else {
                    answers.writeWhole(response, format, heading, choices);
                }
            } finally {
                running.remove(choices);
            }
        } catch (InvalidOptionException e) {
            throw sampling.refusal(e, "logprobs");
        } catch (RuntimeException e) {
            throw ApiException.of(e, order.promptParam());
        }
    }

    private AnswerFormat.Heading heading(String idPrefix, TextGenerator generator) {
        int setting =
                Objects.hash(
                        generator.name(),
                        generator.contextLength(),
                        generator.vocabularySize(),
                        generator.defaults());
        return new AnswerFormat.Heading(
                idPrefix + UUID.randomUUID().toString().replace("-", ""),
                Instant.now().getEpochSecond(),
                generator.name(),
                "fp_%08x".formatted(setting));
    }

    private TextGenerator find(@Nullable String model) {
        if (model == null) {
            return models.defaultModel();
        }
        if (!models.names().contains(model)) {
            throw ApiException.noSuchModel(model, models.names());
        }
        return models.get(model);
    }

    private Model describe(String name) {
        TextGenerator model = models.get(name);
        return new Model(
                name,
                "model",
                started,
                "slipstream",
                model.contextLength(),
                model.hasChatTemplate(),
                Accelerated.of(models.status(name)));
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "slipstream-openai-ping");
        thread.setDaemon(true);
        return thread;
    }
}
