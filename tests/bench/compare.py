#!/usr/bin/env python3
"""Times devgraph against ninja on the same generated graph, in turn, and prints medians and ratios.

    tests/bench/compare.py [--devgraph PATH] [--rounds N] [--jobs N] WORKLOAD…

Workloads: wide-N (N leaves with 20 of 200 headers each, N/100 archives, one final file), spawn-N (N commands
`touch`), chain-N, one. Machines are noisy: only the ratios of one run mean something.
"""
import argparse
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def write(path: pathlib.Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


class Workload:
    """One graph in both languages, below `folder`."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.ninja: list[str] = ["rule cat", "  command = cat $in > $out", "rule head",
                                 "  command = head -qc16 $in > $out", "rule touch", "  command = touch $out"]
        self.devgraph: list[str] = ["devgraph 1"]

    def command(self, name: str, rule: str, inputs: list[str]) -> None:
        """A node `name` that makes one file. Inputs that start with `./` are sources, the others nodes."""
        files = [i[2:] if i.startswith("./") else f"out/{i}" for i in inputs]
        self.ninja.append(f"build out/{name}: {rule} {' '.join(files)}")
        holes = "{deps}" if inputs else ""
        line = {"cat": f"$ cat {holes} > {{out}}", "head": f"$ head -qc16 {holes} > {{out}}",
                "touch": "$ touch {out}"}[rule]
        deps = f"  deps = [{', '.join(inputs)}]\n" if inputs else ""
        self.devgraph.append(f'run {name} {{\n  out = "{name}"\n{deps}  {line}\n}}')

    def save(self) -> None:
        write(self.folder / "build.ninja", "\n".join(self.ninja) + "\n")
        write(self.folder / "build.devgraph", "\n".join(self.devgraph) + "\n")


def wide(folder: pathlib.Path, count: int) -> Workload:
    dice = random.Random(1)
    work = Workload(folder)
    for i in range(200):
        write(folder / f"h/{i}.h", f"header {i}\n".ljust(4096, "h"))
    (folder / "src").mkdir()
    archives = []
    for first in range(0, count, 100):
        objects = []
        for i in range(first, min(first + 100, count)):
            (folder / f"src/{i}.c").write_text(f"leaf {i}\n".ljust(1024, "c"))
            headers = [f"./h/{n}.h" for n in sorted(dice.sample(range(200), 20))]
            work.command(f"o{i}", "cat", [f"./src/{i}.c", *headers])
            objects.append(f"o{i}")
        archives.append(f"a{first // 100}")
        work.command(archives[-1], "head", objects)
    work.command("final", "head", archives)
    return work


def spawn(folder: pathlib.Path, count: int) -> Workload:
    work = Workload(folder)
    for i in range(count):
        work.command(f"t{i}", "touch", [])
    return work


def chain(folder: pathlib.Path, count: int) -> Workload:
    work = Workload(folder)
    write(folder / "first.txt", "first\n")
    last = "./first.txt"
    for i in range(count):
        work.command(f"c{i}", "cat", [last])
        last = f"c{i}"
    return work


SHAPES = {"wide": wide, "spawn": spawn, "chain": chain}


def timed(command: list[str], folder: pathlib.Path) -> float:
    begin = time.perf_counter()
    result = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    taken = time.perf_counter() - begin
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} failed in {folder}:\n{result.stderr.decode(errors='replace')[-2000:]}")
    return taken


def peak_mib(command: list[str], folder: pathlib.Path) -> float:
    script = ("import resource,subprocess,sys; subprocess.run(sys.argv[1:],stdout=-3,stderr=-3,check=True);"
              "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss/1024)")
    return float(subprocess.run([sys.executable, "-c", script, *command], cwd=folder, check=True,
                                capture_output=True, text=True).stdout)


class Pair:
    """Runs the two tools in turn, the order changing every round."""

    def __init__(self, folder: pathlib.Path, tools: dict[str, list[str]], rounds: int):
        self.folder, self.tools, self.rounds = folder, tools, rounds

    def measure(self, row: str, prepare) -> None:
        times: dict[str, list[float]] = {name: [] for name in self.tools}
        for round_ in range(self.rounds):
            names = list(self.tools)
            if round_ % 2:
                names.reverse()
            for name in names:
                prepare(name)
                times[name].append(timed(self.tools[name], self.folder))
        middle = {name: statistics.median(values) for name, values in times.items()}
        print(f"{row:<24} devgraph {middle['devgraph']:8.4f} s   ninja {middle['ninja']:8.4f} s   "
              f"ratio {middle['devgraph'] / middle['ninja']:.2f}", flush=True)


def forget(folder: pathlib.Path, name: str, trash: pathlib.Path) -> None:
    """Makes the next build a first one. Nothing is deleted until the end: for seconds after many files were
    deleted, ext4 searches long for each new one, which would be most of what is measured."""
    aside = pathlib.Path(tempfile.mkdtemp(dir=trash))
    state = [".devgraph"] if name == "devgraph" else [".ninja_log", ".ninja_deps"]
    for entry in ["out", *state]:
        if (folder / entry).exists():
            (folder / entry).rename(aside / entry)


def bench(name: str, options: argparse.Namespace) -> None:
    shape, _, count = name.partition("-")
    with tempfile.TemporaryDirectory(prefix="devgraph-bench-", dir=options.tmp) as root:
        folders = {}
        for tool in ("devgraph", "ninja"):  # A tree each, so that neither cleans up for the other.
            folders[tool] = pathlib.Path(root) / tool
            folders[tool].mkdir()
            SHAPES[shape](folders[tool], int(count)).save()
        tools = {"devgraph": [options.devgraph, "-C", str(folders["devgraph"]), "build", f"-j{options.jobs}"],
                 "ninja": ["ninja", "-C", str(folders["ninja"]), f"-j{options.jobs}"]}
        pair = Pair(pathlib.Path(root), tools, options.rounds)
        if shape == "spawn" or options.full:
            trash = pathlib.Path(root) / "trash"
            trash.mkdir()
            pair.measure(f"{name} full", lambda tool: forget(folders[tool], tool, trash))
        for tool, command in tools.items():
            timed(command, folders[tool])
        pair.measure(f"{name} null", lambda tool: None)
        if shape == "wide":
            leaf = {"n": 0}

            def edit(tool: str) -> None:
                leaf["n"] += 1
                path = folders[tool] / "src/7.c"
                path.write_text(f"edit {leaf['n']}\n".ljust(1024, "e"))

            pair.measure(f"{name} one leaf", edit)
            if options.touch_all:
                def touch(tool: str) -> None:
                    for file in (folders[tool] / "src").iterdir():
                        os.utime(file)
                pair.measure(f"{name} touch all", touch)
        peaks = {tool: peak_mib(command, folders[tool]) for tool, command in tools.items()}
        print(f"{name + ' null peak':<24} devgraph {peaks['devgraph']:8.1f} MiB ninja {peaks['ninja']:8.1f} MiB "
              f"ratio {peaks['devgraph'] / peaks['ninja']:.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devgraph", default=str(pathlib.Path(__file__).parents[2] / "build/engine/cli/devgraph"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=32)
    parser.add_argument("--tmp", default=None, help="where to make the trees (default: the system's)")
    parser.add_argument("--full", action="store_true", help="time the first build of every shape too")
    parser.add_argument("--touch-all", action="store_true", help="time a build after all sources were touched")
    parser.add_argument("workloads", nargs="+")
    options = parser.parse_args()
    options.devgraph = str(pathlib.Path(options.devgraph).resolve())
    for name in options.workloads:
        bench(name, options)


main()
