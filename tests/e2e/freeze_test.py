#!/usr/bin/python3
"""`freeze`: files that nodes make and that stand in the tree, and seeds made anew."""

import json
import os

import harness

MANIFEST = """devgraph 1

let names  = ./names.txt
let locked = ./poetry.lock

## Resolves the names.
run lock {
  out = "poetry.lock"
  $ sed "s/$/ 1.0/" {names} > {out}
}
freeze save { into = ./, files = [lock] }
run image {
  out = "image.txt"
  $ cat {locked} > {out}
}
"""


class Freeze(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "names.txt": "flask\n"})

    def freeze(self, code=0, words=(), out="", err=None):
        run = self.expect(self.ws.devgraph("freeze", *words), code)
        self.assert_text(run.out, out)
        if err is not None:
            self.assert_text(run.err, err)
        return run

    def check(self, code, out, err):
        run = self.expect(self.ws.devgraph("check"), code)
        self.assert_text(run.out, out)
        self.assert_text(run.err, err)

    def test_what_a_node_makes_is_copied_into_the_tree(self):
        ws = self.ws
        # The file is read elsewhere and not there yet: that is said with its cure.
        run = self.expect(ws.devgraph("build"), 2)
        self.assert_text(run.err, "error[E912]: source `poetry.lock` does not exist; //:image needs "
                                  "it; `devgraph freeze //:save` writes it\n")
        run = self.freeze(out="written ./poetry.lock\n")
        self.assertEqual(run.counts()["run"], 1)
        self.assertEqual(ws.read("poetry.lock"), "flask 1.0\n")
        self.build(ws, run=1, fresh=1)
        self.check(0, "", "2 nodes: 0 stale\n")

        # Nothing of it runs again, and an equal file is not touched.
        before = os.stat(ws.path("poetry.lock"))
        self.freeze(out="unchanged ./poetry.lock\n")
        after = os.stat(ws.path("poetry.lock"))
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
        self.build(ws, run=0, fresh=2)

    def test_drift_is_said_once_the_source_is_fresh(self):
        ws = self.ws
        self.freeze(out="written ./poetry.lock\n")
        self.build(ws)
        ws.write("names.txt", "flask\ndjango\n")
        self.check(3, "//:lock  ./names.txt changed\n", "2 nodes: 1 stale\n")
        self.build(ws, run=1, fresh=1)
        self.assertEqual(ws.read("poetry.lock"), "flask 1.0\n")
        drift = ("//:save  ./poetry.lock drifted: it is not what //:lock makes; "
                 "devgraph freeze //:save\n")
        self.check(3, drift, "2 nodes: 0 stale, 1 drifted\n")
        run = self.expect(ws.devgraph("check", "save"), 3)
        self.assert_text(run.out, drift)
        self.assert_text(run.err, "1 node: 0 stale, 1 drifted\n")
        # Who asks for something else is not told.
        self.expect(ws.devgraph("check", "lock"), 0)
        run = self.expect(ws.devgraph("check", "--json"), 3)
        self.assertEqual(json.loads(run.out)["stale"], [
            {"label": "//:save", "reason": drift[len("//:save  "):-1], "because_of_input": False,
             "manifest": "build.devgraph", "line": 11, "drifted": True}])
        self.freeze(out="written ./poetry.lock\n")
        self.build(ws, run=1, fresh=1)
        self.check(0, "", "2 nodes: 0 stale\n")
        ws.remove("poetry.lock")
        run = self.expect(ws.devgraph("check", "save"), 3)
        self.assert_text(run.out, "//:save  ./poetry.lock drifted: it is not there; "
                                  "devgraph freeze //:save\n")

    def test_nothing_is_copied_where_a_source_fails(self):
        ws = self.ws
        ws.edit("build.devgraph", "files = [lock]", "files = [lock, other]")
        ws.write("build.devgraph", ws.read("build.devgraph") +
                 'run other {\n  out = "other.txt"\n  $ cat none > {out}\n}\n')
        for words in ((), ("-k",)):
            run = self.freeze(1, words)
            self.assertTrue(run.err.endswith("\nnothing was copied into the tree\n"), run.err)
            self.assertFalse(ws.exists("poetry.lock"))

    def test_a_build_refuses_it_and_says_what_to_type(self):
        self.ws.write("poetry.lock", "x\n")
        self.build(self.ws, run=2)
        run = self.expect(self.ws.devgraph("build", "save"), 2)
        self.assertTrue(run.err.startswith("error[E907]: `//:save` copies into the tree, which `devgraph build` does not\n"
                                           "  --> build.devgraph:"), run.err)
        self.assertTrue(run.err.endswith("^^^^ a node of `freeze`\n   = to build and copy it, write  devgraph freeze "
                                         "//:save\n"), run.err)

    def test_nothing_is_written_over_folders_or_through_links(self):
        ws = self.ws
        os.makedirs(ws.path("poetry.lock"))
        refusal = ("error[E930]: `//:save` cannot write `./poetry.lock`: {}\n"
                   "   = nothing was written\n")
        # What reads it would have to read a folder.
        ws.write("build.devgraph", ws.read("build.devgraph").split("run image")[0])
        ws.edit("build.devgraph", "let locked = ./poetry.lock\n", "")
        run = self.freeze(2)
        self.assertIn(refusal.format("a folder stands there"), run.err)
        os.rmdir(ws.path("poetry.lock"))
        os.symlink("../outside", ws.path("poetry.lock"))
        self.assertIn(refusal.format("a link stands there"), self.freeze(2).err)
        run = self.expect(ws.devgraph("check"), 3)
        self.assert_text(run.out, "//:save  ./poetry.lock drifted: a link stands there; "
                                  "devgraph freeze //:save\n")
        os.unlink(ws.path("poetry.lock"))
        ws.edit("build.devgraph", "into = ./,", "into = ./deep/er/,")
        os.makedirs(ws.path("../outside"))
        os.symlink("../outside", ws.path("deep"))
        self.assertIn("error[E930]: `//:save` cannot write `./deep/er/poetry.lock`: `deep` is a link, "
                      "and nothing is written behind one\n", self.freeze(2).err)
        self.assertEqual(os.listdir(ws.path("../outside")), [])
        os.unlink(ws.path("deep"))
        self.freeze(out="written ./deep/er/poetry.lock\n")

    def test_places_that_no_project_may_write_are_faults_of_the_manifest(self):
        ws = self.ws
        for into, fault in (("../", "a path cannot go up"),
                            ("./.git/", "`.git/poetry.lock` belongs to git or to devgraph itself"),
                            ("./.devgraph/", "`.devgraph/poetry.lock` belongs to git or to devgraph itself"),
                            ("./out/", "`out/poetry.lock` lies where outputs go")):
            ws.write("build.devgraph", MANIFEST.replace("into = ./,", f"into = {into},"))
            self.assertIn(fault, self.freeze(2).err)
        ws.write("build.devgraph", MANIFEST.replace("files = [lock]", "files = [lock, lock]"))
        self.assertIn("error[E417]: two files would be `poetry.lock`\n", self.freeze(2).err)
        ws.write("build.devgraph", MANIFEST + "freeze more { into = ./, files = [lock] }\n")
        self.assertIn("error[E417]: `//:more` would write `poetry.lock`, as //:save does\n",
                      self.freeze(2).err)

    def test_the_executable_bit_comes_along_and_other_permissions_stay(self):
        ws = self.ws
        ws.write("poetry.lock", "old\n", 0o640)
        ws.edit("build.devgraph", "> {out}\n}\nfreeze", "> {out}\n  $ chmod +x {out}\n}\nfreeze")
        self.freeze(out="written ./poetry.lock\n")
        self.assertEqual(os.stat(ws.path("poetry.lock")).st_mode & 0o777, 0o750)
        ws.edit("build.devgraph", "  $ chmod +x {out}\n", "")
        self.freeze(out="written ./poetry.lock\n")
        self.assertEqual(os.stat(ws.path("poetry.lock")).st_mode & 0o777, 0o640)

    def test_labels_choose(self):
        ws = self.ws
        ws.write("sub/build.devgraph", 'write hello { to = "a.txt", text = "a\\n" }\n'
                                       "freeze keep { into = ./, files = [hello] }\n")
        run = self.freeze(2, ("image",))
        self.assert_text(run.err, "error[E906]: `//:image` is no node of `freeze`\n"
                         "   = without a label the command is about all nodes of `freeze` in the "
                         "current project and below\n")
        self.freeze(words=("//sub/...",), out="written ./sub/a.txt\n")
        self.freeze(words=("sub",), out="unchanged ./sub/a.txt\n")
        self.freeze(words=("//sub:keep", "save"),
                    out="written ./poetry.lock\nunchanged ./sub/a.txt\n")
        self.freeze(out="unchanged ./poetry.lock\nunchanged ./sub/a.txt\n")
        ws.write("empty/build.devgraph", "")
        run = self.expect(ws.devgraph("freeze", cwd="empty"), 2)
        self.assert_text(run.err, "error[E906]: there is no node of `freeze` in the current project "
                         "and below\n   = `devgraph list std freeze` says what it is\n")


