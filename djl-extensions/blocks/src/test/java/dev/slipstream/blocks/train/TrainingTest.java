package dev.slipstream.blocks.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.slipstream.blocks.DecoderBlock;
import dev.slipstream.blocks.DecoderDirectory;
import dev.slipstream.blocks.TinyDecoder;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole runs: they learn, go on where they stopped, and trust no checkpoint that is not whole. */
class TrainingTest {
    private static final int STEPS = 10;

    @TempDir Path directory;

    private static final class Stopped extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @Test
    void aRunThatWasKilledGoesOnAsIfItNeverHadBeen() throws IOException {
        List<LossPoint> whole = history("whole", STEPS);
        assertThatThrownBy(() -> run("cut", STEPS, stoppingAfter(8))).isInstanceOf(Stopped.class);
        assertThat(checkpoints("cut")).containsExactly("checkpoint-0000003", "checkpoint-0000006");
        List<LossPoint> resumed = history("cut", STEPS);
        same(resumed, whole);
        assertThat(checkpoints("cut")).containsExactly("checkpoint-0000009", "checkpoint-0000010");
        assertThat(whole.stream().filter(p -> p.name().equals("next token"))).hasSize(STEPS);
        assertThat(whole.stream().filter(p -> p.name().startsWith("validation")))
                .extracting(LossPoint::step)
                .containsExactly(0, 4, 8, 10);
    }

    @Test
    void aRunLearns() throws IOException {
        List<LossPoint> losses =
                history("long", 80).stream()
                        .filter(p -> p.name().equals("validation: next token"))
                        .toList();
        double last = losses.get(losses.size() - 1).value();
        assertThat(last).isLessThan(losses.get(0).value() - 1);
    }

    @Test
    void aTruncatedCheckpointIsNeverLoaded() throws IOException {
        List<LossPoint> whole = history("whole", STEPS);
        assertThatThrownBy(() -> run("cut", STEPS, stoppingAfter(7))).isInstanceOf(Stopped.class);
        Path latest = directory.resolve("cut/checkpoint-0000006");
        for (String file : List.of("model.safetensors", "state.json", "losses.csv")) {
            byte[] bytes = Files.readAllBytes(latest.resolve(file));
            for (int kept : new int[] {0, bytes.length / 2, bytes.length - 3}) {
                Files.write(latest.resolve(file), Arrays.copyOf(bytes, kept));
                assertThat(new Checkpoints(directory.resolve("cut")).latest().step())
                        .as("%s cut to %d bytes", file, kept)
                        .isEqualTo(3);
            }
            Files.write(latest.resolve(file), bytes);
        }
        Files.delete(latest.resolve("state.json"));
        same(history("cut", STEPS), whole);
    }

    @Test
    void aCheckpointThatFailedWhileItWasWrittenIsNotThere() throws IOException {
        try (NDManager manager = TinyDecoder.manager()) {
            Map<String, NDArray> arrays = new LinkedHashMap<>();
            arrays.put("a", manager.ones(new Shape(1000)));
            arrays.put("b", failing(manager.ones(new Shape(1000))));
            Checkpoints checkpoints = new Checkpoints(directory);
            assertThatThrownBy(() -> checkpoints.save(5, "s", arrays, new LossHistory()))
                    .isInstanceOf(Stopped.class);
            assertThat(checkpoints.latest()).isNull();
            assertThat(directory).isEmptyDirectory();
        }
    }

    @Test
    void whatAKilledProcessLeftOfACheckpointIsNotLoaded() throws IOException {
        Path part = Files.createDirectory(directory.resolve(".checkpoint-0000007.0.part"));
        Files.writeString(part.resolve("state.json"), "{\"step\": 7, \"settings\": \"s\"}");
        assertThat(new Checkpoints(directory).latest()).isNull();
    }

    @Test
    void checkpointsOfOtherSettingsAreRefused() throws IOException {
        history("run", 3);
        assertThatThrownBy(() -> run("run", 4, new TrainingWatch() {}))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("checkpoint of step 3: expected the settings it was written")
                .hasMessageContaining("steps=3");
    }

    @Test
    void aNewRunDoesNotBeginAmongTheCheckpointsOfAnother() throws IOException {
        history("run", 3);
        try (NDManager manager = TinyDecoder.manager();
                DecoderBlock decoder = Passes.decoder(manager, directory.resolve("model"));
                Training training = training(decoder, Runs.options(3), "run")) {
            assertThatThrownBy(() -> training.run(new TrainingWatch() {}))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("expected a directory without checkpoints");
        }
    }

