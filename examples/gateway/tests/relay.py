"""Relays 20 MB from one folder to another: client, gateway, gateway. All on loopback, on free ports.

    relay.py CERT KEY

The client is the one in the working folder; the gateways are those of the image, so they start elsewhere.
"""

import hashlib
import os
import pathlib
import random
import subprocess
import sys

SIZE = 20_000_000


class Gateway:
    def __init__(self, cert, key, *more):
        words = [sys.executable, "-m", "hop.gateway.main", "--listen", "localhost:0"]
        self.process = subprocess.Popen(
            [*words, "--cert", cert, "--key", key, "--ca", cert, *more], cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.place = "localhost:" + self.process.stdout.readline().rstrip().rpartition(":")[2]

    def stop(self):
        self.process.terminate()
        return self.process.wait(timeout=30)


def fill(folder):
    """Large, small, empty, deep, twice the same, executable."""
    noise = random.Random(7)
    for name, size in (("large.bin", SIZE * 3 // 4), ("deep/er/second.bin", SIZE // 4 - 1000), ("odd", 1000), ("empty", 0)):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(noise.randbytes(size))
    (folder / "copy.bin").write_bytes((folder / "deep/er/second.bin").read_bytes())
    (folder / "odd").chmod(0o755)


def hashes(folder):
    return {str(file.relative_to(folder)): (hashlib.sha256(file.read_bytes()).hexdigest(), os.access(file, os.X_OK))
            for file in sorted(folder.rglob("*")) if file.is_file() and ".hop" not in file.parts}


def client(*words):
    return subprocess.run([sys.executable, "-m", "hop.cli.main", *words], check=True, text=True, stdout=subprocess.PIPE).stdout


def main():
    cert, key = map(os.path.abspath, sys.argv[1:])
    source, root = pathlib.Path("source"), pathlib.Path("root").absolute()
    fill(source)
    last = Gateway(cert, key, "--root", str(root))
    first = Gateway(cert, key)
    try:
        via = ["--via", f"{first.place},{last.place}", "--ca", cert]
        print(client("cp", str(source), "in", "--chunk", "512K", *via), end="")
        print(client("status", *via), end="")
        if hashes(source) != hashes(root / "in"):
            sys.exit("what arrived is not what was sent")
    finally:
        codes = [first.stop(), last.stop()]
    if codes != [0, 0]:
        sys.exit(f"the gateways ended with {codes}")
    print(f"{len(hashes(source))} files arrived as they were")


main()
