#!/usr/bin/python3
"""`pin`: a file stands in for what a node makes, and the node is not run."""

import json
import os

import harness

MANIFEST = """devgraph 1

run clone {
  out = "typeshed.txt"
  $ echo cloned > {out}
}
run typeshed {
  out = "typeshed.json"
  $ sed s/cloned/made/ {clone} > {out}
}
run manifest {
  out = "manifest.txt"
  $ cat {typeshed} > {out}
}
run both {
  out = { text = "a.txt", data = "data/" }
  $ echo a > {out.text}
  $ echo b > {out.data}/b
}
let default = [manifest]
let all     = [manifest, both]
"""


class Pin(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST})

    def call(self, code, *words, out="", err="", cwd="."):
        run = self.expect(self.ws.devgraph(*words, cwd=cwd), code)
        self.assert_text(run.out, out)
        if err is not None:
            self.assert_text(run.err, err)
        return run

    def manifest(self):
        return self.ws.read("out/manifest/manifest.txt")

    def test_an_empty_file_stands_in_and_unpin_runs_nothing(self):
        ws = self.ws
        self.build(ws, run=3)
        self.call(0, "pin", "typeshed", "--empty", out="pinned //:typeshed to nothing\n")
        # What only it needs is not needed any more: two nodes are left.
        self.build(ws, run=2, nodes=2)
        self.assertEqual(self.manifest(), "")
        self.call(0, "check", err="pinned: //:typeshed to nothing\n2 nodes: 0 stale, 1 pinned\n")
        run = self.expect(ws.devgraph("check", "--json"), 0)
        self.assertEqual(json.loads(run.out)["pinned"], ["//:typeshed"])
        run = self.build(ws, run=0, fresh=2)
        self.assert_text(run.err, "2 nodes: 0 run, 2 fresh  0.0s\npinned: //:typeshed to nothing\n")
        self.call(0, "unpin", "typeshed", out="unpinned //:typeshed\n")
        self.assertFalse(ws.exists("devgraph.pins"))
        self.build(ws, run=0, nodes=3)
        self.assertEqual(self.manifest(), "made\n")
        self.call(0, "check", err="3 nodes: 0 stale\n")
        # The same again: nothing runs in either direction.
        self.call(0, "pin", "typeshed", "--empty", out="pinned //:typeshed to nothing\n")
        self.build(ws, run=0, nodes=2)
        self.assertEqual(self.manifest(), "")

    def test_a_file_of_the_workspace_stands_in_and_edits_of_it_are_seen(self):
        ws = self.ws
        ws.write("sub/alt.json", "alt\n")
        self.call(0, "pin", "//:typeshed", "--from", "alt.json", cwd="sub",
                  out="pinned //:typeshed to ./sub/alt.json\n")
        self.build(ws, run=2, nodes=2)
        self.assertEqual(self.manifest(), "alt\n")
        ws.write("sub/alt.json", "edited\n")
        run = self.call(3, "check", err=None, out="//:typeshed  ./sub/alt.json changed\n"
                                                  "//:manifest  //:typeshed is stale\n")
        self.assertIn("2 nodes: 2 stale, 1 pinned\n", run.err)
        run = self.expect(ws.devgraph("build"), 1)
        self.assertIn("sub/alt.json changed since it was pinned; `devgraph pin //:typeshed --from "
                      "sub/alt.json` takes it as it is now", run.err)
        self.call(0, "pin", "//:typeshed", "--from", "sub/alt.json",
                  out="pinned //:typeshed to ./sub/alt.json\n")
        self.build(ws, run=2)
        self.assertEqual(self.manifest(), "edited\n")
        ws.remove("sub/alt.json")
        run = self.expect(ws.devgraph("build"), 2)
        self.assert_text(run.err, "error[E933]: `//:typeshed` is pinned to `sub/alt.json`, which is not "
                         "there\n  --> build.devgraph:7:5\n 7 | run typeshed {\n   |     ^^^^^^^^ pinned\n"
                         "   = `devgraph unpin //:typeshed` undoes it\n")
        self.call(0, "unpin", "//...", out="unpinned //:typeshed\n")
        self.build(ws, run=3)

    def test_files_from_elsewhere_are_copied(self):
        ws = self.ws
        ws.write("../outside.json", "far\n")
        run = self.expect(ws.devgraph("pin", "typeshed", "--from", "../outside.json"), 0)
        self.assertRegex(run.out, r"^pinned //:typeshed to \./\.devgraph/pins/[0-9a-f]{16}-outside\.json\n$")
        self.assert_text(run.err, "a copy is kept in .devgraph/pins: this pin holds for this checkout only\n")
        os.unlink(ws.path("../outside.json"))
        self.build(ws, run=2)
        self.assertEqual(self.manifest(), "far\n")
        self.expect(ws.devgraph("gc"), 0)
        self.assertEqual(len(os.listdir(ws.path(".devgraph/pins"))), 1)
        self.call(0, "unpin", "typeshed", out="unpinned //:typeshed\n")
        self.assertEqual(os.listdir(ws.path(".devgraph/pins")), [])

    def test_several_outputs_and_folders(self):
        ws = self.ws
        ws.write("alt.txt", "x\n")
        ws.write("alt/deep/y", "y\n")
        self.call(2, "pin", "both", "--from", "alt.txt", err="error[E934]: `//:both` has the outputs text, "
                  "data: each needs one file\n   = write  devgraph pin //:both --from text=FILE --from "
                  "data=FILE\n   = or  --empty  for empty ones\n")
        self.call(2, "pin", "both", "--from", "text=alt", "--from", "data=alt",
                  err="error[E934]: `alt` is a folder; the output is a file\n")
        self.call(0, "pin", "both", "--from", "text=alt.txt", "--from", "data=alt",
                  out="pinned //:both to data=./alt, text=./alt.txt\n")
        self.expect(ws.devgraph("build", "both"), 0)
        self.assertEqual(ws.read("out/both/a.txt"), "x\n")
        self.assertEqual(ws.read("out/both/data/deep/y"), "y\n")
        self.assertFalse(ws.exists("out/both/data/b"))
        ws.write("alt/deep/z", "z\n")
        run = self.expect(ws.devgraph("check", "both"), 3)
        self.assertIn("//:both", run.out)
        self.call(0, "pin", "both", "--empty", out="pinned //:both to nothing\n")
        self.expect(ws.devgraph("build", "both"), 0)
        self.assertEqual(ws.read("out/both/a.txt"), "")
        self.assertEqual(os.listdir(ws.path("out/both/data")), [])

    def test_what_cannot_be_pinned(self):
        ws = self.ws
        ws.write("build.devgraph", MANIFEST + 'seed env { into = ./.env, text = "" }\n'
                 "test quick {\n  $ true\n}\nfreeze keep { into = ./, files = [clone] }\n")
        usage = ("error[E934]: `devgraph pin` needs a file, or `--empty`\n"
                 "   = usage: devgraph pin LABEL --from FILE\n"
                 "   =        devgraph pin LABEL --empty\n")
        self.call(2, "pin", "clone", err=usage)
        for name, why in (("env", "what a seed made is yours anyway"), ("quick", "it makes no file"),
                          ("keep", "it is an effect")):
            self.call(2, "pin", name, "--empty", err=f"error[E934]: `//:{name}` cannot be pinned: {why}\n")
        self.call(2, "pin", "clone", "--from", "none",
                  err="error[E934]: `none` is not there; the output is a file\n")
        self.call(2, "unpin", "clone", err="error[E934]: `clone` is not pinned\n   = nothing is\n")
        # A node that was renamed is not pinned any more, and that is said.
        self.call(0, "pin", "both", "--empty", out="pinned //:both to nothing\n")
        ws.shell("sed -i s/both/renamed/g build.devgraph")
        for command, code in (("build", 0), ("check", 3)):
            run = ws.devgraph(command)
            self.assertIn("warning: //:both is pinned, and no node is called so\n"
                          "   = `devgraph unpin //:both` drops the pin\n", run.err)
        self.call(0, "unpin", "both", out="unpinned //:both\n")
        ws.shell("sed -i s/renamed/both/g build.devgraph")
        ws.write("devgraph.pins", "what\n")
        self.call(2, "build", err="error[E933]: devgraph.pins cannot be used: line 1 is not `devgraph "
                  "pins 1`\n   = `devgraph pin` and `devgraph unpin` write it; without it nothing is "
                  "pinned\n")
        ws.write("devgraph.pins", "devgraph pins 1\n//:clone\n")
        self.assertIn("cannot be used: line 2 is no pin: `//:clone`\n",
                      self.expect(ws.devgraph("build"), 2).err)


if __name__ == "__main__":
    harness.main()
