#!/usr/bin/python3
"""File names and values of any bytes pass through every quoting context unharmed."""

import os

import harness

HOSTILE = [
    b"plain", b"two words", b" lead and trail ", b"it's", b'say "hi"', b"$(touch pwned)", b"`touch pwned`",
    b"$HOME", b"${HOME}", b"a;b", b"a&b|c", b"new\nline", b"tab\tstop", b"-rf", b"--help", b"*", b"?[a-z]",
    b"back\\slash", b"end\\", b"{x}", b"{{x}}", b"#hash", b"~", b"!bang", b"%s%d", b"=eq", b"\xff\xfe latin",
    b"\xe2\x82\xac euro", b"a,b=c", b"<in>out", b"(paren)", b"\x1b[31mred", b"'\"'\"'", b"$'x'", b"\x7f",
]

# Each context writes the one value it is given, followed by a NUL, to {out}.
CONTEXTS = {
    "bare": "$ printf '%s\\0' {x} > {out}",
    "double": "$ printf '%s\\0' \"{x}\" > {out}",
    "single": "$ printf '%s\\0' '{x}' > {out}",
    "glued": "$ printf '%s\\0' pre{x}post > {out}",
    "inside-double": "$ printf '%s\\0' \"pre{x}post\" > {out}",
    "inside-single": "$ printf '%s\\0' 'pre{x}post' > {out}",
    "substitution": "$ printf '%s\\0' \"$(printf '%s.' {x})\" > {out}",
    "nested": "$ printf '%s\\0' \"$(printf '%s.' \"$(printf '%s.' \"{x}\")\")\" > {out}",
    "assignment": "$ v={x}; printf '%s\\0' \"$v\" > {out}",
    "here-string": "$ cat <<< {x} > {out}; printf '\\0' >> {out}",
    "list": "$ printf '%s\\0' {all} > {out}",
}


def literal(value):
    """A string of the language with these bytes."""
    out = ""
    for byte in value:
        char = chr(byte)
        out += char if char.isascii() and (char.isalnum() or char in " ._") else f"\\x{byte:02X}"
    return f'"{out}"'


def expected(context, value):
    if context == "list":
        return b"".join(v + b"\0" for v in (value, b"", value))
    if context in ("glued", "inside-double", "inside-single"):
        return b"pre" + value + b"post\0"
    if context == "substitution":
        return value + b".\0"
    if context == "nested":
        return value + b"..\0"
    if context == "here-string":
        return value + b"\n\0"
    return value + b"\0"


class Values(harness.Case):
    def test_every_value_in_every_context(self):
        nodes = []
        for i, value in enumerate(HOSTILE):
            for context, script in CONTEXTS.items():
                text = script.replace("{x}", f"{{v{i}}}").replace("{all}", f"{{l{i}}}")
                nodes.append(f'run {context}-{i} {{\n  out = "o"\n  {text}\n}}')
            nodes.append(f"let v{i} = {literal(value)}\nlet l{i} = [v{i}, \"\", v{i}]")
        ws = self.workspace({"build.devgraph": "devgraph 1\n" + "\n".join(nodes) + "\n"})
        self.build(ws, "-k", run=len(HOSTILE) * len(CONTEXTS))
        for i, value in enumerate(HOSTILE):
            for context in CONTEXTS:
                with open(ws.path(f"out/{context}-{i}/o"), "rb") as file:
                    self.assertEqual(file.read(), expected(context, value), (context, value))
        self.assertFalse(ws.exists("pwned"))

    def test_arguments_without_a_shell(self):
        nodes = [f'run n{i} {{\n  out = "o"\n  argv = ["/usr/bin/python3", "-c", code, out, {literal(v)}]\n}}'
                 for i, v in enumerate(HOSTILE)]
        ws = self.workspace({"build.devgraph": "devgraph 1\nlet code = 'import os,sys; "
                             "open(sys.argv[1],\"wb\").write(os.fsencode(sys.argv[2]))'\n" + "\n".join(nodes)})
        self.build(ws, "-k", run=len(HOSTILE))
        for i, value in enumerate(HOSTILE):
            with open(ws.path(f"out/n{i}/o"), "rb") as file:
                self.assertEqual(file.read(), value)


