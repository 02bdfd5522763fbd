package dev.slipstream.pass;

import dev.slipstream.graph.ElementType;
import dev.slipstream.graph.OnnxModel;
import dev.slipstream.graph.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A pass for tests: scales the vectors of a graph, its norms, and counts how often it worked. */
public final class ScaleFactory implements PassFactory {
    /** How often passes worked in this process. */
    public static final AtomicInteger WORKED = new AtomicInteger();

    enum Way {
        UP,
        UPSIDE_DOWN
    }

    @Override
    public String name() {
        return "scale";
    }

    @Override
    public String description() {
        return "scales norms";
    }

    @Override
    public Pass create(Parameters parameters) {
        double factor = parameters.number("factor", 1, 0, 1000);
        parameters.wholes("layers", 0);
        parameters.constant("way", Way.UP);
        parameters.text("note", "a text");
        parameters.flag("fast", false);
        parameters.whole("count", 1, 0, 9);
        return new Scale(parameters.spec(), (float) factor);
    }

    private record Scale(PassSpec spec, float factor) implements Pass {
        @Override
        public Rewritten apply(
                OnnxModel graph, @Nullable Calibration calibration, PassProgress progress) {
            WORKED.incrementAndGet();
            OnnxModel scaled = graph.copy();
            scaled.initializers()
                    .replaceAll(
                            (name, tensor) ->
                                    tensor.type() == ElementType.FLOAT && tensor.shape().size() == 1
                                            ? scaled(tensor)
                                            : tensor);
            int tokens = calibration == null ? 0 : calibration.tokens();
            return new Rewritten(
                    scaled,
                    new PassReport(
                            spec,
                            List.of("scaled by " + factor + ", looking at " + tokens + " tokens"),
                            Map.of("tokens", tokens, "worst", Double.NaN)));
        }

        private Tensor scaled(Tensor tensor) {
            FloatBuffer from = tensor.data().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
            ByteBuffer to =
                    ByteBuffer.allocateDirect(from.remaining() * Float.BYTES)
                            .order(ByteOrder.LITTLE_ENDIAN);
            while (from.hasRemaining()) {
                to.putFloat(from.get() * factor);
            }
            return new Tensor(ElementType.FLOAT, tensor.shape(), to.flip());
        }
    }
}
