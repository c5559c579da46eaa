#!/usr/bin/python3
"""Runs clang-tidy on the C++ files of engine, lang and tests; prints what it found.

  tidy.py BUILD [FILE...]     BUILD has the compile commands; FILE: only these
  tidy.py --self-test         shows that findings, crashes and forgotten files are failures

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
import tempfile
import time

TIDY = "clang-tidy-19"
FOLDERS = ("engine", "lang", "tests")
INCLUDE = re.compile(rb'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
# A finding begins with its place; notes and excerpts follow it.
FINDING = re.compile(r"^(?=\S[^\n]*:\d+:\d+: (?:warning|error): )", re.MULTILINE)
SECONDS_BETWEEN_PROGRESS = 20


class Project:
    """The files to look at, and what decides whether they must be looked at again."""

    def __init__(self, root, build, tidy=TIDY):
        self.root = root.resolve()
        self.build = build.resolve()
        self.tidy = tidy
        (self.build / "tidy").mkdir(exist_ok=True)
        self.entries = {}
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            source = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
            self.entries.setdefault(source, entry)
        settings = hashlib.sha256(subprocess.run([tidy, "--version"], check=True,
                                                 stdout=subprocess.PIPE).stdout)
        for path in sorted({self.root / ".clang-tidy",
                            *(p for f in FOLDERS for p in (self.root / f).rglob(".clang-tidy"))}):
            settings.update(path.relative_to(self.root).as_posix().encode() + b"\0")
            settings.update(path.read_bytes() + b"\0")
        self.settings = settings.digest()

    def sources(self):
        """All C++ files of the project: those on the disk, whether they are compiled or not."""
        return sorted(path for folder in FOLDERS for path in (self.root / folder).rglob("*.cc"))

    def closure(self, path, seen):
        """`path` and all project files that it includes, into `seen`."""
        if path in seen or not path.is_file():
            return
        seen.add(path)
        for name in INCLUDE.findall(path.read_bytes()):
            self.closure(self.root / name.decode(), seen)
            self.closure(path.parent / name.decode(), seen)

    def fingerprint(self, source):
        files = set()
        self.closure(source, files)
        digest = hashlib.sha256(self.settings)
        digest.update(self.entries[source]["command"].encode() + b"\0")
        for path in sorted(files):
            digest.update(path.relative_to(self.root).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def check(self, source):
        """What is wrong with one file, finding by finding; empty if it is clean."""
        name = source.relative_to(self.root).as_posix()
        if source not in self.entries:
            return [f"{name}:1: in no compile command of {self.build.name}\n"]
        stamp = self.build / "tidy" / name.replace("/", "__")
        mark = self.fingerprint(source)
        if stamp.is_file() and stamp.read_text() == mark:
            return []
        result = subprocess.run([self.tidy, "--quiet", "-p", self.build, source], check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if result.returncode == 0 and not result.stdout.strip():
            stamp.write_text(mark)
            return []
        found = [part for part in FINDING.split(result.stdout) if FINDING.match(part)]
        # It returns 1 for findings; all else, and 1 without a finding, is a fault of its own.
        if result.returncode != 1 or not found:
            found.append(f"{name}:1: {self.tidy} ended with status {result.returncode}\n"
                         f"{result.stderr or result.stdout}")
        return found


def run(project, sources, say=print):
    """Looks at `sources`; true if all are clean. What is wrong in a header is said once."""
    begin = said_at = time.monotonic()
    unclean, said = 0, set()
    # The largest first: the last one to end then holds up nobody.
    sources = sorted(sources, key=lambda path: -path.stat().st_size)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        futures = [pool.submit(project.check, source) for source in sources]
        for done, future in enumerate(concurrent.futures.as_completed(futures), 1):
            found = future.result()
            unclean += bool(found)
            for finding in found:
                if finding not in said:
                    say(finding.rstrip("\n"), flush=True)
                said.add(finding)
            now = time.monotonic()
            if now - said_at >= SECONDS_BETWEEN_PROGRESS and done < len(sources):
                said_at = now
                say(f"-- {done} of {len(sources)} files, {now - begin:.0f} s", flush=True)
    say(f"{len(sources)} files, {unclean} not clean, {time.monotonic() - begin:.0f} s", flush=True)
    return bool(sources) and unclean == 0


SETTINGS = b"Checks: '-*,modernize-use-nullptr'\nWarningsAsErrors: '*'\nHeaderFilterRegex: '.*'\n"
FAULT = b"inline int* none() { return 0; }\n"
# What is in the file, and what must be said about it; None: nothing.
SELF_TEST = {
    "engine/good.cc": (b"int* none() { return nullptr; }\n", None),
    "engine/bad.cc": (FAULT, "engine/bad.cc:1:29: error: use nullptr"),
    "lang/bad_header.cc": (b'#include "lang/bad.h"\n', "lang/bad.h:1:29: error: use nullptr"),
    "lang/bad_header_again.cc": (b'#include "bad.h"\n', "lang/bad.h:1:29: error: use nullptr"),
    "tests/broken.cc": (b"int none = other;\n", "tests/broken.cc:1:12: error: use of undec"),
    "tests/forgotten.cc": (b"", "tests/forgotten.cc:1: in no compile command"),
}


def make_project(root):
    for name, (data, _) in {**SELF_TEST, ".clang-tidy": (SETTINGS, None),
                            "lang/bad.h": (FAULT, None)}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(data)
    build = root / "build"
    build.mkdir()
    (build / "compile_commands.json").write_text(json.dumps(
        [{"directory": str(build), "file": f"../{name}", "command": f"c++ -I.. -c ../{name}"}
         for name in SELF_TEST if "forgotten" not in name]))


def self_test():
    faults = []

    def expect(claim, holds):
        if not holds:
            faults.append(claim)
            print(f"not so: {claim}")

    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        make_project(root)
        project = Project(root, root / "build")
        lines = []
        clean = run(project, project.sources(), lambda line, flush: lines.append(line))
        expect("findings make the run fail", not clean)
        expect("all files are looked at", lines[-1].startswith(f"{len(SELF_TEST)} files, 5 not"))
        expect("a header's finding is said once", "".join(lines).count("lang/bad.h:1:29") == 1)
        for name, (_, want) in SELF_TEST.items():
            text = "".join(project.check(root / name))
            expect(f"{name}: {want}", want in text if want else not text)
        good, includer = root / "engine/good.cc", root / "lang/bad_header.cc"
        expect("a clean file makes it pass", run(project, [good], lambda *_, **__: None))
        expect("no file at all is a failure", not run(project, [], lambda *_, **__: None))

        # What changes is looked at again, in a file, in a header and in the settings.
        (root / "lang/bad.h").write_bytes(SELF_TEST["engine/good.cc"][0])
        expect("a mended header is clean", not project.check(includer))
        (root / "lang/bad.h").write_bytes(FAULT)
        expect("a header that changed is looked at again", project.check(includer))
        (root / "lang/.clang-tidy").write_bytes(SETTINGS.replace(b"nullptr", b"override"))
        expect("other settings are used", not Project(root, root / "build").check(includer))

        # From here on a program that dies without a word stands for clang-tidy.
        dying = root / "dying"
        dying.write_text('#!/bin/sh\n[ "$1" = --version ] || kill -SEGV $$\n')
        dying.chmod(0o755)
        project = Project(root, root / "build", dying)
        expect("a crash is a failure", "ended with status -11" in "".join(project.check(good)))
        dying.write_text("#!/bin/sh\nexit 1\n")
        expect("so is a failure without a finding", "status 1" in "".join(project.check(good)))
        dying.write_text("#!/bin/sh\nexit 0\n")
        expect("what failed before can pass", not project.check(good))
        dying.write_text("#!/bin/sh\nexit 1\n")
        expect("what passed is not looked at again", not project.check(good))
        good.write_bytes(FAULT)
        expect("unless it changes", project.check(good))
    print(f"{len(faults)} failed")
    return bool(faults)


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    project = Project(pathlib.Path(__file__).resolve().parents[2], pathlib.Path(sys.argv[1]))
    chosen = [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    return not run(project, chosen or project.sources())


if __name__ == "__main__":
    sys.exit(main())
