#!/usr/bin/python3
"""Manifests broken in the ways that newcomers break them: the whole text that they see.

The texts lie in broken/NAME.txt; run this file with DEVGRAPH_UPDATE_GOLDEN=1 to write them anew, and read
the difference before you believe it.
"""

import os

import harness

TEXTS = harness.ROOT / "tests" / "e2e" / "broken"
FILES = {"a.txt": "a\n", "src/one.c": "1\n", "src/two.c": "2\n", "docs/guide.md": "# Guide\n"}

# name: (manifest, words that have to be in the text: the code, and what cures it)
BROKEN = {
    "unknown-name": ("""devgraph 1
axis pkg = ["one", "two"]
run explore[pkg] {
  out = "{pkg}.txt"
  $ echo {pkgs} > {out}
}
""", ["error[E203]", "`pkgs`", "`pkg`", "\\{pkgs}"]),
    "string-for-path": ("""devgraph 1
run copy-it {
  out  = "copy.txt"
  deps = "a.txt"
  $ cat {deps} > {out}
}
""", ["error[E101]", "./a.txt"]),
    "missing-brace": ("""devgraph 1
run first {
  out = "first.txt"
  $ echo > {out}

run second {
  out = "second.txt"
  $ echo > {out}
}
""", ["error[E0", "`{` is never closed"]),
    "unknown-rule": ("""devgraph 1
rnu first {
  out = "first.txt"
  $ echo > {out}
}
""", ["`rnu`", "`run`"]),
    "unknown-field": ("""devgraph 1
run first {
  outs = "first.txt"
  $ echo > {out}
}
""", ["`outs`", "`out`"]),
    "list-glued-to-text": ("""devgraph 1
let sources = ./src/*.c
run build {
  out = "prog"
  $ cc -I{sources} -o {out}
}
""", ["error[E207]", 'prefix("-I", sources)']),
    "secret-on-a-command-line": ("""devgraph 1
let token = secret("PYPI_TOKEN")
run upload {
  out = "done"
  $ twine upload --password {token} > {out}
}
""", ["error[E305]", "env"]),
    "empty-glob": ("""devgraph 1
let pages = ./doc/*.md
run site {
  out = "site.html"
  $ cat {pages} > {out}
}
""", ["error[E402]", "docs", "maybe("]),
    "no-unit": ("""devgraph 1
run slow {
  out     = "o"
  timeout = 30
  $ sleep 1; echo > {out}
}
""", ["duration", "has a unit"]),
    "wrong-axis": ("""devgraph 1
axis py = ["3.10", "3.11"]
run wheel[py] {
  out = "{py}.whl"
  $ echo {py} > {out}
}
run all {
  out = "all"
  $ cat {wheel[python = "3.10"]} > {out}
}
""", ["error[E501]", "py"]),
    "cycle": ("""devgraph 1
run egg {
  out = "egg"
  $ cat {hen} > {out}
}
run hen {
  out = "hen"
  $ cat {egg} > {out}
}
""", ["error[E601]", "//:egg", "//:hen"]),
    "same-name-twice": ("""devgraph 1
run made {
  out = "a"
  $ echo > {out}
}
run made {
  out = "b"
  $ echo > {out}
}
""", ["`made`", "first declared here"]),
    "several-at-once": ("""devgraph 1
run one {
  out = "o"
  $ cat {nothing} > {out}
}
run two {
  out     = "o"
  retries = "three"
  $ echo > {out}
}
let three = ./absent.txt
run four {
  out = "o"
  $ cat {three} > {out}
}
""", ["`nothing`", "retries"]),
    "open-string": ("""devgraph 1
run one {
  out = "o
  $ echo > {out}
}
""", ["error[E0", ":3:"]),
    "braces-of-the-shell": ("""devgraph 1
run one {
  out = "o"
  $ for f in a b; do echo {f}; done > {out}
}
""", ["error[E203]", "`f`", "\\{f}"]),
}


class Broken(harness.Case):
    def check(self, name, manifest, words):
        ws = self.workspace({"build.devgraph": manifest, **FILES}, name)
        run = self.expect(ws.devgraph("build"), 2)
        self.assertEqual(run.out, "")
        self.assertFalse(ws.exists("out"), "something ran")
        for word in words:
            self.assertIn(word, run.err)
        golden = TEXTS / f"{name}.txt"
        if os.environ.get("DEVGRAPH_UPDATE_GOLDEN"):
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(run.err, encoding="utf-8")
        self.assert_text(run.err, golden.read_text(encoding="utf-8"))
        # A code that is printed can be asked about.
        code = run.err.split("error[", 1)[1].split("]", 1)[0]
        page = self.expect(ws.devgraph("explain", code), 0)
        self.assertIn(code, page.out)


def _case(name, manifest, words):
    return lambda self: self.check(name, manifest, words)


for _name, (_manifest, _words) in BROKEN.items():
    setattr(Broken, "test_" + _name.replace("-", "_"), _case(_name, _manifest, _words))


if __name__ == "__main__":
    harness.main()
