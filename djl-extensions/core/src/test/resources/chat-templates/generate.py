"""Writes what Python's Jinja2 renders, as the expectation of the tests: see README.md."""

import datetime
import json
import pathlib

import jinja2
import jinja2.ext
import jinja2.sandbox

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 11, 24, 9, 5, 7)


class Generation(jinja2.ext.Extension):
    """Renders the body of {% generation %}, which only marks text."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        call = self.call_method("render")
        return jinja2.nodes.CallBlock(call, [], [], body).set_lineno(line)

    def render(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        x,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=[Generation, jinja2.ext.loopcontrols],
)
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = NOW.strftime


def render(source, variables):
    """What a rendering gives: a text, a refusal by the template, or a failure."""
    try:
        template = environment.from_string(source)
    except Exception as e:
        return {"broken": str(e)}
    try:
        return {"expected": template.render(**variables)}
    except Exception as e:
        return {"raised" if type(e) is jinja2.exceptions.TemplateError else "fails": str(e)}


def read(name):
    return json.loads((HERE / name).read_text(encoding="utf-8"))


def write(name, value):
    text = json.dumps(value, ensure_ascii=False, indent=1)
    (HERE / name).write_text(text + "\n", encoding="utf-8")


def conversations():
    results = []
    for template, tokens in read("special_tokens.json").items():
        source = (HERE / "templates" / f"{template}.jinja").read_text(encoding="utf-8")
        for name, conversation in read("conversations.json").items():
            for prompt in (True, False):
                variables = {
                    **tokens,
                    "messages": conversation["messages"],
                    "tools": conversation["tools"] or None,
                    "documents": None,
                    "add_generation_prompt": prompt,
                }
                result = {"template": template, "conversation": name, "prompt": prompt}
                results.append({**result, **render(source, variables)})
    return results


def snippets():
    corpus = read("snippets.json")
    for snippet in corpus["snippets"]:
        source = snippet["template"]
        snippet.clear()
        snippet.update(template=source, **render(source, corpus["variables"]))
    return corpus


if __name__ == "__main__":
    write("expected.json", conversations())
    write("snippets.json", snippets())
