package dev.slipstream.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.store.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlanTest {
    @TempDir Path directory;

    private Plan read(String text) throws IOException {
        return Plan.read(Files.writeString(directory.resolve("plan.yml"), text));
    }

    @Test
    void readsBothFormsOfPasses() throws IOException {
        Plan plan =
                read(
                        """
                        # for the chat service
                        passes:
                          - scale: {factor: 0.5, layers: [1, 2], way: upside-down}
                        calibration:
                          text: texts/a.txt
                        """);
        assertThat(plan.passes())
                .containsExactly(PassSpec.parse("scale:factor=0.5,layers=(1,2),way=upside-down"));
        assertThat(read("passes: ['scale:factor=0.5,layers=(1,2),way=upside-down']").passes())
                .isEqualTo(plan.passes());
        assertThat(plan.gates()).isEmpty();
        assertThat(plan.calibration())
                .isEqualTo(new CalibrationText(directory.resolve("texts/a.txt")));
    }

    @Test
    void readsJson() throws IOException {
        Plan plan =
                read(
                        """
                        {"passes": [], "gates": [{"scale": {"factor": 2, "fast": true}}],
                         "calibration": {"text": ["a.txt", "/b.txt.gz"], "sequences": 3, "length": 64}}
                        """);
        assertThat(plan.gates()).containsExactly(PassSpec.parse("scale:factor=2,fast=true"));
        assertThat(plan.calibration())
                .isEqualTo(
                        new CalibrationText(
                                List.of(directory.resolve("a.txt"), Path.of("/b.txt.gz")),
                                3,
                                64,
                                null));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`pases: []`|`plan.yml, line 1: plan: expected one of the keys [passes, gates, calibration], found pases`",
                "`passes: []\ngates: []\npasses: []`|`line 3: plan: expected each key once, found passes twice`",
                "`[]`|`line 1: plan: expected a map of [passes, gates, calibration], found a list`",
                "` `|`plan.yml: expected passes or gates, found an empty file`",
                "`passes: {`|`plan.yml, line 1: expected YAML or JSON, found an error`",
                "`passes: scale`|`line 1: passes: expected a list of passes, found 'scale'`",
                "`passes:\n- scale\n- nope`|`line 3: passes: expected one of the passes [`",
                "`passes:\n- scale\ngates:\n- scale`|`expected each pass once, found scale twice`",
                "`passes:\n- scale: {factr: 1}`|`line 2: passes: pass scale: expected one of the parameters [factor`",
                "`passes:\n- scale: {factor: much}`|`line 2: passes: pass scale: factor: expected a number of 0 to 1000, found much`",
                "`passes:\n- scale: {factor: }`|`line 2: scale, factor: expected a text or a number, found nothing`",
                "`passes:\n- scale: {factor: {a: 1}}`|`line 2: scale, factor: expected a text or a number, found a map of 1 entries`",
                "`passes:\n- [scale]`|`line 2: passes: expected a pass as name:parameter=value or as {name: {parameter: value}}, found a list`",
                "`passes:\n- {scale: {}, other: {}}`|`found a map of 2 entries`",
                "`passes:\n- scale:factor`|`line 2: passes: pass 'scale:factor': expected name=value after the colon, found 'factor'`",
                "`calibration: {sequences: 2}`|`line 1: calibration: expected a key text with a file or a list of them, found none`",
                "`calibration:\n  text: a\n  sequences: few`|`line 3: sequences: expected a whole number, found few`",
                "`calibration:\n  text: a\n  sequences: 0`|`calibration: sequences: expected 1 or more, found 0`",
                "`calibration:\n  text: a\n  length: 2`|`calibration: length: expected 3 or more, found 2`",
                "`calibration:\n  text: a\n  seqences: 2`|`line 3: calibration: expected one of the keys [text, sequences, length, sha256], found seqences`",
                "`calibration:\n  text: a\n  sha256: abc`|`sha256: expected 64 hexadecimal digits`",
            })
    void errorsNameFileLineAndKey(String text, String message) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(PassException.class)
                .hasMessageStartingWith(directory.resolve("plan.yml").toString())
                .hasMessageContaining(message);
    }

    @Test
    void missingFileIsNamed() {
        Path file = directory.resolve("none.yml");
        assertThatThrownBy(() -> Plan.read(file))
                .isInstanceOf(PassException.class)
                .hasMessage(file + ": expected a plan, found no file");
    }

    @Test
    void whatIsWrittenReadsAsTheSamePlan() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String characters = "ab1 .,:;=-#'\"{}[]\\\n\t*&!%äπ🐉";
        for (int i = 0; i < 200; i++) {
            Map<String, String> parameters = new LinkedHashMap<>();
            if (random.nextBoolean()) {
                parameters.put("factor", Integer.toString(random.nextInt(1000)));
            }
            StringBuilder note = new StringBuilder("n");
            for (int c = random.nextInt(12); c > 0; c--) {
                int at = random.nextInt(characters.codePointCount(0, characters.length()));
                note.appendCodePoint(characters.codePoints().skip(at).findFirst().orElseThrow());
            }
            parameters.put("note", note.toString());
            List<Path> files = new ArrayList<>(List.of(directory.resolve("a " + i + ".txt")));
            if (random.nextBoolean()) {
                files.add(Path.of("b'#.gz"));
            }
            CalibrationText calibration =
                    random.nextBoolean()
                            ? null
                            : new CalibrationText(
                                    files,
                                    1 + random.nextInt(20),
                                    3 + random.nextInt(300),
                                    random.nextBoolean() ? Sha256.of("text " + i) : null);
            PassSpec spec = new PassSpec("scale", parameters);
            Plan plan =
                    random.nextBoolean()
                            ? new Plan(List.of(spec), List.of(), calibration)
                            : new Plan(List.of(), List.of(spec), calibration);
            assertThat(read(plan.toYaml())).as("seed %d: %s", seed, plan.toYaml()).isEqualTo(plan);
        }
    }

    @Test
    void gatesComeBehindPassesAndBeforeTheQuantisation() {
        Plan plan =
                new Plan(
                        List.of(new PassSpec("a", Map.of()), new PassSpec("quantise", Map.of())),
                        List.of(new PassSpec("g", Map.of())),
                        null);
        assertThat(plan.inOrder().stream().map(PassSpec::name))
                .containsExactly("a", "g", "quantise");
        assertThat(plan.quantises()).isTrue();
        Plan without = new Plan(plan.passes().subList(0, 1), plan.gates(), null);
        assertThat(without.quantises()).isFalse();
        assertThat(without.then(new PassSpec("quantise", Map.of()))).isEqualTo(plan);
        List<PassSpec> first = List.of(plan.passes().get(1), plan.passes().get(0));
        assertThatThrownBy(() -> new Plan(first, List.of(), null))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("expected quantise as the last of the passes");
        List<PassSpec> gate = List.of(plan.passes().get(1));
        assertThatThrownBy(() -> new Plan(List.of(), gate, null))
                .isInstanceOf(PassException.class)
                .hasMessageContaining("expected quantise as the last of the passes");
    }

    @Test
    void aPinnedPlanKnowsItsTextAgainPackedOrNot() throws IOException {
        Path text = Files.writeString(directory.resolve("a.txt"), "once\r\nupon\n");
        Plan plan =
                new Plan(
                                List.of(new PassSpec("scale", Map.of())),
                                List.of(),
                                new CalibrationText(text))
                        .pinned();
        CalibrationText pinned = plan.calibration();
        assertThat(pinned).isNotNull();
        assertThat(pinned.sha256()).isEqualTo(Sha256.of("once\nupon\n"));
        assertThat(pinned.read()).isEqualTo("once\nupon\n");
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write("once\nupon\n".getBytes(StandardCharsets.UTF_8));
        }
        Files.write(text, packed.toByteArray());
        assertThat(pinned.read()).isEqualTo("once\nupon\n");
        Files.writeString(text, "twice\n");
        assertThatThrownBy(pinned::read)
                .isInstanceOf(PassException.class)
                .hasMessageContaining("expected the text of SHA-256 " + pinned.sha256())
                .hasMessageContaining(Sha256.of("twice\n"));
    }

    @Test
    void knobsAreWhatAFactoryAsksFor() {
        assertThat(Passes.knobs(new ScaleFactory()))
                .containsExactly(
                        new Knob("factor", "a number of 0 to 1000", "1"),
                        new Knob("layers", "whole numbers of at least 0, separated by commas", ""),
                        new Knob("way", "one of up, upside-down", "up"),
                        new Knob("note", "a text", ""),
                        new Knob("fast", "true or false", "false"),
                        new Knob("count", "a whole number of 0 to 9", "1"));
    }
}
