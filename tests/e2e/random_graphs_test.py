#!/usr/bin/env python3
"""Random graphs under random edits, against an oracle that computes every file from scratch.

After each build the exit status and the counts are those of the oracle (sound and minimal: a command runs only for a
script and input contents that never succeeded together before), and every output has the oracle's bytes.

    random_graphs_test.py DEVGRAPH [--graphs N] [--edits N] [--seed N]
"""
import argparse
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

WORDS = ["red\n", "green\n", "blue\n", "red\nred\n", "a much longer text that is cut\n", ""]
LINES = {
    "cat": "  $ cat {deps} > {out}",
    "sorted": "  $ cat {deps} | sort -u > {out}",
    "cut": "  $ cat {deps} | (head -c NUMBER; cat > /dev/null) > {out}",
    "count": "  $ x=$(cat {deps} | wc -l); echo \"NUMBER: $x\" > {out}",
    "tree": "  $ cat {deps} | (head -c 4; cat > /dev/null) > {out}/a\n  $ cat {deps} > {out}/b",
}


class NodeSpec:
    """One node: how it is written, and what it makes of the contents of its inputs."""

    def __init__(self, name: str, kind: str, inputs: list[str], number: int, fails: bool):
        self.name, self.kind, self.inputs, self.number = name, kind, inputs, number
        self.fails = fails  # While an input holds `blue`.

    def text(self, nodes: dict[str, "NodeSpec"]) -> str:
        def ref(name: str) -> str:
            if name not in nodes:
                return f"./src/{name}"
            return f'({name} / "a")' if nodes[name].kind == "tree" else name

        refs = [ref(i) for i in self.inputs]
        if self.kind == "copy":
            return f'copy {self.name} {{\n  file = {refs[0]}\n  to = "{self.name}.txt"\n}}\n'
        if self.kind == "write":
            return f'write {self.name} {{\n  text = "{self.name} {self.number}\\n"\n  to = "{self.name}.txt"\n}}\n'
        out = "data/" if self.kind == "tree" else f"{self.name}.txt"
        lines = [f"run {self.name} {{", f'  out = "{out}"', f"  deps = [{', '.join(refs)}]"]
        if self.fails:
            lines.append("  $ if cat {deps} | grep blue > /dev/null; then exit 3; fi")
        lines.append(LINES[self.kind].replace("NUMBER", str(self.number)))
        return "\n".join(lines) + "\n}\n"

    def make(self, contents: list[bytes]) -> dict[str, bytes] | None:
        """The files by their name below the output (empty: the output itself); None: the command fails."""
        whole = b"".join(contents)
        if self.fails and b"blue" in whole:
            return None
        if self.kind == "write":
            return {"": f"{self.name} {self.number}\n".encode()}
        if self.kind == "sorted":
            return {"": b"".join(line + b"\n" for line in sorted(set(whole.splitlines())))}
        if self.kind == "cut":
            return {"": whole[:self.number]}
        if self.kind == "count":
            return {"": b"%d: %d\n" % (self.number, whole.count(b"\n"))}
        if self.kind == "tree":
            return {"a": whole[:4], "b": whole}
        return {"": whole}


