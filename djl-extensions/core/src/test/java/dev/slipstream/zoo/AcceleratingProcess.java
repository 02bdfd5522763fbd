package dev.slipstream.zoo;

import dev.slipstream.pass.Plan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A process of its own that writes a model directory; ends with 3 if that cannot be written. */
final class AcceleratingProcess {
    private AcceleratingProcess() {}

    public static void main(String[] arguments) {
        Plan plan = Plan.of(List.of("scale:factor=0.5"), List.of(), null);
        AcceleratedModel model =
                Models.accelerate(arguments[0], LoadOptions.defaults().withPlan(plan), pass -> {});
        try {
            ModelDirectory.write(model, Path.of(arguments[1]), ModelDirectory.Existing.REFUSED);
        } catch (IOException e) {
            System.out.println("cannot be written: " + e.getMessage());
            System.exit(3);
        }
    }
}
