package dev.slipstream.decode.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates come with models, and models from anywhere: what a template may not do. */
class TemplateBoundsTest {
    private static final String BIG = "{% set s = 'a' * 1500000 %}{% set t = 'a' * 700000 ~ 'b' %}";
    private static final String TREE =
            "{% set ns = namespace(x=[1], y=[1]) %}{% for i in range(80) %}"
                    + "{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}{% endfor %}";
    private static final String DEEP =
            "{% set ns = namespace(x=[]) %}{% for i in range(40000) %}"
                    + "{% set ns.x = [ns.x] %}{% endfor %}";

    private static String render(String source, Map<String, ?> variables) {
        return Template.parse(source).render(variables, Clock.systemUTC());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% for i in range(2000000000) %}{% endfor %}",
                "{% for i in range(9000000) %}{% for j in range(9000000) %}{% endfor %}{% endfor %}",
                "{{ range(2000000000) | list }}",
                "{{ range(2000000000) | sum }}",
                "{{ -1 in range(2000000000) }}",
                "{{ range(2000000000)[::-1] }}",
                "{{ range(2000000000) | tojson }}",
                "{{ range(2000000000) | map('string') | list }}",
                "{{ 'x' * 1000000000 }}",
                "{{ [1] * 2000000000 }}",
                "{{ 9 ** 9 ** 9 }}",
                "{{ 9223372036854775807 + 1 }}",
                "{{ range(-9223372036854775807, 9223372036854775807) }}",
                "{{ '%2000000000d' % 1 }}",
                "{{ '%.2000000000f' % 1 }}",
                "{{ 'a\nb' | indent(2000000000) }}",
                "{{ [1] | tojson(indent=2000000000) }}",
                "{% for i in range(100) %}{{ 'x' * 1000000 }}{% endfor %}",
                "{% set s = 'x' * 1000000 %}{{ s | replace('', s) }}",
                "{{ range(100) | join('x' * 1000000) }}",
                "{% set ns = namespace(s='x') %}{% for i in range(99) %}"
                        + "{% set ns.s = ns.s + ns.s %}{% endfor %}",
                "{% set ns = namespace(s='x') %}{% for i in range(99) %}"
                        + "{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
                "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}"
                        + "{% set ns.l = ns.l + ns.l %}{% endfor %}",
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% macro f(n) %}{{ f(n + 1) }}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
                "{% macro f(n) %}{% if n < 90 %}{{ f(n + 1) }}{{ f(n + 1) }}{% endif %}{% endmacro %}"
                        + "{{ f(0) }}",
                "{% macro f(g) %}{{ g(g) }}{% endmacro %}{{ f(f) }}",
                BIG + "{{ t in s }}",
                BIG + "{{ s.split(t) }}",
                BIG + "{{ s.rsplit(t) }}",
                BIG + "{{ s.find(t) }}",
                BIG + "{{ s.count(t) }}",
                BIG + "{{ s.replace(t, 'c') }}",
                BIG + "{{ s.strip(t[::-1]) }}",
                "{% set s = 'a' * 1500000 %}{{ (s ~ 'c') in [s ~ 'b'] * 100000 }}",
                "{% set s = 'a' * 1500000 %}{% for i in range(100000) %}{{ s[1499999] }}{% endfor %}",
                "{% set s = 'a' * 1500000 %}{% for i in range(100000) %}{{ s.isalpha() }}{% endfor %}",
                "{% set s = 'a' * 1500000 %}{% for i in range(100000) %}{{ s | length }}{% endfor %}",
                TREE + "{{ ns.x }}",
                TREE + "{{ ns.x | tojson }}",
                TREE + "{{ ns.x == ns.y }}",
                TREE + "{{ ns.x < ns.y }}",
                DEEP + "{{ ns.x }}",
                DEEP + "{{ ns.x | tojson }}",
                DEEP + "{{ ns.x == [ns.x] }}"
            })
    void whatNeverEndsOrGrowsWithoutEndIsStopped(String source) {
        assertThatThrownBy(() -> render(source, Map.of()))
                .isInstanceOf(TemplateException.class)
                .hasMessageStartingWith("line 1: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"(", "[", "-", "not ", "{% if 1 %}", "{% for x in y %}", "1 if 1 else "})
    void whatIsNestedTooDeepIsNotRead(String opening) {
        String many = opening.repeat(20_000);
        String source = opening.startsWith("{%") ? many : "{{ " + many;

        assertThatThrownBy(() -> Template.parse(source))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("nested more than");
    }

    @ParameterizedTest
    @ValueSource(strings = {" + 1", " * 1", ".a", "[0]", " | trim", " and 1", " ~ 1", "()"})
    void longChainsRenderOrFailButNeverOverflow(String link) {
        String source = "{{ 1" + link.repeat(20_000) + " }}";
        try {
            assertThat(render(source, Map.of())).isNotNull();
        } catch (TemplateException e) {
            assertThat(e).hasMessageStartingWith("line 1: ");
        }
    }

    @Test
    void aHugeNumberIsAnError() {
        assertThatThrownBy(() -> Template.parse("{{ " + "9".repeat(1000) + " }}"))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("does not fit 64 bits");
    }

    @Test
    void theBudgetGrowsWithTheInput() {
        String content = "Ünï code 😀\n".repeat(300_000);
        Map<String, Object> message = Map.of("role", "user", "content", content);
        String source =
                "{% for m in messages %}{% if '</think>' in m.content %}t{% endif %}"
                        + "{{ '<' + m.role + '>' + (m.content | trim) + '</>' }}"
                        + "{{ m.content.split('</think>')[-1].strip('\\n') }}{% endfor %}";

        assertThat(render(source, Map.of("messages", List.of(message, message))))
                .hasSize(2 * (2 * (content.length() - 1) + "<user></>".length()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ ''.getClass() }}",
                "{{ ''.getClass().forName('java.lang.Runtime') }}",
                "{{ x['getClass']() }}",
                "{{ messages.getClass() }}",
                "{{ messages.stream() }}",
                "{{ messages[0].entrySet() }}",
                "{{ (1).longValue() }}",
                "{{ raise_exception.getClass() }}",
                "{{ range.call() }}",
                "{{ namespace().getClass() }}",
                "{{ ''.__class__.__mro__ }}",
                "{{ x.class.name }}",
                "{% for i in [1] %}{{ loop.getClass() }}{% endfor %}",
                "{{ messages | map(attribute='class.name') | list }}",
                "{{ (x | attr('getClass'))() }}",
                "{{ none.hashCode() }}",
                "{{ missing.message() }}"
            })
    void aTemplateReachesNoJava(String source) {
        Map<String, Object> variables =
                Map.of("x", "text", "messages", List.of(Map.of("role", "user")));

        assertThatThrownBy(() -> render(source, variables))
                .isInstanceOf(TemplateException.class)
                .hasMessageMatching("line 1: .*(has no attribute|is undefined).*")
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("java."));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% include 'a' %}",
                "{% import 'a' as b %}",
                "{% from 'a' import b %}",
                "{% extends 'a' %}",
                "{% block a %}{% endblock %}",
                "{% do x.append(1) %}"
            })
    void aTemplateReadsNoFilesAndInheritsNothing(String source) {
        assertThatThrownBy(() -> Template.parse(source))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("unknown tag");
    }

    @Test
    void whatIsGivenIsNeverChanged() {
        List<Object> list = new ArrayList<>(List.of(1, 2));
        Map<String, Object> map = new HashMap<>(Map.of("a", 1));

        for (String change :
                List.of(
                        "l.append(3)",
                        "l.pop()",
                        "m.update({'a': 2})",
                        "m.pop('a')",
                        "m.clear()")) {
            assertThatThrownBy(() -> render("{{ " + change + " }}", Map.of("l", list, "m", map)))
                    .isInstanceOf(TemplateException.class);
        }
        assertThat(render("{% set l = l + [3] %}{{ l }}", Map.of("l", list)))
                .isEqualTo("[1, 2, 3]");
        assertThat(list).containsExactly(1, 2);
        assertThat(map).containsExactly(Map.entry("a", 1));
    }

    @Test
    void textFromOutsideIsNeverATemplate() {
        String text = "{{ 1 + 1 }} {% raise %} {# note #}";

        assertThat(render("{{ text }}", Map.of("text", text))).isEqualTo(text);
    }

    @Test
    void onlyPlainValuesGoIn() {
        assertThatThrownBy(() -> render("", Map.of("x", List.of(new Object()))))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("java.lang.Object");

        List<Object> cycle = new ArrayList<>();
        cycle.add(cycle);
        assertThatThrownBy(() -> render("", Map.of("x", cycle)))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("contains itself");
    }
}
