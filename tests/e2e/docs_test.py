#!/usr/bin/python3
"""Runs the code blocks of the documentation: each page in a workspace of its own, from top to bottom.

    ```devgraph file=build.devgraph     writes the file; any language may stand there
    ```console                          runs what stands behind `$ `, in bash; the rest is what it prints

Of what is printed, durations may differ; a line `…` stands for any lines.
"""

import re

import harness

BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(page for folder in ("docs/tutorial", "docs/howto", ".")
               for page in (harness.ROOT / folder).glob("*.md"))


def commands(block):
    """Pairs of a command and the text that it should print."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append([line[2:], ""])
        elif (line == ">" or line.startswith("> ")) and found and not found[-1][1]:
            found[-1][0] += "\n" + line[2:]
        elif found:
            found[-1][1] += line + "\n"
    return found


def matches(got, want):
    parts = [re.escape(part) for part in re.split(r"^…\n", harness.normalised(want), flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*?".join(parts), harness.normalised(got)) is not None


class Docs(harness.Case):
    def run_page(self, page):
        text = page.read_text(encoding="utf-8")
        workspace = self.workspace({}, page.stem)
        done = 0
        for language, name, block in BLOCK.findall(text):
            if name:
                workspace.write(name, block)
            elif language == "console":
                for command, want in commands(block):
                    got = workspace.shell('PATH="$(dirname "$DEVGRAPH"):$PATH"\n' + command, check=False)
                    if not matches(got, want):
                        self.fail(f"{page.name}: $ {command}\n--- printed\n{got}--- expected\n{want}")
                    done += 1
        return done

    def test_every_page(self):
        done = 0
        for page in PAGES:
            with self.subTest(page.name):
                done += self.run_page(page)
        self.assertGreater(done, 5)

    def test_the_manifest_of_the_readme(self):
        blocks = BLOCK.findall((harness.ROOT / "README.md").read_text(encoding="utf-8"))
        manifest = [block for _, name, block in blocks if name == "build.devgraph"]
        self.assertEqual(len(manifest), 1)
        ws = self.workspace({"build.devgraph": manifest[0], "pages/a.md": "en: one\nde: eins\n",
                             "pages/it's b.md": "en: two\n"})
        self.build(ws, nodes=3, run=3)
        self.assertEqual(ws.read("out/book/en/book.en.txt"), "en: one\nen: two\n")
        self.build(ws, "book@lang=de", nodes=1, fresh=1)


if __name__ == "__main__":
    harness.main()