class Files(harness.Case):
    NAMES = [name for name in HOSTILE if name not in (b".", b"..")]

    def test_sources_of_any_name(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
let sources = ./in/*
run all {
  out = "all"
  $ cat {sources} > {out}
}
run each {
  out = "copies/"
  $ for f in {sources}; do cp -- "$f" {out}; done
}
run joined {
  out = "joined"
  $ cat -- {each}/* > {out}
}
"""})
        for name in self.NAMES:
            ws.write(b"in/" + name, b"<" + name + b">")
        self.build(ws, run=3)
        want = b"".join(b"<" + name + b">" for name in sorted(self.NAMES))
        with open(ws.path("out/all/all"), "rb") as file:
            self.assertEqual(file.read(), want)
        self.assertEqual(sorted(os.listdir(ws.path("out/each/copies"))), sorted(self.NAMES))
        self.build(ws, run=0, fresh=3)
        ws.write(b"in/\xff\xfe latin", b"changed")
        stale = self.expect(ws.devgraph("check"), 3)
        self.assertNotIn(b"\xff", stale.out_bytes)
        self.assertNotIn(b"\x1b", stale.out_bytes)
        self.build(ws, run=3)

    def test_cells_of_any_name(self):
        values = list(HOSTILE)
        axis = ", ".join(literal(value) for value in values)
        ws = self.workspace({"build.devgraph": f"""devgraph 1
axis v = [{axis}, "."]
run cell[v] {{
  out = "o"
  $ printf %s {{v}} > {{out}}
}}
run all {{
  out = "all"
  $ cat {{cell}} > {{out}}
}}
"""})
        self.build(ws, run=len(values) + 2)
        with open(ws.path("out/all/all"), "rb") as file:
            self.assertEqual(file.read(), b"".join(values) + b".")
        listed = self.expect(ws.devgraph("list", "--json"), 0)
        self.assertNotIn(b"\x1b", listed.out_bytes)
        self.build(ws, "cell@v=two words", nodes=1, fresh=1)
        self.build(ws, "cell@v=a%2Cb%3Dc", nodes=1, fresh=1)

    def test_outputs_of_any_name(self):
        nodes = [f"run n{i} {{\n  out = {literal(name)}\n  $ printf x > {{out}}\n}}"
                 for i, name in enumerate(self.NAMES)]
        ws = self.workspace({"build.devgraph": "devgraph 1\n" + "\n".join(nodes) + "\n"})
        self.build(ws, "-k", run=len(self.NAMES))
        for i, name in enumerate(self.NAMES):
            self.assertEqual(os.listdir(ws.path(f"out/n{i}")), [name])

    def test_a_workspace_in_a_folder_of_any_name(self):
        for i, name in enumerate([b"two words", b"it's $HOME", b'q"uote', b"new\nline", b"-dash", b"\xff"]):
            ws = self.workspace({"build.devgraph": 'devgraph 1\nlet f = ./f\nrun a {\n  out = "o"\n'
                                 "  $ cat {f} \"{f}\" '{f}' > {out}\n}\n", "f": "1"},
                                os.fsdecode(b"%d" % i + name))
            self.build(ws, run=1)
            self.assertEqual(ws.read("out/a/o"), "111")


class Logs(harness.Case):
    def test_a_cell_does_not_get_the_log_of_another(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
param text: string = "one"
axis py = ["3", "3.1"]
run app[py] {
  out = "o"
  $ echo {py} {text}; echo > {out}
}
"""})
        self.build(ws)
        self.build(ws, "app@py=3", "-D", "text=two")
        self.assertIn("\n3.1 one\n", ws.devgraph("log", "app@py=3.1").out)
        self.assertIn("\n3 two\n", ws.devgraph("log", "app@py=3").out)
        self.assertIn("\n3 one\n", ws.devgraph("log", "app@py=3", "--attempt", "1").out)

    def test_long_names_have_logs_too(self):
        names = {letter: letter * 199 for letter in "ab"}
        ws = self.workspace({"build.devgraph": f"""devgraph 1
axis x = ["{names['a']}"]
axis y = ["{names['b']}", "c"]
run {'n' * 300}[x, y] {{
  out = "o"
  $ echo for {{y}}; echo > {{out}}; exit 3
}}
"""})
        self.build(ws, "-k", code=1, failed=2)
        self.assertIn("for c\n", ws.devgraph("log", f"{'n' * 300}@y=c").out)
        self.assertIn(f"for {names['b']}\n", ws.devgraph("log", f"{'n' * 300}@y=b*").out)


if __name__ == "__main__":
    harness.main()
