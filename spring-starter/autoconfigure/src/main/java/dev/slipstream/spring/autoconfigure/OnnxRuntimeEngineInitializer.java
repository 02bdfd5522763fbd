package dev.slipstream.spring.autoconfigure;

import dev.slipstream.runtime.OnnxRuntime;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.BeanDefinitionRegistryPostProcessor;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;

/**
 * Starts Deep Java Library's ONNX engine before any bean can touch ONNX Runtime.
 *
 * <p>ONNX Runtime has one environment per process, and the engine insists on making it itself: if a
 * bean called {@code OrtEnvironment.getEnvironment()} before (Spring AI's embedding model does so
 * in a field initialiser), the engine's class fails to initialise and stays dead until the process
 * ends (djl issue 3679). An ordering among auto-configurations or beans is not enough, since beans
 * of the application come before all auto-configurations. An {@link ApplicationContextInitializer}
 * is: it runs before the first bean definition is read, so before any bean of any kind exists.
 * Contexts that {@code SpringApplication} did not make have no such initialisers from {@code
 * spring.factories}; there the same class, as a registry post-processor of the highest precedence,
 * runs before all ordinary beans.
 */
class OnnxRuntimeEngineInitializer
        implements ApplicationContextInitializer<ConfigurableApplicationContext>,
                BeanDefinitionRegistryPostProcessor,
                PriorityOrdered {

    @Override
    public void initialize(ConfigurableApplicationContext context) {
        OnnxRuntime.start();
    }

    @Override
    public void postProcessBeanDefinitionRegistry(BeanDefinitionRegistry registry) {
        OnnxRuntime.start();
    }

    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }
}
