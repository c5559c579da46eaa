#!/usr/bin/python3
"""The reference against the program: no page, message or manual speaks of a name that does not exist.

With DEVGRAPH_UPDATE_GOLDEN=1 docs/reference/stdlib.md is written anew; read the diff afterwards.
"""

import json
import os
import re

import harness

STDLIB = harness.ROOT / "docs/reference/stdlib.md"
STDLIB_HEAD = """# Standard library

The rules that every manifest knows without `use`. Beside the parameters named here each takes the
[fields that every node has](language.md#fields-that-every-node-has). `devgraph list std RULE` prints the
same on a terminal.

This page is made of the comments in `stdlib/`; `tests/e2e/reference_test.py` holds it in step.
"""
# In the order in which a reader needs them.
STDLIB_FILES = {
    "run.devgraph": "Commands",
    "files.devgraph": "Files and archives",
    "fetch.devgraph": "From elsewhere",
    "tree.devgraph": "Files of the source tree",
    "image.devgraph": "Container images",
    "python.devgraph": "Python",
    "release.devgraph": "Releases",
}

# Pages that show a mistake.
WRONG_ON_PURPOSE = {
    "docs/reference/errors/E204.md": {"dockerfiel"},
    "docs/reference/errors/E901.md": {"biuld"},
    "docs/reference/errors/E902.md": {"-j"},
}
CODE = re.compile(r"\b[EW]\d{3}\b")
CALL = re.compile(r"devgraph((?: +-C +\S+| +-[^\s`]+)*) +([a-z_]+)([^`|\n]*)")
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
NODE = re.compile(r"^ *(?:[A-Za-z_-]+ *= *)?([a-z][a-z_0-9]*) +_?[a-z][\w-]*(?:\[[^\]\n]*\])?"
                  r"(?: where [^\n{]*)? *\{", re.MULTILINE)
DECLARED = re.compile(r"\brule +([a-z_]+)|^ *use +\S+ *\{ *([^}]*)\}", re.MULTILINE)
NOT_RULES = {"workspace", "rule", "axis", "let", "use", "type", "fn", "match", "assert", "param",
             "effect", "extern"}


def texts(*patterns):
    for pattern in patterns:
        for path in sorted(harness.ROOT.glob(pattern)):
            yield path.relative_to(harness.ROOT).as_posix(), path.read_text(encoding="utf-8")


def code_of(markdown):
    """What stands in backquotes, in fences, or indented by four."""
    for fence in re.findall(r"^```[^\n]*\n(.*?)^```", markdown, re.MULTILINE | re.DOTALL):
        yield from fence.splitlines()
    rest = re.sub(r"^```.*?^```", "", markdown, flags=re.MULTILINE | re.DOTALL)
    for line in rest.splitlines():
        if line.startswith("    "):
            yield line.strip()
        else:
            yield from re.findall(r"`([^`]+)`", line)


