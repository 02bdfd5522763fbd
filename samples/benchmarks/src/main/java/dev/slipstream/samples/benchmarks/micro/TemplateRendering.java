package dev.slipstream.samples.benchmarks.micro;

import dev.slipstream.decode.ChatMessage;
import dev.slipstream.decode.ChatTemplate;
import dev.slipstream.decode.LanguageModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;

/**
 * A conversation to a prompt's text: the model's own chat template, or, where it has none, as the
 * embedded ones, the one that most models of the ChatML form have.
 */
public class TemplateRendering extends ModelBenchmark {
    private static final int CHARACTERS = 200;

    private static final String CHAT_ML =
            """
            {%- for message in messages %}
            {%- if loop.first and message['role'] != 'system' %}
            {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
            {%- endif %}
            {{- '<|im_start|>' + message['role'] + '\\n' + message['content'] | trim + '<|im_end|>\\n' }}
            {%- endfor %}
            {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\\n' }}
            {%- endif %}
            """;

    /** Questions, and as many answers less one, of 200 characters each. */
    @Param({"1", "16"})
    public int questions;

    private ChatTemplate template;
    private List<ChatMessage> messages;

    /** Constructs a benchmark for JMH. */
    public TemplateRendering() {}

    /** Writes the conversation, and looks for its messages in what is rendered. */
    @Setup
    public void open() {
        LanguageModel opened = open(options("int8", 1));
        ChatTemplate own = opened.template();
        template = own == null ? ChatTemplate.of(CHAT_ML, Map.of()) : own;
        messages = new ArrayList<>();
        String text = SampleText.characters(CHARACTERS).strip();
        for (int i = 0; i < questions; i++) {
            if (i > 0) {
                messages.add(ChatMessage.assistant("answer " + i + ": " + text));
            }
            messages.add(ChatMessage.user("question " + i + ": " + text));
        }
        check();
    }

    private void check() {
        String rendered = render();
        int from = 0;
        for (ChatMessage message : messages) {
            int at = rendered.indexOf(message.content(), from);
            if (at < 0) {
                throw new IllegalStateException(
                        "expected '%s' in the prompt, behind %d characters, found %s"
                                .formatted(message.content(), from, rendered));
            }
            from = at + message.content().length();
        }
    }

    /** Renders the conversation. */
    @Benchmark
    public String render() {
        return template.render(messages, List.of());
    }
}
