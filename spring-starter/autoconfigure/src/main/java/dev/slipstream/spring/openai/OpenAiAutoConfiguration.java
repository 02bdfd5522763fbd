package dev.slipstream.spring.openai;

import dev.slipstream.spring.autoconfigure.SlipstreamAutoConfiguration;
import dev.slipstream.spring.autoconfigure.SlipstreamModels;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.web.servlet.DispatcherServlet;
import tools.jackson.databind.json.JsonMapper;

/**
 * Serves the application's models as OpenAI's HTTP interface, if {@code
 * slipstream.openai.enabled=true} and the application is a servlet web application.
 */
@AutoConfiguration(after = SlipstreamAutoConfiguration.class)
@ConditionalOnBooleanProperty("slipstream.openai.enabled")
@ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
@ConditionalOnClass({DispatcherServlet.class, JsonMapper.class})
@ConditionalOnBean(SlipstreamModels.class)
@EnableConfigurationProperties(OpenAiProperties.class)
public final class OpenAiAutoConfiguration {
    @Bean
    @ConditionalOnMissingBean
    RunningAnswers slipstreamRunningAnswers() {
        return new RunningAnswers();
    }

    @Bean
    @ConditionalOnMissingBean
    OpenAiController slipstreamOpenAiController(
            SlipstreamModels models, OpenAiProperties properties, RunningAnswers answers) {
        return new OpenAiController(models, properties, answers);
    }
}
