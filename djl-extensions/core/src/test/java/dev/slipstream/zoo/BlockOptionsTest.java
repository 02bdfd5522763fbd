package dev.slipstream.zoo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import dev.slipstream.decode.block.BlockDecoding;
import dev.slipstream.decode.block.BorderRule;
import dev.slipstream.decode.block.ConfidenceKind;
import dev.slipstream.decode.block.ConfidenceUnmasking;
import dev.slipstream.decode.block.ContextReuse;
import dev.slipstream.decode.block.Delimiter;
import dev.slipstream.decode.block.EntropyBoundedUnmasking;
import dev.slipstream.decode.block.SelfVerification;
import dev.slipstream.decode.block.StaticUnmasking;
import dev.slipstream.decode.block.Storing;
import dev.slipstream.decode.block.Unmasking;
import dev.slipstream.decode.block.WindowRule;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Blocks as users ask for them. */
class BlockOptionsTest {
    private static final BlockOptions PLAIN = BlockOptions.of(DecoderKind.BLOCKS);

    private static BlockOptions parse(String name, String text) {
        return BlockOptions.parse(Map.of(name, text)::get);
    }

    @Test
    void nothingSaidLeavesItToTheModel() {
        assertThat(BlockOptions.parse(name -> null)).isEqualTo(BlockOptions.AUTO);
        assertThat(LoadOptions.defaults().blocks()).isEqualTo(BlockOptions.AUTO);
        assertThat(BlockOptions.AUTO.decoder()).isEqualTo(DecoderKind.AUTO);
    }

    @Test
    void decodersByName() {
        for (DecoderKind kind : DecoderKind.values()) {
            assertThat(parse("decoder", kind.label())).isEqualTo(BlockOptions.of(kind));
        }
    }

    @Test
    void allOptionsAreRead() {
        Map<String, String> texts =
                Map.of(
                        "decoder", "Blocks",
                        "size", "8",
                        "steps", "4",
                        "unmasking", "confidence:0.8:margin",
                        "borders", "adablock:usual=4,window=generated",
                        "verification", "policy=always",
                        "context-reuse", "from=100,changes=3",
                        "storing", "whole");
        assertThat(BlockOptions.parse(texts::get))
                .isEqualTo(
                        new BlockOptions(
                                DecoderKind.BLOCKS,
                                8,
                                4,
                                new ConfidenceUnmasking(0.8, ConfidenceKind.MARGIN),
                                new BorderRule.AtDelimiters(
                                        4, 0.3, Set.of(Delimiter.NEWLINE), WindowRule.GENERATED),
                                SelfVerification.parse("policy=always"),
                                new ContextReuse(100, 3),
                                Storing.WHOLE));
    }

    @ParameterizedTest
    @CsvSource({
        "size, 4",
        "steps, 2",
        "unmasking, confidence:0.9",
        "borders, fixed",
        "verification, off",
        "context-reuse, off",
        "storing, causal"
    })
    void whoeverSaysSomethingOfBlocksAsksForThem(String name, String text) {
        assertThat(BlockOptions.tuning()).contains(name);
        assertThat(parse(name, text).decoder()).isEqualTo(DecoderKind.BLOCKS);
        assertThat(BlockOptions.parse(Map.of("decoder", "auto", name, text)::get).decoder())
                .isEqualTo(DecoderKind.BLOCKS);
        assertThatThrownBy(
                        () ->
                                BlockOptions.parse(
                                        Map.of("decoder", "autoregressive", name, text)::get))
                .hasMessage(
                        name
                                + ": expected the decoder blocks beside it, or none, found autoregressive");
    }

    static Stream<Arguments> unmaskings() {
        return Stream.of(
                Arguments.of("confidence:0.9", BlockDecoding.USUAL_UNMASKING),
                Arguments.of("confidence:0.7", new ConfidenceUnmasking(0.7)),
                Arguments.of("CONFIDENCE:0.7:Probability", new ConfidenceUnmasking(0.7)),
                Arguments.of(
                        "confidence:-0.5:negative-entropy",
                        new ConfidenceUnmasking(-0.5, ConfidenceKind.NEGATIVE_ENTROPY)),
                Arguments.of("static", new StaticUnmasking()),
                Arguments.of("static:margin", new StaticUnmasking(ConfidenceKind.MARGIN)),
                Arguments.of(" entropy-bounded:0.1 ", new EntropyBoundedUnmasking(0.1)));
    }

    @ParameterizedTest
    @MethodSource("unmaskings")
    void unmaskingsByText(String text, Unmasking expected) {
        assertThat(parse("unmasking", text).unmasking()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "fixed",
                "adablock:usual=8,threshold=0.3,delimiters=newline,window=released",
                "adablock:usual=4,threshold=Infinity,delimiters=newline|period|comma,window=generated"
            })
    void bordersAreTheirText(String text) {
        assertThat(parse("borders", text).borders()).hasToString(text);
    }