class Reseed(harness.Case):
    def test_seeds_are_written_anew_only_after_leave(self):
        ws = self.workspace({"build.devgraph": "devgraph 1\n\nseed settings "
                             '{ into = ./.env, text = "PORT=8000\\nHOST=h\\n" }\n'})
        self.build(ws, run=1)
        run = self.expect(ws.devgraph("freeze", "--reseed"), 0)
        self.assert_text(run.out, "unchanged ./.env\n")
        ws.write(".env", "PORT=9000\nHOST=h\n")
        self.build(ws, run=0)
        diff = ("--- ./.env\n+++ //:settings\n@@ -1,2 +1,2 @@\n-PORT=9000\n+PORT=8000\n HOST=h\n")
        run = self.expect(ws.devgraph("freeze", "--reseed"), 2)
        self.assert_text(run.out, diff)
        self.assert_text(run.err, "error[E931]: nobody can be asked whether files may be written anew\n"
                                  "   = `--yes` writes them\n")
        self.assertEqual(ws.read(".env"), "PORT=9000\nHOST=h\n")
        question = "Write the file anew? What differs is lost. [y/N] "
        status, said = ws.answer("n", "freeze", "--reseed")
        self.assertEqual(status, 2)
        self.assertTrue(said.endswith(diff + question + "n\nerror[E931]: nothing was written\n"), said)
        self.assertEqual(ws.read(".env"), "PORT=9000\nHOST=h\n")
        status, said = ws.answer("y", "freeze", "--reseed")
        self.assertEqual(status, 0)
        self.assertTrue(said.endswith(diff + question + "y\nwritten ./.env\n"), said)
        ws.write(".env", "PORT=9000\nHOST=h\n")
        run = self.expect(ws.devgraph("freeze", "--reseed", "--yes"), 0)
        self.assert_text(run.out, diff + "written ./.env\n")
        self.assertEqual(ws.read(".env"), "PORT=8000\nHOST=h\n")
        self.build(ws, run=0)


if __name__ == "__main__":
    harness.main()
