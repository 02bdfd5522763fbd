package dev.slipstream.spring.autoconfigure;

import dev.slipstream.spring.ai.SlipstreamChatModel;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.observation.ChatModelObservationConvention;
import org.springframework.ai.model.SpringAIModelProperties;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/**
 * Offers the models to Spring AI. As with Spring AI's own models, {@code spring.ai.model.chat}
 * chooses one among several providers on the class path; here its value is {@code slipstream}.
 */
@AutoConfiguration(
        after = SlipstreamAutoConfiguration.class,
        afterName =
                "org.springframework.boot.micrometer.observation.autoconfigure.ObservationAutoConfiguration")
@ConditionalOnClass(ChatModel.class)
@ConditionalOnBean(SlipstreamModels.class)
@ConditionalOnProperty(
        name = SpringAIModelProperties.CHAT_MODEL,
        havingValue = "slipstream",
        matchIfMissing = true)
public class SlipstreamChatAutoConfiguration {
    @Bean
    @ConditionalOnMissingBean
    SlipstreamChatModel slipstreamChatModel(
            SlipstreamModels models,
            ObjectProvider<ObservationRegistry> observationRegistry,
            ObjectProvider<ChatModelObservationConvention> observationConvention) {
        return new SlipstreamChatModel(
                models,
                observationRegistry.getIfUnique(() -> ObservationRegistry.NOOP),
                observationConvention.getIfUnique());
    }
}
