"""Fills in configuration files: `{{ name }}`, `{% if name %}`, `{% for x in names %}`, filters."""

import re

from clusterkit.errors import ClusterError

_TOKEN = re.compile(r"({{.*?}}|{%.*?%})", re.S)
_FILTERS = {
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "join": lambda value: ",".join(map(str, value)),
    "count": len,
    "mib": lambda value: "{}m".format(int(value) // 2**20),
    "quote": lambda value: '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"',
}


class TemplateError(ClusterError):
    exit_code = 2


def render(text, values):
    """The text with everything filled in. A name that is not there is an error, never empty."""
    # A line that holds nothing but a tag is no line of the result.
    text = re.sub(r"(?m)^[ \t]*({%.*?%})[ \t]*\n", r"\1", text)
    tokens = [token for token in _TOKEN.split(text) if token]
    return "".join(_block(tokens, 0, values, ())[0])


def _block(tokens, at, values, until, active=True):
    """Renders up to one of the words in `until`: what it made, where it stopped, at which word."""
    out = []
    while at < len(tokens):
        token = tokens[at]
        at += 1
        words = token[2:-2].split() if token.startswith("{%") else None
        if words and words[0] in until:
            return out, at, words[0]
        if words is not None:
            made, at = _tag(words, tokens, at, values, active)
            out.extend(made)
        elif active:
            out.append(str(evaluate(token[2:-2], values)) if token.startswith("{{") else token)
    if until:
        raise TemplateError("the end is missing: {}".format(" or ".join(until)))
    return out, at, None


def _tag(words, tokens, at, values, active):
    """What `if` or `for` makes, and where it ends."""
    if words[:1] == ["if"] and len(words) in (2, 3):
        truth = active and bool(evaluate(words[-1], values)) != (words[1] == "not")
        out, at, word = _block(tokens, at, values, ("else", "endif"), truth)
        if word == "else":
            other, at, _ = _block(tokens, at, values, ("endif",), active and not truth)
            out.extend(other)
        return out, at
    if words[:1] == ["for"] and len(words) == 4 and words[2] == "in":
        out = []
        for item in evaluate(words[3], values) if active else ():
            out.extend(_block(tokens, at, dict(values, **{words[1]: item}), ("endfor",))[0])
        return out, _block(tokens, at, values, ("endfor",), False)[1]
    raise TemplateError("there is no tag `{}`".format(" ".join(words)))


def evaluate(text, values):
    """`node.name | upper`"""
    name, *filters = [part.strip() for part in text.split("|")]
    value = values
    for part in name.split("."):
        try:
            value = value[part] if isinstance(value, dict) else getattr(value, part)
        except (KeyError, AttributeError):
            raise TemplateError("there is no `{}`".format(name)) from None
    for one in filters:
        if one not in _FILTERS:
            raise TemplateError("there is no filter `{}`".format(one))
        value = _FILTERS[one](value)
    return value