def fields_of(value):
    """The names of all fields; what stands below `axes` and `outputs` is named by the user."""
    if isinstance(value, list):
        for item in value:
            yield from fields_of(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            if name not in ("axes", "outputs"):
                yield from fields_of(item)


class Reference(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({
            "build.devgraph": 'devgraph 1\nlet words = ./w.txt\n'
                              'run a {\n  out = "a"\n  $ cat {words} > {out}\n}\n'
                              'run b {\n  out = "b"\n  $ cat {a} > {out}\n}\n', "w.txt": "x\n"})

    def ask(self, *arguments):
        return self.expect(self.ws.devgraph(*arguments), 0).out

    def commands(self):
        """Each command with its options."""
        help_text = self.ask("-h")
        names = re.findall(r"^  ([a-z]+) {2,}\S", help_text, re.MULTILINE)
        # The tools of the language share a line.
        for line in re.findall(r"^  ([a-z]+(?:, [a-z]+)+)$", help_text, re.MULTILINE):
            names += line.split(", ")
        self.assertGreater(len(names), 10)
        common = {"-h", "--help", "--directory", "--define", "--params", "--color", "--quiet",
                  "--verbose", "-C", "-D", "-P", "-q", "-v"}
        return {name: common | set(re.findall(r"(?<![\w-])--?[A-Za-z][a-z-]*", self.ask(name, "-h")))
                for name in names}

    def calls_in(self, text):
        for line in text:
            for before, name, rest in CALL.findall(line):
                yield before, name, rest

    def check_calls(self, where, lines, commands, faults):
        for before, name, rest in self.calls_in(lines):
            wrong = WRONG_ON_PURPOSE.get(where, set())
            if name in wrong:
                continue
            if name not in commands:
                faults.append(f"{where}: there is no command `devgraph {name}`")
                continue
            # Behind a command of the shell or a second program other options may stand.
            own = re.split(r"[|;&>]| # | -- ", before + " " + rest)[0]
            for option in re.findall(r"(?<![\w=./-])--?[A-Za-z][a-z-]*", own):
                known = commands[name]
                short = option[:2] if not option.startswith("--") else option
                if option not in known and short not in known and option not in wrong:
                    faults.append(f"{where}: `devgraph {name}` has no option {option}")

    def test_commands_and_options_exist(self):
        commands = self.commands()
        faults = []
        looked_at = 0
        for name, text in texts("docs/**/*.md", "README.md", "examples/**/*.md"):
            lines = list(code_of(text))
            looked_at += len(lines)
            # `devgraph 1` is the edition; a sentence about devgraph is no code.
            self.check_calls(name, [line for line in lines if re.match(r"(\$ )?devgraph ", line)],
                             commands, faults)
        for name, text in texts("engine/**/*.cc", "engine/**/*.h", "lang/**/*.cc", "stdlib/*.devgraph"):
            quoted = LITERAL.findall(text) if not name.endswith(".devgraph") else text.splitlines()
            spans = [span for line in quoted
                     for span in re.findall(r"`(devgraph [^`]*)`", line) +
                     re.findall(r"(?:  |write |^usage: )(devgraph [a-z].*)", line)]
            looked_at += len(spans)
            self.check_calls(name, spans, commands, faults)
        manual = (harness.ROOT / "docs/devgraph.1").read_text(encoding="utf-8").replace("\\-", "-")
        self.check_calls("docs/devgraph.1", re.findall(r"^\.B (devgraph [a-z].*)", manual, re.MULTILINE),
                         commands, faults)
        self.assertEqual(faults, [])
        self.assertGreater(looked_at, 500)

    def test_codes_have_pages_and_pages_have_codes(self):
        pages = set(CODE.findall(self.ask("explain")))
        used = set()
        for _, text in texts("engine/**/*.cc", "engine/**/*.h", "lang/**/*.cc", "lang/**/*.h"):
            used |= set(re.findall(r'"([EW]\d{3})"', text))
        self.assertEqual(sorted(used - pages), [], "codes without a page")
        self.assertEqual(sorted(pages - used), [], "pages without a use")
        for name, text in texts("docs/**/*.md", "README.md"):
            self.assertEqual(sorted(set(CODE.findall(text)) - pages), [], name)

    def test_rules_exist(self):
        rules = {rule["rule"] for rule in json.loads(self.ask("list", "std", "--json"))}
        faults = []
        found = 0
        for name, text in texts("docs/**/*.md", "README.md", "examples/**/*.md"):
            own = {word for pair in DECLARED.findall(text) for part in pair
                   for word in re.findall(r"[a-z_]+", part)}
            for rule in NODE.findall("\n".join(code_of(text))):
                found += 1
                if rule not in rules | own | NOT_RULES | {"name", "rulename"} | WRONG_ON_PURPOSE.get(name, set()):
                    faults.append(f"{name}: there is no rule `{rule}`")
        self.assertEqual(faults, [])
        self.assertGreater(found, 60)

    def test_the_standard_library_is_in_step(self):
        rules = json.loads(self.ask("list", "std", "--json"))
        self.assertEqual({rule["file"] for rule in rules}, set(STDLIB_FILES))
        text = STDLIB_HEAD
        for file, title in STDLIB_FILES.items():
            text += f"\n## {title}\n"
            for rule in rules:
                if rule["file"] != file:
                    continue
                doc = rule["doc"]
                if not rule["runs"]:
                    doc += "\n\n*This version of devgraph checks it, and cannot run it.*"
                text += f"\n### {rule['rule']}\n\n{doc}\n\n```devgraph\n{rule['signature']}\n```\n"
        if os.environ.get("DEVGRAPH_UPDATE_GOLDEN") == "1":
            STDLIB.write_text(text, encoding="utf-8")
        self.assert_text(STDLIB.read_text(encoding="utf-8"), text)

    def test_every_field_of_json_is_in_the_reference(self):
        text = (harness.ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
        sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
        self.build(self.ws)
        self.ws.write("w.txt", "y\n")
        self.ws.remove("out/a/a")
        broken = self.workspace({"build.devgraph": "devgraph 1\nlet x = \n"}, "broken")
        questions = [("check", self.ws.devgraph("check", "--json")),
                     ("why", self.ws.devgraph("why", "--json", "b")),
                     ("list", self.ws.devgraph("list", "--json")),
                     ("list", self.ws.devgraph("list", "std", "--json")),
                     ("graph", self.ws.devgraph("graph", "--json")),
                     ("out", self.ws.devgraph("out", "--json", "a")),
                     ("lint", broken.devgraph("lint", "--json")),
                     ("doctor", self.ws.devgraph("doctor", "--json"))]
        for command, run in questions:
            fields = set(fields_of(json.loads(run.out)))
            self.assertTrue(fields, command)
            missing = sorted(field for field in fields if f"`{field}`" not in sections[command])
            self.assertEqual(missing, [], f"fields of `devgraph {command} --json`")


if __name__ == "__main__":
    harness.main()