    @Test
    void leftOutSettingsAreTheUsual() {
        assertThat(parse("borders", "adablock").borders()).isEqualTo(BorderRule.AtDelimiters.USUAL);
        assertThat(parse("verification", "on").verification()).isEqualTo(SelfVerification.DEFAULT);
        assertThat(parse("verification", "OFF").verification()).isNull();
        assertThat(parse("context-reuse", "on").contextReuse()).isEqualTo(new ContextReuse(512));
        assertThat(parse("context-reuse", "from=64").contextReuse())
                .isEqualTo(new ContextReuse(64));
        assertThat(new ContextReuse(7, 3)).hasToString("from=7,changes=3");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "decoder; block; decoder: expected one of [auto, autoregressive, blocks], found 'block'",
                "size; 1; size: expected a whole number of 2 or more, found '1'",
                "size; many; size: expected a whole number of 2 or more, found 'many'",
                "steps; 0; steps: expected a whole number of 1 or more, found '0'",
                "unmasking; confidence; unmasking: expected confidence:0.9, confidence:0.5:margin, static, static:margin or entropy-bounded:0.1, found 'confidence'",
                "unmasking; confidence:much; unmasking: expected confidence:0.9, confidence:0.5:margin, static, static:margin or entropy-bounded:0.1, found 'confidence:much'",
                "unmasking; static:margin:1; unmasking: expected confidence:0.9, confidence:0.5:margin, static, static:margin or entropy-bounded:0.1, found 'static:margin:1'",
                "unmasking; confidence:1.5; unmasking: threshold: expected 0.0 to 1.0 for PROBABILITY, found 1.5",
                "unmasking; static:luck; unmasking: confidence: expected one of margin, negative-entropy, probability, found \"luck\"",
                "unmasking; entropy-bounded:-1; unmasking: bound: expected 0 or more nats, found -1.0",
                "borders; none; borders: expected fixed, or adablock with settings such as adablock:usual=8,threshold=0.3,delimiters=newline|period, found 'none'",
                "borders; adablock:usual=0; borders: usual: expected 1 or more places, found 0",
                "borders; adablock:usual=x; borders: adablock: usual: expected a number, found \"x\"",
                "borders; adablock:size=4; borders: adablock: \"size\" is no setting; there are delimiters, threshold, usual, window",
                "borders; adablock:window=wide; borders: adablock: window: expected one of generated, released, found \"wide\"",
                "borders; adablock:threshold=-1; borders: threshold: expected 0 or more, found -1.0",
                "borders; fixed:8; borders: fixed: expected name=value, found \"8\"",
                "verification; policy=often; verification: policy \"often\"",
                "context-reuse; from=-1; context-reuse: minimum context: expected 0 or more tokens, found -1",
                "context-reuse; changes=0; context-reuse: changes: expected 1 or more, found 0",
                "storing; never; storing: expected one of [causal, whole], found 'never'",
            })
    void wrongTextsAreToldByTheirName(String name, String text, String message) {
        assertThatThrownBy(() -> parse(name, text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void unknownDelimitersAreTold() {
        assertThatThrownBy(() -> parse("borders", "adablock:delimiters=newline|dash"))
                .hasMessageContainingAll("borders: delimiters: expected one of", "period", "dash");
    }

    @Test
    void optionsOfBlocksNeedBlocks() {
        assertThatThrownBy(
                        () ->
                                new BlockOptions(
                                        DecoderKind.AUTO,
                                        8,
                                        0,
                                        PLAIN.unmasking(),
                                        PLAIN.borders(),
                                        null,
                                        null,
                                        Storing.CAUSAL))
                .hasMessage("decoder: expected blocks where something is said of them, found auto");
    }

    @Test
    void blocksAndADrafterExcludeEachOther() {
        LoadOptions drafted =
                LoadOptions.defaults().withDrafting(DraftOptions.of(DrafterKind.PROMPT_LOOKUP));
        assertThat(drafted.withBlocks(BlockOptions.of(DecoderKind.AUTOREGRESSIVE)).drafting())
                .isEqualTo(drafted.drafting());
        assertThatThrownBy(() -> drafted.withBlocks(PLAIN))
                .hasMessageStartingWith("decoder: expected no blocks")
                .hasMessageContaining("beside the drafter prompt-lookup");
    }

    @Test
    void optionsOfDjlAreReadByName() {
        LoadOptions read =
                LoadArguments.read(
                        Map.of(
                                "blockSize", 8,
                                "blockSteps", "2",
                                "unmasking", "static",
                                "blockBorders", "adablock",
                                "verification", "on",
                                "contextReuse", "on",
                                "blockStoring", "causal"),
                        Device.cpu());
        assertThat(read.blocks())
                .isEqualTo(
                        new BlockOptions(
                                DecoderKind.BLOCKS,
                                8,
                                2,
                                new StaticUnmasking(),
                                BorderRule.AtDelimiters.USUAL,
                                SelfVerification.DEFAULT,
                                new ContextReuse(512),
                                Storing.CAUSAL));
        assertThat(LoadArguments.read(Map.of("decoder", "autoregressive"), null).blocks())
                .isEqualTo(BlockOptions.of(DecoderKind.AUTOREGRESSIVE));
    }

    @Test
    void wrongOptionsOfDjlAreNamed() {
        assertThatThrownBy(() -> LoadArguments.read(Map.of("blockSize", 1), null))
                .hasMessage("option blockSize: expected a whole number of 2 or more, found '1'");
        assertThatThrownBy(() -> LoadArguments.read(Map.of("blockLength", 8), null))
                .hasMessageStartingWith("option blockLength: expected one of")
                .hasMessageContaining("blockSize");
        assertThatThrownBy(
                        () ->
                                LoadArguments.read(
                                        Map.of("decoder", "blocks", "drafter", "prompt-lookup"),
                                        null))
                .hasMessageStartingWith("option decoder: expected no blocks");
        assertThatThrownBy(
                        () ->
                                LoadArguments.read(
                                        Map.of("decoder", "autoregressive", "contextReuse", "on"),
                                        null))
                .hasMessageStartingWith("option contextReuse: expected the decoder blocks");
    }
}