    @Test
    void textsThatDoNotFitAreRefused() throws IOException {
        try (NDManager manager = TinyDecoder.manager();
                DecoderBlock decoder = Passes.decoder(manager, directory.resolve("model"))) {
            int[] text = Runs.text(100);
            int[] strange = {1, 2, 61, 3};
            assertThatThrownBy(() -> training(decoder, Runs.options(1), new int[20], text))
                    .hasMessage("text: expected two windows of 16 tokens, found 20");
            assertThatThrownBy(() -> training(decoder, Runs.options(1), text, new int[15]))
                    .hasMessage("validation text: expected a window of 16 tokens, found 15");
            assertThatThrownBy(() -> training(decoder, Runs.options(1), strange, text))
                    .hasMessage("text: expected token ids below 61, found 61");
            TrainingOptions long_ = length(65);
            assertThatThrownBy(() -> training(decoder, long_, text, text))
                    .hasMessage(
                            "length of a sequence: expected at most the model's 64 tokens, found 65");
            NextBlock blocks =
                    new NextBlock(Visibility.CONTEXT_CAUSAL, BlockGrowth.none(32), 0.5, 61);
            assertThatThrownBy(() -> blocks.check(decoder.config(), Runs.options(1)))
                    .hasMessage("mask token: expected an id below 61, found 61");
        }
    }

    @Test
    void lossesThatAreNoNumbersEndTheRun() throws IOException {
        try (NDManager manager = TinyDecoder.manager();
                DecoderBlock decoder = Passes.decoder(manager, directory.resolve("model"));
                Training training = training(decoder, Runs.options(2), "broken")) {
            decoder.tensors().get("model.norm.weight").getArray().muli(Float.NaN);
            assertThatThrownBy(() -> training.run(new TrainingWatch() {}))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("step 1: expected finite gradients, found a norm of NaN");
        }
    }

    @Test
    void historiesAreReadAsTheyWereWritten() throws IOException {
        LossHistory history = new LossHistory();
        history.add(3, "validation: ", Map.of("masked in blocks of 2", 1.25));
        history.add(4, "", Map.of("masked", 1 / 3.0));
        Path file = directory.resolve("losses.csv");
        history.write(file);
        assertThat(LossHistory.read(file).points()).isEqualTo(history.points());
        Files.writeString(file, "7,too few", StandardOpenOption.APPEND);
        assertThatThrownBy(() -> LossHistory.read(file)).hasMessageContaining("found 7,too few");
    }

    /**
     * Products of one JVM differ in their last bits now and then, some in a hundred runs, and Adam
     * enlarges that; lost moments or draws are a hundred times as much.
     */
    private static void same(List<LossPoint> found, List<LossPoint> expected) {
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < found.size(); i++) {
            LossPoint point = expected.get(i);
            assertThat(found.get(i).step()).isEqualTo(point.step());
            assertThat(found.get(i).name()).isEqualTo(point.name());
            assertThat(found.get(i).value()).isCloseTo(point.value(), within(2e-3));
        }
    }

    private List<LossPoint> history(String name, int steps) throws IOException {
        return run(name, steps, new TrainingWatch() {});
    }

    /** Resumes if there is something to resume. */
    private List<LossPoint> run(String name, int steps, TrainingWatch watch) throws IOException {
        try (NDManager manager = TinyDecoder.manager();
                DecoderBlock decoder = Passes.decoder(manager, directory.resolve("model"));
                Training training = training(decoder, Runs.options(steps), name)) {
            training.resume();
            training.run(watch);
            for (NDArray array : DecoderDirectory.arrays(decoder).values()) {
                assertThat(array.isNaN().any().getBoolean()).isFalse();
            }
            return training.history();
        }
    }

    private Training training(DecoderBlock decoder, TrainingOptions options, String name) {
        return new Training(
                decoder,
                new LanguageModelling(),
                options,
                Runs.text(400),
                Runs.text(100),
                directory.resolve(name));
    }

    private Training training(
            DecoderBlock decoder, TrainingOptions options, int[] text, int[] measured) {
        return new Training(decoder, new LanguageModelling(), options, text, measured, directory);
    }

    private static TrainingOptions length(int length) {
        TrainingOptions usual = Runs.options(1);
        return new TrainingOptions(
                usual.steps(),
                usual.batch(),
                usual.portion(),
                length,
                usual.rate(),
                usual.adam(),
                usual.seed(),
                usual.arithmetic(),
                usual.validateEvery(),
                usual.validationWindows(),
                usual.checkpointEvery());
    }

    /** An array whose values cannot be had: the disk is full when it is written. */
    private static NDArray failing(NDArray array) {
        return (NDArray)
                Proxy.newProxyInstance(
                        NDArray.class.getClassLoader(),
                        new Class<?>[] {NDArray.class},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("toByteBuffer")) {
                                throw new Stopped();
                            }
                            return method.invoke(array, arguments);
                        });
    }

    private static TrainingWatch stoppingAfter(int steps) {
        return new TrainingWatch() {
            @Override
            public void stepped(StepReport report) {
                if (report.step() == steps) {
                    throw new Stopped();
                }
            }
        };
    }

    private List<String> checkpoints(String name) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve(name))) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }
}
