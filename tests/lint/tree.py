#!/usr/bin/python3
"""Rules for every file of the project that no compiler knows.

  tree.py ROOT         checks the files that git tracks (all files, where there is no git)
  tree.py --self-test  shows that violations are found

  - The top level has the agreed entries and dotfiles, nothing else.
  - C++ files stay short enough to be read at one sitting; tests may tell longer stories.
  - What is unfinished is finished or written down as an open question, never left as a mark.
  - No path of somebody's machine, no trailing blanks, a newline at the end.
  - Every folder of C++ tests is listed in its meson.build, so that no test is forgotten.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

TOP = {"meson.build", "engine", "lang", "stdlib", "tests", "examples", "docs", "LICENSE", "README.md"}
MAX_LINES = 400
MAX_LINES_OF_TESTS = 800
TEXT = {".cc", ".h", ".py", ".sh", ".md", ".build", ".devgraph", ".txt", ".cpp", ".json", ""}
# Spelt in two parts, so that this file passes its own check.
FORBIDDEN = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
# Data that is meant to be odd: golden cases and fuzz corpora hold any bytes.
ANY_BYTES = ("tests/golden/", "tests/fuzz/corpus/")


def tracked(root):
    """Project-relative names of the files to look at."""
    try:
        out = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        return [name for name in out.decode().split("\0") if name and (root / name).is_file()]
    except (OSError, subprocess.CalledProcessError):
        return [p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()]


def in_file(name, data):
    suffix = pathlib.PurePath(name).suffix
    if suffix not in TEXT or name.startswith(ANY_BYTES):
        return []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"{name}:1: not UTF-8 at byte {error.start}"]
    found = []
    lines = text.split("\n")
    if text and not text.endswith("\n"):
        found.append(f"{name}:{len(lines)}: no newline at the end")
    limit = MAX_LINES_OF_TESTS if name.startswith("tests/") else MAX_LINES
    if suffix in (".cc", ".h") and len(lines) - 1 > limit:
        found.append(f"{name}:{limit + 1}: {len(lines) - 1} lines; {limit} at most, split it")
    for number, line in enumerate(lines, 1):
        match = FORBIDDEN.search(line)
        if match:
            found.append(f"{name}:{number}: `{match.group(0)}` does not belong here")
        if line.rstrip(" \t\r") != line:
            found.append(f"{name}:{number}: blanks at the end of the line")
    return found


def build_text(folder):
    build = folder / "meson.build"
    return build.read_text(encoding="utf-8") if build.is_file() else ""


def unlisted(root, names):
    """C++ files that no meson.build of their folder or one above it mentions."""
    found = []
    for name in names:
        path = pathlib.PurePath(name)
        if path.suffix != ".cc" or path.parts[0] not in ("engine", "lang", "tests"):
            continue
        if not any(f"{path.relative_to(folder).as_posix()}'" in build_text(root / folder)
                   for folder in path.parents):
            found.append(f"{name}:1: in no meson.build, so it is never compiled")
    return found


def at_the_top(names):
    """Files that lie outside of the agreed entries; folders of builds are nobody's where there is no git."""
    found = []
    for name in names:
        first, *below = pathlib.PurePath(name).parts
        if first not in TOP and not first.startswith(".") and not (below and first.startswith("build")):
            found.append(f"{name}:1: `{first}` is no entry of the top level")
    return found


def violations(root):
    names = tracked(root)
    found = unlisted(root, names) + at_the_top(names)
    for name in names:
        if not (root / name).is_symlink():
            found += in_file(name, (root / name).read_bytes())
    return found, len(names)


SELF_TEST = {
    "engine/meson.build": (b"files('good.cc', 'long.cc', 'short.h')\n", 0),
    "engine/good.cc": (b"int main() {}\n", 0),
    "engine/long.cc": (b"\n" * 401, 1),
    "engine/short.h": (b"\n" * 400, 0),
    "tests/meson.build": (b"files('story.cc', 'saga.cc')\n", 0),
    "tests/story.cc": (b"\n" * 800, 0),
    "tests/saga.cc": (b"\n" * 801, 1),
    "build.log": (b"a\n", 1),
    "notes/today.md": (b"a\n", 1),
    ".clang-tidy": (b"a\n", 0),
    "README.md": (b"a\n", 0),
    "engine/forgotten.cc": (b"\n", 1),
    "engine/mark.h": (b"// TO" b"DO later\n", 1),
    "docs/blank.md": (b"a \n", 1),
    "docs/end.md": (b"a", 1),
    "docs/latin.md": (b"\xe9\n", 1),
    "docs/picture.png": (b"\x89\xff", 0),
    "tests/golden/parse/bytes/in.devgraph": (b"\xff \n", 0),
}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, (data, _) in SELF_TEST.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        found, _ = violations(root)
    failed = 0
    for name, (_, want) in SELF_TEST.items():
        got = [line for line in found if line.startswith(name + ":")]
        if len(got) != want:
            failed += 1
            print(f"{name}: {want} violations expected, found {got}")
    print(f"{len(SELF_TEST) - failed} passed, {failed} failed")
    return failed != 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found, looked_at = violations(pathlib.Path(sys.argv[1]))
    print("\n".join(found + [f"{looked_at} files, {len(found)} faults"]))
    return bool(found) or looked_at == 0


if __name__ == "__main__":
    sys.exit(main())
