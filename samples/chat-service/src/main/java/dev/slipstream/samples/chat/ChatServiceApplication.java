package dev.slipstream.samples.chat;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * Serves the embedded language model: an OpenAI-compatible interface under <code>/v1</code>, a page
 * at <code>/</code>, health and meters under <code>/actuator</code>. The starter does all of it;
 * the settings are in {@code application.yml}.
 */
@SpringBootApplication
public class ChatServiceApplication {
    /** Starts the service; arguments are Spring Boot's, such as {@code --server.port=9000}. */
    public static void main(String[] args) {
        SpringApplication.run(ChatServiceApplication.class, args);
    }
}
