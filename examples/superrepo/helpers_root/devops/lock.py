"""Stands for `poetry lock`: what pyproject.toml asks for, with the versions and hashes that the pool has.

  lock.py PYPROJECT POOL LOCK
"""

import hashlib
import pathlib
import re
import sys
import tomllib


def numbers(version):
    return [int(part) for part in version.split(".")]


def newest(pool, wanted):
    """The newest package that fits, such as tinyframe-1.2 for `tinyframe>=1.1`."""
    name, least = re.fullmatch(r"([\w-]+)(?:>=([\d.]+))?", wanted.replace(" ", "")).groups()
    versions = [folder.name[len(name) + 1:] for folder in pool.glob(f"{name}-[0-9]*")]
    versions = [version for version in versions if numbers(version) >= numbers(least or "0")]
    if not versions:
        sys.exit(f"no package for `{wanted}`")
    return name, max(versions, key=numbers)


def digest(folder):
    made = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        made.update(file.name.encode() + b"\0" + file.read_bytes())
    return made.hexdigest()


def main(pyproject, pool, lock):
    pool = pathlib.Path(pool, "python")
    project = tomllib.loads(pathlib.Path(pyproject).read_text(encoding="utf-8"))["project"]
    lines = ["# Made by lock.py; not to be edited.\n"]
    for wanted in sorted(project.get("dependencies", [])):
        name, version = newest(pool, wanted)
        lines.append(f'\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
                     f'sha256 = "{digest(pool / f"{name}-{version}")}"\n')
    pathlib.Path(lock).write_text("".join(lines), encoding="utf-8")


main(*sys.argv[1:])