class World:
    """A workspace, and what is true of it."""

    def __init__(self, dice: random.Random, folder: pathlib.Path, devgraph: str):
        self.dice, self.folder, self.devgraph = dice, folder, devgraph
        self.sources = {f"s{i}": dice.choice(WORDS) for i in range(dice.randint(1, 5))}
        self.nodes: dict[str, NodeSpec] = {}
        for number in range(dice.randint(2, 16)):
            self.add_node(f"n{number}")
        self.built: set[tuple] = set()  # Every key that ever succeeded.
        (folder / "src").mkdir()

    def add_node(self, name: str) -> None:
        kind = self.dice.choice(["cat", "cat", "sorted", "cut", "count", "tree", "copy", "write"])
        known = list(self.sources) + list(self.nodes)
        count = {"copy": 1, "write": 0}.get(kind, self.dice.randint(1, min(4, len(known))))
        fails = kind not in ("copy", "write") and self.dice.random() < 0.15
        self.nodes[name] = NodeSpec(name, kind, self.dice.sample(known, count), self.dice.randint(1, 9), fails)

    def save(self) -> None:
        texts = {f"src/{name}": text for name, text in self.sources.items()}
        texts["build.devgraph"] = "devgraph 1\n" + "".join(n.text(self.nodes) for n in self.nodes.values())
        for name, text in texts.items():
            path = self.folder / name
            if not path.exists() or path.read_text() != text:
                path.write_text(text)

    def out_path(self, node: NodeSpec, file: str) -> pathlib.Path:
        base = self.folder / "out" / node.name
        return base / "data" / file if file else base / f"{node.name}.txt"

    def expect(self) -> tuple[dict[str, int], dict[pathlib.Path, bytes]]:
        """Counts and files after a build of everything with -k; remembers what succeeds."""
        counts = {"run": 0, "fresh": 0, "failed": 0, "blocked": 0}
        made: dict[str, dict[str, bytes] | None] = {}
        files: dict[pathlib.Path, bytes] = {}
        for node in self.nodes.values():
            if any(name in made and made[name] is None for name in node.inputs):
                made[node.name] = None
                counts["blocked"] += 1
                continue
            contents = [self.sources[name].encode() if name in self.sources
                        else made[name].get("", made[name].get("a")) for name in node.inputs]
            result = made[node.name] = node.make(contents)
            if result is None:
                counts["failed"] += 1
                continue
            key = (node.text(self.nodes), tuple(contents))
            counts["fresh" if key in self.built else "run"] += 1
            self.built.add(key)
            files.update({self.out_path(node, file): data for file, data in result.items()})
        return counts, files

    def edit(self) -> str:
        """One random change; returns what it was."""
        kind = self.dice.choice(["source"] * 4 + ["touch", "number", "remove", "damage", "kind", "nothing"])
        node = self.dice.choice(list(self.nodes.values()))
        outputs = sorted(p for p in (self.folder / "out").rglob("*") if p.is_file())
        if kind == "source":
            name = self.dice.choice(list(self.sources))
            self.sources[name] = self.dice.choice(WORDS)
            return f"source {name} = {self.sources[name]!r}"
        if kind == "touch":
            for path in self.folder.rglob("*"):
                if ".devgraph" not in path.parts:
                    os.utime(path)
        elif kind == "number":
            node.number = self.dice.randint(1, 9)
            return f"number of {node.name} = {node.number}"
        elif kind == "kind" and node.kind not in ("tree", "copy", "write"):
            node.kind = self.dice.choice(["cat", "sorted", "cut"])
            return f"kind of {node.name} = {node.kind}"
        elif kind == "remove" and outputs:
            path = self.dice.choice(outputs)
            path.unlink()
            return f"removed {path.relative_to(self.folder)}"
        elif kind == "damage" and outputs:
            path = self.dice.choice(outputs)
            before = path.stat()
            path.chmod(0o644)
            data = bytearray(path.read_bytes() or b"x")
            data[0] ^= 1
            path.write_bytes(data)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # Hidden from mtime.
            return f"damaged {path.relative_to(self.folder)}"
        return kind

    def build(self) -> tuple[int, dict[str, int], str]:
        jobs = self.dice.choice(["-j1", "-j2", "-j8", "-j32"])
        result = subprocess.run([self.devgraph, "-C", str(self.folder), "build", jobs, "-k"],
                                stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
        text = result.stderr.decode(errors="replace")
        counts = {"run": 0, "fresh": 0, "failed": 0, "blocked": 0}
        summaries = re.findall(r"^\d+ nodes?: (.*?)  \S+s$", text, re.M)
        for part in summaries[-1].split(", ") if summaries else []:
            number, _, name = part.partition(" ")
            counts[name] = int(number)
        return result.returncode, counts, text


def compare(world: World) -> tuple[list[str], str]:
    """Builds; returns what is wrong, and what the build printed."""
    want_counts, want_files = world.expect()
    status, counts, text = world.build()
    wrong = []
    want_status = 1 if want_counts["failed"] else 0
    if status != want_status:
        wrong.append(f"exit status {status}, not {want_status}")
    if counts != want_counts:
        wrong.append(f"counts {counts}, not {want_counts}")
    for path, data in want_files.items():
        have = path.read_bytes() if path.is_file() else None
        if have != data:
            wrong.append(f"{path.relative_to(world.folder)} is {have!r}, not {data!r}")
    return wrong, text


def run_graph(seed: int, edits: int, devgraph: str) -> str:
    """Empty, or the story of what went wrong."""
    with tempfile.TemporaryDirectory(prefix="devgraph-random-") as root:
        world = World(random.Random(seed), pathlib.Path(root), devgraph)
        story: list[str] = []
        for number in range(edits + 1):
            if number > 0:
                story.append(world.edit())
            world.save()
            wrong, text = compare(world)
            if wrong:
                manifest = (world.folder / "build.devgraph").read_text()
                return (f"seed {seed}, build {number + 1}:\n  " + "\n  ".join(wrong) + f"\nafter: {'; '.join(story)}"
                        f"\n--- manifest\n{manifest}--- stderr\n{text[-3000:]}")
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("devgraph")
    parser.add_argument("--graphs", type=int, default=12)
    parser.add_argument("--edits", type=int, default=14)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begin = time.monotonic()
    failed = 0
    for seed in range(options.seed, options.seed + options.graphs):
        story = run_graph(seed, options.edits, str(pathlib.Path(options.devgraph).resolve()))
        if story:
            print(story, flush=True)
            failed += 1
    print(f"{options.graphs * (options.edits + 1)} builds in {time.monotonic() - begin:.0f} s")
    print(f"{options.graphs - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
