"""What every resource has to say of itself."""

NEEDED = {"owner", "stage", "until"}


def missing(tags):
    return sorted(NEEDED - {name for name, value in tags.items() if value})
