#!/usr/bin/python3
"""What the commands print: whole texts, on the right stream."""

import json

import harness

MANIFEST = """devgraph 1

let words = ./words.txt
axis lang = ["en", "de"]

## All words in order.
run sorted {
  out = "sorted.txt"
  $ sort {words} > {out}
}
run page[lang] {
  out = "{lang}.txt"
  $ echo {lang} > {out}
  $ cat {sorted} >> {out}
}
"""


class Screens(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "words.txt": "pear\nfig\n"})

    def test_a_build(self):
        run = self.build(self.ws, "-j1")
        self.assert_text(run.err, """[1/3] //:sorted  0.0s
[2/3] //:page@lang=en  0.0s
[3/3] //:page@lang=de  0.0s
3 nodes: 3 run, 0 fresh  0.0s
""")
        self.assertEqual(run.out, "")

    def test_a_fresh_build_says_one_line(self):
        self.build(self.ws)
        run = self.build(self.ws)
        self.assert_text(run.err, "3 nodes: 0 run, 3 fresh  0.0s\n")

    def test_quiet_says_nothing_about_success(self):
        self.assertEqual(self.build(self.ws, "-q").err, "")

    def test_json_and_lists(self):
        listed = json.loads(self.expect(self.ws.devgraph("list", "--json"), 0).out)
        self.assertIn("sorted", json.dumps(listed))
        self.assertIn("All words in order.", json.dumps(listed))
        self.assertIn("All words in order.", self.expect(self.ws.devgraph("list"), 0).out)
        self.assertIn("merge_json", self.expect(self.ws.devgraph("list", "std"), 0).out)

    def test_the_graph_in_its_formats(self):
        graph = json.loads(self.expect(self.ws.devgraph("graph", "--format", "json"), 0).out)
        self.assertIn("//:page@lang=de", json.dumps(graph))
        self.assertTrue(self.expect(self.ws.devgraph("graph", "--format", "dot"), 0).out.startswith("digraph"))

    def test_check_in_all_formats(self):
        self.build(self.ws)
        self.ws.write("words.txt", "plum\n")
        text = self.expect(self.ws.devgraph("check"), 3).out
        self.assertIn("words.txt", text.splitlines()[0])
        self.assertIn("words.txt", json.dumps(json.loads(
            self.expect(self.ws.devgraph("check", "--format", "json"), 3).out)))
        self.assertTrue(self.expect(self.ws.devgraph("check", "--format", "github"), 3).out.startswith("::"))
        sarif = json.loads(self.expect(self.ws.devgraph("check", "--format", "sarif"), 3).out)
        self.assertEqual(sarif["version"], "2.1.0")

    def test_why_names_the_input_that_changed(self):
        self.build(self.ws)
        self.ws.write("words.txt", "plum\n")
        self.assertIn("words.txt", self.expect(self.ws.devgraph("why", "sorted"), 0).out)

    def test_the_log_of_a_node(self):
        self.ws.edit("build.devgraph", "$ sort", "$ echo noise; sort")
        self.build(self.ws)
        log = self.expect(self.ws.devgraph("log", "sorted"), 0).out
        self.assertIn("noise\n", log)
        self.assertIn("echo noise; sort {words} > {out}", log)
        self.assertNotEqual(self.ws.devgraph("log", "nothing").code, 0)

    def test_no_control_characters_reach_a_pipe(self):
        self.ws.edit("build.devgraph", "$ sort", "$ printf '\\x1b]52;c;x\\x07\\x1b[31mred\\n'; false; sort")
        run = self.build(self.ws, code=1, failed=1)
        for byte in (b"\x1b", b"\x07"):
            self.assertNotIn(byte, run.err_bytes + run.out_bytes)

    def test_what_fails_within_the_standard_library_is_a_node_of_the_manifest(self):
        ws = self.workspace({"build.devgraph": "devgraph 1\n\nimage_import base { archive = ./base.tar }\n",
                             "base.tar": "no archive\n"}, "import")
        self.assert_text(self.build(ws, code=1).err, """[0/1] failed //:base/_files: cannot unpack base.tar: Unrecognized archive format  0.0s
  --> build.devgraph:3
  = log: .devgraph/log/base/_files.log
[1/1] //:base  blocked by //:base/_files
1 node: 0 run, 0 fresh, 1 failed  0.0s
  failed   //:base/_files  cannot unpack base.tar: Unrecognized archive format
  blocked  //:base         by //:base/_files
""")

    def test_explain_has_a_page(self):
        self.assertIn("E203", self.expect(self.ws.devgraph("explain", "E203"), 0).out)
        self.assertEqual(self.ws.devgraph("explain", "E999").code, 2)

    def test_init_makes_a_manifest_that_builds(self):
        fresh = self.workspace({"notes.txt": "x\n"}, "fresh")
        self.expect(fresh.devgraph("init"), 0)
        self.assertTrue(fresh.exists("build.devgraph"))
        self.expect(fresh.devgraph("build"), 0)
        self.expect(fresh.devgraph("fmt", "--check"), 0)

    def test_doctor_looks_around(self):
        self.assertIn("Landlock", self.ws.devgraph("doctor").out)

    def test_completion_is_valid_shell(self):
        for shell in ("bash", "zsh", "fish"):
            self.assertIn("devgraph", self.expect(self.ws.devgraph("completion", shell), 0).out)
        self.ws.write("c.bash", self.ws.devgraph("completion", "bash").out)
        self.ws.shell("bash -n c.bash")

    def test_another_folder(self):
        self.build(self.ws)
        run = self.expect(self.ws.devgraph("-C", str(self.ws.root), "build", cwd="../home"), 0)
        self.assertEqual(run.counts()["fresh"], 3)


if __name__ == "__main__":
    harness.main()
