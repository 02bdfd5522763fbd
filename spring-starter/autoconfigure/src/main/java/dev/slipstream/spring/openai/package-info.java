/**
 * OpenAI's HTTP interface over the application's models: <code>/v1/models</code>, <code>
 * /v1/chat/completions</code> and <code>/v1/completions</code>, as the official clients speak it.
 *
 * <p>The way of a request: {@code OpenAiController} reads it ({@code RequestReader}, {@code
 * ChatRequest} or {@code CompletionRequest}, {@code SamplingParameters}), {@code AnswerWriter}
 * decodes its {@code Choices} on the servlet's own thread and writes them through a {@code
 * LiveResponse}, in the words of an {@code AnswerFormat}. Whatever goes wrong becomes an {@code
 * ApiException}.
 */
@NullMarked
package dev.slipstream.spring.openai;

import org.jspecify.annotations.NullMarked;
