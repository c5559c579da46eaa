"""Stands for `pip install`: what a lock names, and a wheel, into /opt/packages below a folder.

  install_python.py LOCK POOL WHEEL ROOT
"""

import pathlib
import shutil
import sys
import tomllib
import zipfile


def main(lock, pool, wheel, root):
    into = pathlib.Path(root, "opt/packages")
    into.mkdir(parents=True)
    locked = tomllib.loads(pathlib.Path(lock).read_text(encoding="utf-8"))
    for one in locked.get("package", []):
        name, version = one["name"], one["version"]
        for file in sorted(pathlib.Path(pool, f"{name}-{version}").glob("*.py")):
            shutil.copyfile(file, into / file.name)
        info = into / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(into)


main(*sys.argv[1:])
