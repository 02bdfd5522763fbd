/** Configures Slipstream in a Spring Boot application, and the beans that it gives. */
@NullMarked
package dev.slipstream.spring.autoconfigure;

import org.jspecify.annotations.NullMarked;
