#!/usr/bin/python3
"""`devgraph fmt`: one way to write a manifest, found in one step, without losing a comment."""

import harness

UGLY = """devgraph   1
# about this file
let   words=./words.txt   # the words
axis  n=["a",   "b"]


##  Sorted.
run sorted{
out="sorted.txt"
    tools   =   ["sort"]
  $ sort {words}   > {out}
}
run each[n]{out="{n}",deps=sorted
# why not
$ echo {n} > {out}
> # the shell's own comment
}
"""


class Fmt(harness.Case):
    def test_it_formats_once_and_for_all(self):
        ws = self.workspace({"build.devgraph": UGLY, "words.txt": "b\na\n"})
        self.expect(ws.devgraph("build"), 0)
        self.assertNotEqual(ws.devgraph("fmt", "--check").code, 0)
        self.assertEqual(ws.read("build.devgraph"), UGLY)
        self.expect(ws.devgraph("fmt"), 0)
        once = ws.read("build.devgraph")
        self.assertNotEqual(once, UGLY)
        self.expect(ws.devgraph("fmt", "--check"), 0)
        self.expect(ws.devgraph("fmt"), 0)
        self.assertEqual(ws.read("build.devgraph"), once)
        for comment in ("# about this file", "# the words", "Sorted.", "# why not", "# the shell's own"):
            self.assertIn(comment, once)
        self.build(ws, run=0, fresh=3)

    def test_a_chain_of_choices_is_a_choice_a_line(self):
        long = ("let weather = if place == \"north\" then \"where it is cold and dark\" else if place == \"south\" then "
                "\"where it is warm and light\" else \"somewhere\"\n")
        ws = self.workspace({"build.devgraph": "devgraph 1\nparam place: string = \"\"\n" + long})
        self.expect(ws.devgraph("fmt"), 0)
        self.assert_text(ws.read("build.devgraph"), """devgraph 1
param place: string = ""
let weather = if place == "north" then "where it is cold and dark"
  else if place == "south" then "where it is warm and light"
  else "somewhere"
""")
        self.expect(ws.devgraph("fmt", "--check"), 0)

    def test_the_examples_are_formatted(self):
        examples = list((harness.ROOT / "examples").glob("*/build.devgraph"))
        self.assertTrue(examples)
        for example in examples:
            with self.subTest(example.parent.name):
                ws = self.workspace({"build.devgraph": example.read_bytes()})
                self.expect(ws.devgraph("fmt"), 0)
                self.assert_text(ws.read("build.devgraph"), example.read_text(encoding="utf-8"))


if __name__ == "__main__":
    harness.main()
