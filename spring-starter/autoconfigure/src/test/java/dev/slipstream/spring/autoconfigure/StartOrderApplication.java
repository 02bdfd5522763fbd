package dev.slipstream.spring.autoconfigure;

import ai.onnxruntime.OrtEnvironment;
import dev.slipstream.decode.TextGenerator;
import java.util.Map;
import org.springframework.ai.transformers.TransformersEmbeddingModel;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;

/**
 * An application that touches ONNX Runtime as early as its beans can: in a registry post-processor
 * of the highest precedence, and in Spring AI's embedding model. Runs in a process of its own,
 * since a process has one ONNX Runtime environment.
 */
@ImportAutoConfiguration(SlipstreamAutoConfiguration.class)
class StartOrderApplication {
    /** Touches ONNX Runtime before all beans but its equals. */
    static class Early implements BeanDefinitionRegistryPostProcessor, PriorityOrdered {
        Early() {
            OrtEnvironment.getEnvironment();
        }

        @Override
        public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {}

        @Override
        public int getOrder() {
            return Ordered.HIGHEST_PRECEDENCE;
        }
    }

    @Bean
    static Early aaa() {
        return new Early();
    }

    @Bean
    TransformersEmbeddingModel embeddingModel() {
        String directory = System.getProperty("embedding.directory");
        TransformersEmbeddingModel model = new TransformersEmbeddingModel();
        model.setModelResource("file:" + directory + "/model.onnx");
        model.setTokenizerResource("file:" + directory + "/tokenizer.json");
        return model;
    }

    /**
     * Starts the application.
     *
     * @param arguments {@code touch} touches ONNX Runtime before the application starts, which
     *     nothing can heal
     */
    public static void main(String[] arguments) {
        if (arguments.length > 0) {
            OrtEnvironment.getEnvironment();
        }
        SpringApplication application = new SpringApplication(StartOrderApplication.class);
        application.setWebApplicationType(WebApplicationType.NONE);
        application.setDefaultProperties(
                Map.of("slipstream.models.storyteller-7m.generation.max-tokens", "4"));
        try (ConfigurableApplicationContext context = application.run()) {
            context.getBean(TransformersEmbeddingModel.class);
            TextGenerator generator = context.getBean(TextGenerator.class);
            int tokens =
                    generator
                            .generate(generator.prompt("Once"), generator.defaults())
                            .statistics()
                            .generatedTokens();
            System.out.println("generated " + tokens + " tokens");
        }
    }
}
