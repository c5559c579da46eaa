#!/usr/bin/python3
"""Checks that clang-format would change nothing; `format.py ROOT --fix` lets it."""

import pathlib
import subprocess
import sys


def main():
    root = pathlib.Path(sys.argv[1])
    files = sorted(p for folder in ("engine", "lang", "tests") for p in (root / folder).rglob("*")
                   if p.suffix in (".h", ".cc"))
    mode = ["-i"] if "--fix" in sys.argv[2:] else ["--dry-run", "-Werror"]
    result = subprocess.run(["clang-format-19", "--style=file", *mode, *files], check=False)
    print(f"{len(files)} files {'formatted' if mode == ['-i'] else 'checked'}")
    return result.returncode != 0 or not files


if __name__ == "__main__":
    sys.exit(main())
