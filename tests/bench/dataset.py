#!/usr/bin/env python3
"""Times devgraph on a folder of many small files against plain tools on the same files, in turn.

    tests/bench/dataset.py [--devgraph PATH] [--files N] [--rounds N] [--folder DIR]

A node makes the folder, another reads it. Each case is a pair: what devgraph does, and what tools that do the
least for it need (`cat`, `sha256sum`, `find` with a stat a file, `cp`). Machines are noisy: only the ratios of one run
mean something. Files are in the page cache. Nothing is deleted between the rounds: for seconds after many files were
deleted, ext4 searches long for each new one, which would be most of what is measured.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

MANIFEST = """devgraph 1

let data = ./data/

run made {
  out = "made/"
  $ cp -r {data}/. {out}
}
run count {
  out = "count.txt"
  $ find {made} -type f | wc -l > {out}
}
run source {
  out = "source.txt"
  $ find {data} -type f | wc -l > {out}
}
"""
FILES_A_FOLDER = 1000


def generate(root: pathlib.Path, count: int) -> None:
    """Files of 200 to 2800 bytes, no two alike."""
    noise = os.urandom(1 << 20)
    for number in range(count):
        folder = root / f"part-{number // (100 * FILES_A_FOLDER):02}" / f"{number // FILES_A_FOLDER:04}"
        if number % FILES_A_FOLDER == 0:
            folder.mkdir(parents=True)
        size = 200 + number * 7919 % 2600
        start = number * 4093 % (len(noise) - size)
        (folder / f"{number % FILES_A_FOLDER:04}.bin").write_bytes(
            number.to_bytes(8, "little") + noise[start:start + size])


class Bench:
    def __init__(self, folder: pathlib.Path, binary: str, rounds: int):
        self.folder = folder
        self.binary = binary
        self.rounds = rounds

    def time(self, command: str, code: int = 0) -> float:
        begin = time.monotonic()
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, env={**os.environ, "DG": self.binary}, check=False)
        if done.returncode != code:
            sys.exit(f"{command}: exit status {done.returncode}\n{done.stderr.decode()}")
        return time.monotonic() - begin

    def pair(self, name: str, ours: str, floor: str, prepare: str = "", code: int = 0) -> None:
        """Medians of both in turn. `prepare` is not timed."""
        mine, theirs = [], []
        for _ in range(self.rounds):
            self.time(prepare + "\ntrue")
            mine.append(self.time(ours, code))
            theirs.append(self.time(floor))
        a, b = statistics.median(mine), statistics.median(theirs)
        print(f"{name:<44} {a:8.2f} s  {b:8.2f} s  {a / b:6.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--devgraph", default="build/engine/cli/devgraph")
    parser.add_argument("--files", type=int, default=600_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="kept, and used again with the files that are there")
    options = parser.parse_args()
    folder = pathlib.Path(options.folder or tempfile.mkdtemp(prefix="devgraph-dataset-"))
    if not (folder / "data").is_dir():
        generate(folder / "data", options.files)
    (folder / "build.devgraph").write_text(MANIFEST)
    bench = Bench(folder, os.path.abspath(options.devgraph), options.rounds)
    jobs = os.cpu_count()
    each = f"-type f -print0 | xargs -0 -n 5000 -P {jobs}"
    stat = "-type f -printf '%s %T@ %i %p\\n'"
    forget = 'mkdir -p trash && mv -t "$(mktemp -d -p trash)"'
    bench.time("rm -rf .devgraph out copied trash")
    print(f"{options.files} files, {jobs} cores{'':<21} devgraph      tools   ratio")
    bench.pair("sources, cold check / cat", "$DG check source", f"find data {each} cat",
               "", 3)
    bench.pair("sources, cold check / sha256sum", "$DG check source", f"find data {each} sha256sum",
               "", 3)
    bench.time("$DG build source && $DG build source")
    bench.pair("sources, warm check / find with stat", "$DG check source", f"find data {stat}")
    bench.pair("sources, one file more / find with stat", "$DG check source", f"find data {stat}",
               "echo $RANDOM$RANDOM > data/part-00/0000/more.bin; $DG build source", 0)
    bench.pair("a folder is made / cp and sha256sum", "$DG build made",
               f"cp -r data copied; find copied {each} sha256sum",
               f"{forget} .devgraph out copied 2>/dev/null; sync -f .")
    bench.time("$DG build count")
    bench.pair("made, check right after / find with stat", "$DG check count", f"find data out {stat}")
    bench.pair("made, warm build / find with stat", "$DG build count", f"find data out {stat}")
    bench.pair("made, restored / cp and sha256sum", "$DG build count",
               f"cp -r data copied; find copied {each} sha256sum", f"{forget} out copied 2>/dev/null; sync -f .")
    shutil.rmtree(folder / "trash", ignore_errors=True)
    if not options.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
