package dev.slipstream.samples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class FrontierPageTest {
    private static final Pattern DATA =
            Pattern.compile(
                    "<script type=\"application/json\" id=\"data\">(.*?)</script>", Pattern.DOTALL);

    @Test
    void holdsEveryPointForScriptsAndWithoutThem() {
        String page =
                FrontierPage.of(
                        Sweeps.report(
                                "tale",
                                List.of(
                                        Sweeps.measured(
                                                "finercut:remove=0.25", "finercut", 0.02, 1.34),
                                        Sweeps.measured(
                                                "quantise:weights=int4", "quantise", 0.3, 1.2),
                                        Sweeps.failed(
                                                "finercut:remove=0.9", "finercut", "too much"))));

        JsonObject data = data(page);
        List<String> plans = new ArrayList<>();
        for (JsonElement point : data.getAsJsonArray("points")) {
            plans.add(point.getAsJsonObject().get("plan").getAsString());
        }
        assertThat(plans)
                .containsExactly(
                        "finercut:remove=0.25", "quantise:weights=int4", "finercut:remove=0.9");
        JsonObject first = data.getAsJsonArray("points").get(0).getAsJsonObject();
        assertThat(first.get("onFront").getAsBoolean()).isTrue();
        assertThat(first.getAsJsonObject("ratio").get("median").getAsDouble()).isEqualTo(1.34);
        assertThat(first.getAsJsonObject("measured").has("residentBytes")).isFalse();
        assertThat(data.getAsJsonObject("original").get("storedBytes").getAsLong())
                .isEqualTo(5_000_000);
        String plain = page.substring(page.indexOf("<noscript>"), page.indexOf("</noscript>"));
        assertThat(plain)
                .contains("<td>finercut:remove=0.25</td><td>1.34×</td><td>+0.0200</td>")
                .contains("too much");
        assertThat(page).contains("1.34× faster for +0.020 nats a token: finercut:remove=0.25");
    }

    @Test
    void callsNothingFasterThatIsBetterAndSlower() {
        String page =
                FrontierPage.of(
                        Sweeps.report(
                                "tale",
                                List.of(
                                        Sweeps.measured(
                                                "quantise:weights=int8", "quantise", -0.01, 0.9))));

        assertThat(
                        data(page)
                                .getAsJsonArray("points")
                                .get(0)
                                .getAsJsonObject()
                                .get("onFront")
                                .getAsBoolean())
                .isTrue();
        assertThat(page).contains("Nothing was faster").doesNotContain("0.90× faster");
    }

    @Test
    void escapesWhatTextsOfOthersHold() {
        String nasty = "a</script><b>\"'&{{chart}}$1\u2028";
        String page =
                FrontierPage.of(
                        Sweeps.report(
                                nasty,
                                List.of(Sweeps.failed("finercut", "finercut", nasty + "\\"))));

        assertThat(data(page).get("model").getAsString()).isEqualTo(nasty);
        assertThat(
                        data(page)
                                .getAsJsonArray("points")
                                .get(0)
                                .getAsJsonObject()
                                .get("failure")
                                .getAsString())
                .isEqualTo(nasty + "\\");
        assertThat(page).doesNotContain("<b>\"'&{{").contains("a&lt;/script&gt;&lt;b&gt;");
        assertThat(count(page, "</script>")).isEqualTo(3);
    }

    @Test
    void needsNothingFromAnywhere() {
        String page = FrontierPage.of(Sweeps.report("tale", List.of()));
        String withoutNotices = page.replaceAll("(?s)/\\*!.*?\\*/", "");

        assertThat(withoutNotices)
                .doesNotContain("http://", "https://", "//cdn", "url(", "@import");
        assertThat(withoutNotices).doesNotContain("src=", "<link", "sourceMappingURL");
        assertThat(page).contains("default-src 'none'").contains("Chart.js v");
    }

    @Test
    void hasNoSlotLeft() {
        String page = FrontierPage.of(Sweeps.report("tale", List.of()));

        assertThat(page).doesNotContainPattern("\\{\\{\\w+}}");
        assertThat(page).contains("Nothing was faster than the original");
    }

    private static JsonObject data(String page) {
        Matcher matcher = DATA.matcher(page);
        assertThat(matcher.find()).isTrue();
        return JsonParser.parseString(matcher.group(1)).getAsJsonObject();
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }
}
