"""The settings of a run: `name=value` words over the defaults."""

DEFAULTS = {"lr": 0.5, "epochs": 120, "points": 400, "seed": 1, "noise": 0.8}


class Wrong(Exception):
    """Words that are no settings."""


def parse(words):
    settings = dict(DEFAULTS)
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in DEFAULTS:
            raise Wrong(f"`{word}` is no setting; there are {', '.join(DEFAULTS)}")
        try:
            settings[name] = type(DEFAULTS[name])(value)
        except ValueError:
            raise Wrong(f"`{value}` does not fit `{name}`") from None
    return settings
