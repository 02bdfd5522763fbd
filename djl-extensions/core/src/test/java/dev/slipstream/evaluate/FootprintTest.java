package dev.slipstream.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import dev.slipstream.zoo.LoadOptions;
import dev.slipstream.zoo.Models;
import java.util.Comparator;
import org.junit.jupiter.api.Test;

class FootprintTest {
    @Test
    void countsEqualWeightsOnceAsTheFileHasThem() {
        OnnxModel graph = Models.graph("src/test/resources/stories260k", LoadOptions.defaults());
        long before = Footprint.storedBytes(graph);
        Tensor largest =
                graph.initializers().values().stream()
                        .max(Comparator.comparingInt(tensor -> tensor.data().remaining()))
                        .orElseThrow();
        graph.initializers().put("twin", largest);

        assertThat(Footprint.storedBytes(graph)).isEqualTo(before);
    }
}
