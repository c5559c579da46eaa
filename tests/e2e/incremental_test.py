#!/usr/bin/python3
"""Nodes that go on from what they made last time."""

import harness

# Sums the words of each file; a file that did not change is not counted again.
MANIFEST = """devgraph 1
run count {
  out         = { table = "counts/", seen = "seen.txt" }
  deps        = [./data/, ./extra.txt]
  incremental = true
  $ mkdir -p {out.table} ; cp -R "$DEVGRAPH_PREVIOUS"/counts/. {out.table}/ || true
  $ chmod -R u+w {out.table} ; cut -f 1,2 "$DEVGRAPH_CHANGES" > {out.seen}
  $ while IFS=$'\\t' read -r what name path; do
  >   file={out.table}/$(echo "$name" | tr / _)
  >   case $what in removed) rm "$file" ;; *) wc -w < "$path" > "$file" ;; esac
  > done < "$DEVGRAPH_CHANGES"
}
"""


class Incremental(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "data/a": "1\n", "data/b": "1 2\n",
                                  "data/sub/c": "1 2 3\n", "extra.txt": "x\n"})

    def seen(self):
        return self.ws.read("out/count/seen.txt")

    def counts(self):
        return self.ws.shell("cd out/count/counts ; for f in $(ls -A); do echo $f $(cat $f); done")

    def test_a_command_is_told_what_changed(self):
        self.build(self.ws, run=1)
        self.assertEqual(self.seen(), "added\t./data/a\nadded\t./data/b\nadded\t./data/sub/c\n"
                                      "added\t./extra.txt\n")
        self.assertEqual(self.counts(), "._data_a 1\n._data_b 2\n._data_sub_c 3\n._extra.txt 1\n")
        self.build(self.ws, run=0)
        self.ws.write("data/b", "1 2 3 4\n")
        self.ws.write("data/new", "")
        self.ws.remove("data/a")
        self.build(self.ws, run=1)
        self.assertEqual(self.seen(), "removed\t./data/a\nchanged\t./data/b\nadded\t./data/new\n")
        self.assertEqual(self.counts(),
                         "._data_b 4\n._data_new 0\n._data_sub_c 3\n._extra.txt 1\n")
        self.ws.shell("chmod +x data/new")
        self.build(self.ws, run=1)
        self.assertEqual(self.seen(), "changed\t./data/new\n")

    def test_when_there_is_nothing_to_go_on_from(self):
        everything = "added\t./data/a\nadded\t./data/b\nadded\t./data/sub/c\nadded\t./extra.txt\n"
        self.build(self.ws, run=1)
        for name, change in {
                "another script": lambda: self.ws.edit("build.devgraph", "wc -w <", "wc -w  <"),
                "asked for": lambda: None,
                "no store": lambda: self.ws.shell("rm -rf .devgraph/cas*"),
                "no list": lambda: self.ws.shell("rm -r .devgraph/inputs"),
                "half a list": lambda: self.ws.shell("truncate -s -1 .devgraph/inputs/*")}.items():
            with self.subTest(name):
                change()
                if name == "asked for":
                    self.build(self.ws, "-B", run=1)
                else:
                    self.ws.write("data/a", f"{name}\n")
                    self.build(self.ws, run=1)
                self.assertEqual(self.seen(), everything)
                self.ws.write("data/a", f"again, after {name}\n")
                self.build(self.ws, run=1)
                self.assertEqual(self.seen(), "changed\t./data/a\n")

    def test_a_failure_changes_nothing(self):
        self.build(self.ws, run=1)
        self.ws.write("data/a", "1 2\n")
        self.ws.edit("extra.txt", "x", "fail")
        self.ws.edit("build.devgraph", "  $ chmod", '  $ test x = "$(cat {deps[1]})"\n  $ chmod')
        self.build(self.ws, code=1, failed=1)
        self.ws.edit("build.devgraph", '  $ test x = "$(cat {deps[1]})"\n', "")
        self.ws.edit("extra.txt", "fail", "x y")
        self.build(self.ws, run=1)
        self.assertEqual(self.seen(), "changed\t./data/a\nchanged\t./extra.txt\n")
        # A result that comes back from the store has no list: the next run starts anew.
        self.ws.write("data/a", "1\n")
        self.ws.edit("extra.txt", "x y", "x")
        self.build(self.ws, run=0)
        self.ws.write("data/a", "1 2 3\n")
        self.build(self.ws, run=1)
        self.assertEqual(self.counts(), "._data_a 3\n._data_b 2\n._data_sub_c 3\n._extra.txt 1\n")

    def test_the_short_way_is_compared_with_the_long_one(self):
        self.build(self.ws, run=1)
        self.ws.write("data/a", "1 2\n")
        run = self.ws.devgraph("build", "--twice")
        self.expect(run, 1)
        # Here the list of what was seen differs, of course; the counts do not.
        self.assertIn("out/count/seen.txt", run.err)
        self.assertNotIn("out/count/counts", run.err)

    def test_what_another_node_made(self):
        self.ws.write("build.devgraph", """devgraph 1
let words = ./words
run split {
  out = "parts/"
  $ split -l 1 -a 1 {words} {out}/
}
run count {
  out         = "seen.txt"
  incremental = true
  $ cut -f 1,2 "$DEVGRAPH_CHANGES" > {out} ; ls "$DEVGRAPH_PREVIOUS" >> {out}
  $ : {split.out}
}
""")
        self.ws.write("words", "a\\nb\\n".replace("\\n", "\n"))
        self.build(self.ws, run=2)
        self.assertEqual(self.seen(), "added\t//:split/a\nadded\t//:split/b\n")
        self.ws.write("words", "a\nB\nc\n")
        self.build(self.ws, run=2)
        self.assertEqual(self.seen(), "changed\t//:split/b\nadded\t//:split/c\nseen.txt\n")

    def test_within_an_image(self):
        with open("/bin/busybox", "rb") as file:
            self.ws.write("busybox", file.read(), 0o755)
        self.ws.write("build.devgraph", """devgraph 1
image root {
  files  = { "/bin/busybox" = ./busybox }
  config = { env = { PATH = "/bin" } }
}
run count {
  within      = root
  out         = "seen.txt"
  deps        = ./data/
  incremental = true
  $ busybox cut -f 1,2 "$DEVGRAPH_CHANGES" > {out} ; busybox ls "$DEVGRAPH_PREVIOUS" >> {out}
}
""")
        self.build(self.ws, run=2)
        self.ws.write("data/a", "1 2\n")
        self.build(self.ws, run=1)
        self.assertEqual(self.seen(), "changed\t./data/a\nseen.txt\n")

    def test_what_cannot_be(self):
        self.ws.write("data/tab\tname", "")
        run = self.expect(self.ws.devgraph("build"), 1)
        self.assertIn("`./data/tab\\tname` has a tab or a newline in its name, so it cannot be in the "
                      "list of changes of an incremental node", run.err)
        self.ws.write("build.devgraph", """devgraph 1
tar all {
  files       = ./data/**
  incremental = true
}
""")
        run = self.expect(self.ws.devgraph("build"), 2)
        self.assertIn("incremental", run.err)


if __name__ == "__main__":
    harness.main()
