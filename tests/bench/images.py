#!/usr/bin/env python3
"""Times 200 images of one small file on a shared base of 60 MB, and 200 commands that run in them.

    tests/bench/images.py [DEVGRAPH] [--runs N]

Each run of hyperfine is one `devgraph build` after an edit that all 200 contain. The goal on two cores: the
images in less than a second.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile

MANIFEST = """devgraph 1
axis n = range(0, 200)

image base   { files = { "/bin/busybox" = ./busybox, "/big" = ./big } }
image one[n] { from = base, files = { "/item" = ./item.txt }, config = { env = { N = "{n}", PATH = "/bin" } } }
run copied[n] {
  within = one[n]
  out    = "item.txt"
  $ busybox cp /item {out}
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("devgraph", nargs="?",
                        default=str(pathlib.Path(__file__).parents[2] / "build/engine/cli/devgraph"))
    parser.add_argument("--runs", default="5")
    options = parser.parse_args()
    devgraph = os.path.abspath(options.devgraph)
    with tempfile.TemporaryDirectory(prefix="devgraph-bench-") as name:
        folder = pathlib.Path(name)
        (folder / "build.devgraph").write_text(MANIFEST)
        (folder / "big").write_bytes(os.urandom(60_000_000))
        shutil.copy("/bin/busybox", folder / "busybox")
        for target, title in (("one", "200 images"), ("copied", "200 commands in new images")):
            if target == "copied" and subprocess.run([devgraph, "doctor"], cwd=folder, check=False,
                                                 capture_output=True, text=True).stdout.find("namespaces;") < 0:
                print("no namespaces here: the commands are left out")
                continue
            prepare = "date +%N > item.txt" if target == "one" else f"date +%N > item.txt; {devgraph} build one"
            subprocess.run(["hyperfine", "--warmup", "1", "--runs", options.runs, "--prepare", prepare,
                            "--command-name", title, f"{devgraph} build -j2 {target}"], cwd=folder, check=True)


main()
