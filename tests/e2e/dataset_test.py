#!/usr/bin/python3
"""Data as its users see it: parameters by key path, metrics of now and of a revision, folders compared."""

import json

import harness

MANIFEST = """devgraph 1

let params = json(./params.json)

run split {
  out  = "split/"
  deps = ./corpus.txt
  $ split -l {params.split.lines} {deps} {out}/
}
run train {
  out = { model = "model.txt", metrics = "metrics.json" }
  $ cat {split}/* | wc -w > {out.model}
  $ printf '\\{"train": \\{"rate": %s, "words": %d, "name": "x"\\}, "loss": [0.5, 1e-3]\\}' {params.train.rate} "$(cat {out.model})" > {out.metrics}
}
"""
PARAMS = {"split": {"lines": 2}, "train": {"rate": "0.1"}, "note": "none"}


class Data(harness.Case):
    def project(self):
        ws = self.workspace({"build.devgraph": MANIFEST, "params.json": json.dumps(PARAMS),
                             "corpus.txt": "a b\nc d\ne f\n", ".gitignore": "out\n.devgraph\n"})
        ws.shell("git init -q && git add -A && git commit -qm one")
        return ws

    def second(self, ws):
        """Another state of it, built and committed."""
        self.set(ws, "train", "rate", "0.25")
        ws.write("corpus.txt", "a b\nc d\ne f\ng h\n")
        ws.shell("git commit -qam two")
        self.build(ws, run=2)

    def set(self, ws, *way):
        params = json.loads(ws.read("params.json"))
        *before, last, value = way
        at = params
        for name in before:
            at = at[name]
        at[last] = value
        ws.write("params.json", json.dumps(params))

    def devgraph(self, ws, *arguments, code=0, **options):
        return self.expect(ws.devgraph(*arguments, **options), code)

    def test_a_node_is_stale_by_the_parameters_it_uses(self):
        ws = self.project()
        self.build(ws, run=2)
        self.set(ws, "note", "another")
        ws.shell("sed -i 's/, /,\\n /g' params.json")
        self.build(ws, run=0, fresh=2)
        self.set(ws, "train", "rate", "0.2")
        self.assertEqual(self.devgraph(ws, "check", code=3).out, "//:train  a value in its script changed\n")
        self.build(ws, run=1, fresh=1)
        self.set(ws, "split", "lines", 1)
        self.build(ws, run=2)

    def test_metrics_are_a_table(self):
        ws = self.project()
        self.assertEqual(self.devgraph(ws, "metrics").err, "//:train has no metrics yet; build it\n")
        self.build(ws, run=2)
        self.assertEqual(self.devgraph(ws, "metrics").out,
                         "node      metric       value\n"
                         "//:train  train.rate     0.1\n"
                         "//:train  train.words      6\n"
                         "//:train  loss.0         0.5\n"
                         "//:train  loss.1        1e-3\n")
        self.assertEqual(json.loads(self.devgraph(ws, "metrics", "train", "--json").out)[1],
                         {"label": "//:train", "metric": "train.words", "value": 6})
        self.assert_text(self.devgraph(ws, "metrics", "split", code=2).err,
                         "error[E920]: none of these nodes has an output by the name of `metrics`\n"
                         "   = name the file that holds the numbers:  out = { model = \"model.bin\", metrics = "
                         "\"metrics.json\" }\n")

    def test_metrics_are_json_yaml_or_toml(self):
        node = 'run {0} {{\n  out = {{ metrics = "m.{1}" }}\n  $ printf {2} > {{out.metrics}}\n}}\n'
        ws = self.workspace({"build.devgraph": "devgraph 1\n" + node.format("y", "yaml", "'a: \\{b: 2\\}'")
                             + node.format("t", "toml", "'[a]\\nb = 3.5'"),
                             "sub/build.devgraph": node.format("s", "json", "'\\{\"n\": 1\\}'")})
        self.build(ws, "//...", run=3)
        self.assertEqual(self.devgraph(ws, "metrics").out,
                         "node     metric  value\n//:y     a.b         2\n//:t     a.b       3.5\n//sub:s  n           1\n")
        self.assertEqual(self.devgraph(ws, "metrics", cwd="sub").out.count("\n"), 2)
        self.assertIn("//:y ", self.devgraph(ws, "metrics", "//:y", cwd="sub").out)
        for name, content, words in (("m.json", "{", "cannot be read: out/s/m.json: "),
                                     ("m.csv", "1", "is neither JSON, YAML nor TOML by its name")):
            ws.write("sub/build.devgraph", node.format("s", name[2:], f"'{content}'".replace("{", "\\{")))
            self.build(ws, "//sub:s", run=1)
            self.assertIn(words, self.devgraph(ws, "metrics", "//sub:s", code=2).err.replace("out/sub/", "out/"))

    def test_metrics_of_a_revision_come_from_what_was_built_of_it(self):
        ws = self.project()
        self.build(ws, run=2)
        self.second(ws)
        before = ws.shell("git status --porcelain; ls -a .devgraph; cat .git/index | sha256sum")
        self.assertEqual(self.devgraph(ws, "metrics", "HEAD~1").out,
                         "node      metric       HEAD~1   now  change\n"
                         "//:train  train.rate      0.1  0.25   +0.15\n"
                         "//:train  train.words       6     8      +2\n"
                         "//:train  loss.0          0.5   0.5\n"
                         "//:train  loss.1         1e-3  1e-3\n")
        rows = json.loads(self.devgraph(ws, "metrics", "train", "HEAD~1", "--format", "json").out)
        self.assertEqual((rows[0]["before"], rows[0]["value"]), (0.1, 0.25))
        self.assertEqual(ws.shell("git status --porcelain; ls -a .devgraph; cat .git/index | sha256sum"), before)
        # What was never built here, or is not kept, is not known; nothing is made up.
        self.devgraph(ws, "gc")
        run = self.devgraph(ws, "metrics", "HEAD~1")
        self.assertEqual(run.err, "//:train at HEAD~1: not known; no result of //:split for its inputs of then is "
                         "kept here\n")
        self.assertIn("//:train  train.words       -     8\n", run.out)
        err = self.devgraph(ws, "metrics", "nowhere", code=2).err
        self.assertRegex(err, "error\\[E919\\]: cannot look at the revision `nowhere`: fatal: .*\n"
                         "   = and as a label: .*`nowhere`")
        err = self.devgraph(ws, "metrics", "HEAD", "trian", code=2).err
        self.assertIn("did you mean `train`?\n   = one revision is compared with what is in place, and that is `HEAD`\n",
                      err)

    def test_a_workspace_below_the_root_of_its_repository(self):
        ws = self.workspace({"part/build.devgraph": MANIFEST, "part/params.json": json.dumps(PARAMS),
                             "part/corpus.txt": "a b\n", ".gitignore": "out\n.devgraph\n", "else.txt": "x"})
        ws.shell("git init -q && git add -A && git commit -qm one")
        self.devgraph(ws, "build", cwd="part")
        self.assertIn("//:train  train.words     2     2\n", self.devgraph(ws, "metrics", "HEAD", cwd="part").out)

    def test_a_revision_whose_manifest_is_broken_says_so(self):
        ws = self.project()
        ws.edit("build.devgraph", "run train", "run train train")
        ws.shell("git commit -qam broken")
        ws.edit("build.devgraph", "run train train", "run train")
        self.build(ws, run=2)
        err = self.devgraph(ws, "metrics", "HEAD", code=2).err
        self.assertIn("the manifests of ", err)
        self.assertIn("E919", err)
        self.assertEqual(ws.shell("ls .devgraph | grep past", check=False), "")

    def test_folders_are_compared(self):
        ws = self.project()
        self.build(ws, run=2)
        ws.shell("cp -r out/split/split before; ln -s aa before/link; chmod +x before/ab; mkdir before/d; "
                 "echo old > before/d/name; cp -r before after; mkdir after/e; mv after/d/name after/e/; "
                 "mv after/aa after/first")
        self.second(ws)
        self.assert_text(self.devgraph(ws, "data", "diff", "before", "split").out,
                         "~ ab  4 B, executable -> 8 B\n- d/name  4 B\n- link  a link to aa\n")
        run = self.devgraph(ws, "data", "diff", "before", "after")
        self.assertEqual(run.out, "> d/name -> e/name  4 B\n> aa -> first  8 B\n")
        self.assertEqual(run.err, "0 added, 0 removed, 0 changed, 2 renamed; 4 files, 16 B -> 4 files, 16 B\n")
        run = self.devgraph(ws, "data", "diff", "HEAD~1:split", "//:split")
        self.assertEqual((run.out, run.err), ("~ ab  4 B -> 8 B\n", "0 added, 0 removed, 1 changed, 0 renamed; "
                                              "2 files, 12 B -> 2 files, 16 B\n"))
        said = json.loads(self.devgraph(ws, "data", "diff", "after", "before", "--json").out)
        self.assertEqual(said["changes"], [
            {"path": "aa", "change": "renamed", "from": "first", "bytes_before": 8, "bytes": 8},
            {"path": "d/name", "change": "renamed", "from": "e/name", "bytes_before": 4, "bytes": 4}])
        self.assertEqual((said["renamed"], said["added"], said["before"]), (2, 0, {"files": 4, "bytes": 16}))
        run = self.devgraph(ws, "data", "diff", "split", "split")
        self.assertEqual((run.out, run.err), ("", "0 added, 0 removed, 0 changed, 0 renamed; "
                                              "2 files, 16 B -> 2 files, 16 B\n"))

    def test_single_files_are_compared(self):
        ws = self.project()
        self.build(ws, run=2)
        self.second(ws)
        self.assertEqual(self.devgraph(ws, "data", "diff", "HEAD~1:train", "train").out, "~ model.txt  2 B\n")
        self.assertEqual(self.devgraph(ws, "data", "diff", "corpus.txt", "params.json").out.count("\n"), 1)

    def test_what_cannot_be_compared(self):
        ws = self.project()
        help_line = "   = a folder or file is named by a path, a label, or REVISION:LABEL\n"
        self.assertEqual(self.devgraph(ws, "data", "diff", "split", "split", code=2).err,
                         "error[E921]: `split` cannot be compared: it is not built\n" + help_line)
        self.build(ws, run=2)
        self.second(ws)
        self.devgraph(ws, "gc")
        self.assertEqual(self.devgraph(ws, "data", "diff", "HEAD~1:split", "split", code=2).err,
                         "error[E921]: `HEAD~1:split` cannot be compared: no result of //:split for its inputs of then "
                         "is kept here\n" + help_line)
        self.assertIn("E919", self.devgraph(ws, "data", "diff", "nowhere:split", "split", code=2).err)
        self.assertIn("E901", self.devgraph(ws, "data", "dif", "split", "split", code=2).err)


if __name__ == "__main__":
    harness.main()
