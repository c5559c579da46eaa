"""What an image has to have before it gets a name."""

import importlib.metadata
import pathlib

from helpers import pip_list

for line in pip_list.frozen():
    name, version = line.split("==")
    assert importlib.metadata.version(name) == version
assert pathlib.Path("/etc/passwd").read_text(encoding="utf-8").startswith("app:")
print("fit for use")
