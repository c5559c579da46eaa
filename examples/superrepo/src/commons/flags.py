"""Texts of settings as truth."""

YES = {"1", "true", "yes", "on"}
NO = {"0", "false", "no", "off", ""}


def flag(text):
    word = text.strip().lower()
    if word not in YES | NO:
        raise ValueError(f"neither yes nor no: {text!r}")
    return word in YES
