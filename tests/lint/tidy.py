#!/usr/bin/python3
"""Runs clang-tidy on the C++ files of engine and lang; prints only what it found.

  tidy.py BUILD [FILE...]     BUILD has the compile commands; FILE may be any file of them

What was clean once is not looked at again: a stamp in BUILD/tidy holds the digest of the file, of
all project headers that it includes, of the settings and of the compile command.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

TIDY = "clang-tidy-19"
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def closure(root, path, seen):
    """`path` and all project files that it includes, into `seen`."""
    if path in seen or not path.is_file():
        return
    seen.add(path)
    for name in INCLUDE.findall(path.read_bytes()):
        closure(root, root / name.decode(), seen)


def fingerprint(root, entry, source):
    files = set()
    closure(root, source, files)
    files |= {p for p in root.rglob(".clang-tidy") if "build" not in p.parts[-2]}
    digest = hashlib.sha256(entry["command"].encode())
    digest.update(subprocess.run([TIDY, "--version"], check=True, stdout=subprocess.PIPE).stdout)
    for path in sorted(files):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def check(root, build, entry):
    """What clang-tidy says about one file; empty if it is clean."""
    source = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
    stamp = build / "tidy" / source.relative_to(root).as_posix().replace("/", "__")
    mark = fingerprint(root, entry, source)
    if stamp.is_file() and stamp.read_text() == mark:
        return ""
    result = subprocess.run([TIDY, "--quiet", "-p", build, source], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        return result.stdout or result.stderr
    stamp.write_text(mark)
    return ""


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parents[2]
    chosen = {pathlib.Path(name).resolve() for name in sys.argv[2:]}
    (build / "tidy").mkdir(exist_ok=True)
    entries = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        ours = root / "engine" in source.parents or root / "lang" in source.parents
        if source in chosen or (not chosen and ours):
            entries.append(entry)
    unclean, said_before = 0, set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for said in pool.map(lambda entry: check(root, build, entry), entries):
            if said:
                unclean += 1
                # What is wrong in a header is said once, not for each file that includes it.
                if said not in said_before:
                    print(said, flush=True)
                said_before.add(said)
    print(f"{len(entries)} files, {unclean} not clean")
    return unclean != 0 or not entries


if __name__ == "__main__":
    sys.exit(main())
