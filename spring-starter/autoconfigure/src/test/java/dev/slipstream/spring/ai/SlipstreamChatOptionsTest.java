package dev.slipstream.spring.ai;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.prompt.ChatOptions;

class SlipstreamChatOptionsTest {
    private static SlipstreamChatOptions.Builder all() {
        return SlipstreamChatOptions.builder()
                .model("tales")
                .temperature(0.5)
                .topK(3)
                .topP(0.9)
                .minP(0.1)
                .maxTokens(5)
                .stopSequences(List.of("END"))
                .repetitionPenalty(1.1)
                .presencePenalty(0.2)
                .frequencyPenalty(0.3)
                .seed(9L)
                .deadline(Duration.ofSeconds(4))
                .weight(2.5)
                .effort("fast")
                .millisPerToken(3.5)
                .skipThreshold(0.9)
                .skipCount(2)
                .skipWarmUp(8);
    }

    @Test
    void mutateKeepsEverything() {
        SlipstreamChatOptions options = all().build();

        assertThat(options.mutate().build()).isEqualTo(options).hasSameHashCodeAs(options);
        assertThat(options.mutate().seed(10L).build()).isNotEqualTo(options);
        assertThat(options.mutate().weight(1.0).build()).isNotEqualTo(options);
        assertThat(options.mutate().effort("best").build()).isNotEqualTo(options);
        assertThat(options.mutate().millisPerToken(1.0).build()).isNotEqualTo(options);
        assertThat(options.mutate().skipThreshold(1.0).build()).isNotEqualTo(options);
        assertThat(options.mutate().skipCount(1).build()).isNotEqualTo(options);
        assertThat(options.mutate().skipWarmUp(1).build()).isNotEqualTo(options);
        assertThat(options.mutate().topK(10).build()).isNotEqualTo(options);
    }

    @Test
    void whatTheOtherBuilderSetsWins() {
        SlipstreamChatOptions options =
                all().combineWith(
                                SlipstreamChatOptions.builder()
                                        .minP(0.4)
                                        .skipCount(5)
                                        .temperature(0.0))
                        .build();

        assertThat(options).isEqualTo(all().minP(0.4).skipCount(5).temperature(0.0).build());
    }

    @Test
    void portableBuilderLeavesOwnOptionsAlone() {
        assertThat(all().combineWith(ChatOptions.builder().maxTokens(1)).build())
                .isEqualTo(all().maxTokens(1).build());
    }

    @Test
    void clonedBuilderIsItsOwn() {
        SlipstreamChatOptions.Builder original = all();
        SlipstreamChatOptions.Builder clone = original.clone();
        clone.seed(1L).stopSequences(List.of());

        assertThat(original.build()).isEqualTo(all().build());
        assertThat(clone.build().getSeed()).isEqualTo(1L);
    }
}
