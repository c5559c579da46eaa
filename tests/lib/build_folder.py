#!/usr/bin/python3
"""Two questions to a build folder that meson has set up.

  build_folder.py precompile DIR      compiles DIR/precompiled.h, which every compile command
                                      includes, to DIR/precompiled.h.pch; clang finds it there
  build_folder.py targets DIR SUITE…  prints what ninja has to make for the tests of the suites
"""

import json
import pathlib
import shlex
import subprocess
import sys

# Options of a compile command that take the next word with them and are not for the header.
WITH_VALUE = {"-MQ", "-MF", "-o", "-c", "-include"}


def header_command(folder):
    """The compile command of the first file, for the header: options must be the same."""
    commands = json.loads((folder / "compile_commands.json").read_text(encoding="utf-8"))
    words = iter(shlex.split(commands[0]["command"]))
    kept = []
    for word in words:
        if word in WITH_VALUE:
            next(words)
        elif word not in ("-MD", "ccache"):
            kept.append(word)
    header = folder / "precompiled.h"
    return kept + ["-x", "c++-header", str(header), "-o", str(header) + ".pch"]


def precompile(folder):
    # Always anew: of a header that an upgrade has changed clang says no more than that it changed.
    return subprocess.run(header_command(folder), cwd=folder, check=False).returncode


def targets(folder, suites):
    """The files behind the targets that tests of the suites depend on."""
    about = folder / "meson-info"
    tests = json.loads((about / "intro-tests.json").read_text(encoding="utf-8"))
    made = json.loads((about / "intro-targets.json").read_text(encoding="utf-8"))
    files = {one["id"]: one["filename"] for one in made}
    wanted = set()
    for test in tests:
        # meson writes `project:suite`.
        if {name.split(":")[-1] for name in test["suite"]} & set(suites):
            for target in test["depends"]:
                wanted.update(files[target])
    for name in sorted(wanted):
        print(pathlib.Path(name).relative_to(folder))
    return 0 if wanted else 1


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "precompile":
        return precompile(pathlib.Path(sys.argv[2]).resolve())
    if len(sys.argv) > 3 and sys.argv[1] == "targets":
        return targets(pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
