#!/usr/bin/python3
"""Holds the layers of the program against its #includes: an include points down, never up or aside.

  layers.py ROOT         checks all sources below ROOT/engine and ROOT/lang
  layers.py --self-test  shows that violations are found

The table is that of docs/decisions and of every meson.build: a layer may include itself and the
layers named beside it. `engine/cli` stands above all others.
"""

import pathlib
import re
import sys
import tempfile

ALLOWED = {
    "engine/base": [],
    "engine/graph": ["engine/base"],
    "engine/store": ["engine/graph", "engine/base"],
    "engine/plan": ["engine/store", "engine/graph", "engine/base"],
    "engine/actions": ["engine/store", "engine/graph", "engine/base"],
    "engine/exec": ["engine/actions", "engine/plan", "engine/store", "engine/graph", "engine/base"],
    "stdlib": [],
    "lang": ["engine/graph", "engine/base", "stdlib"],
}
ALLOWED["engine/cli"] = list(ALLOWED)

# Headers too dear or too specific to be seen outside the one .cc file that needs them.
ONLY_IN_CC = re.compile(r"^(tao/pegtl|nlohmann/)")
# A grammar is made of PEGTL's types, and so are the actions on it; the commands share one JSON type.
WRAPPERS = {
    "lang/grammar.h": "tao/pegtl",
    "lang/actions.h": "tao/pegtl",
    "engine/cli/json.h": "nlohmann/",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path):
    """The layer a project path belongs to: its folder, or one above it."""
    for layer in ALLOWED:
        if path == layer or path.startswith(layer + "/"):
            return layer
    return None


def violations(root):
    """All wrong includes as `file:line: words`, sorted, and the number of files looked at."""
    found, looked_at = [], 0
    for folder in ("engine", "lang", "stdlib"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            looked_at += 1
            found += in_file(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    return found, looked_at


def in_file(name, text):
    layer = layer_of(name)
    if layer is None:
        return [f"{name}:1: belongs to no layer; add its folder to tests/lint/layers.py"]
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, target = match.groups()
        where = f"{name}:{number}: "
        if ONLY_IN_CC.match(target):
            if name.endswith(".h") and not target.startswith(WRAPPERS.get(name, "\0")):
                found.append(where + f"{target} is for .cc files only")
        elif quote == '"' or target.startswith(("engine/", "lang/")):
            other = layer_of(target)
            if other is None:
                found.append(where + f"{target} is no path from the root of the project")
            elif other != layer and other not in ALLOWED[layer]:
                found.append(where + f"{layer} must not include {other} ({target})")
    return found


SELF_TEST = {
    "engine/base/a.h": ('#include <vector>\n#include "engine/base/b.h"\n', 0),
    "engine/base/up.h": ('#include "engine/graph/graph.h"\n', 1),
    "engine/store/up.cc": ('#include <fmt/format.h>\n#  include  "engine/exec/build.h"\n', 1),
    "engine/exec/sideways.cc": ('#include "lang/load.h"\n', 1),
    "lang/store.cc": ('#include "engine/store/cas.h"\n#include "stdlib/embedded.h"\n', 1),
    "lang/angle.cc": ('#include <engine/plan/key.h>\n', 1),
    "engine/cli/all.cc": ('#include "lang/load.h"\n#include "engine/exec/build.h"\n', 0),
    "engine/graph/json.h": ("#include <nlohmann/json.hpp>\n", 1),
    "engine/graph/json.cc": ("#include <nlohmann/json.hpp>\n", 0),
    "lang/grammar.h": ("#include <tao/pegtl.hpp>\n#include <nlohmann/json.hpp>\n", 1),
    "engine/cli/json.h": ("#include <nlohmann/json.hpp>\n", 0),
    "engine/store/relative.cc": ('#include "cas.h"\n', 1),
    "engine/other/new.cc": ("\n", 1),
}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, (text, _) in SELF_TEST.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        found, looked_at = violations(root)
    failed = 0
    for name, (_, want) in SELF_TEST.items():
        got = [line for line in found if line.startswith(name + ":")]
        if len(got) != want:
            failed += 1
            print(f"{name}: {want} violations expected, found {got}")
    if looked_at != len(SELF_TEST):
        failed += 1
        print(f"looked at {looked_at} of {len(SELF_TEST)} files")
    print(f"{len(SELF_TEST) + 1 - failed} passed, {failed} failed")
    return failed != 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found, looked_at = violations(pathlib.Path(sys.argv[1]))
    print("\n".join(found + [f"{looked_at} files, {len(found)} wrong includes"]))
    return bool(found) or looked_at == 0


if __name__ == "__main__":
    sys.exit(main())
