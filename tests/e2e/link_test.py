#!/usr/bin/python3
"""`links`: relative links to files of another project, made, verified, staged and restored."""

import os

import harness

HELPERS = "devgraph 1\n"
APP = """let conf = //helpers/conftest.py
let ini  = //helpers/pytest.ini

links helpers { into = ./tests/, to = [conf, ini] }
run size {
  out   = "size.txt"
  after = helpers
  $ wc -c < {conf} > {out}
}
"""


class Link(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": HELPERS, "helpers/build.devgraph": "",
                                  "helpers/conftest.py": "x = 1\n", "helpers/pytest.ini": "[pytest]\n",
                                  "app/build.devgraph": APP})
        os.chmod(self.ws.path("helpers/conftest.py"), 0o444)

    def link(self, code=0, words=(), out="", err=None, cwd="."):
        run = self.expect(self.ws.devgraph("link", *words, cwd=cwd), code)
        self.assert_text(run.out, out)
        if err is not None:
            self.assert_text(run.err, err)
        mode = os.stat(self.ws.path("helpers/conftest.py")).st_mode & 0o777
        self.assertEqual(mode, 0o444)  # Whatever happens to a link, the original keeps its mode.
        return run

    def made(self):
        self.link(out="linked ./app/tests/conftest.py -> ../../helpers/conftest.py\n"
                      "linked ./app/tests/pytest.ini -> ../../helpers/pytest.ini\n", err="")

    def replace(self, content):
        self.ws.remove("app/tests/conftest.py")
        self.ws.write("app/tests/conftest.py", content)

    def check(self, code, out, err):
        run = self.expect(self.ws.devgraph("check"), code)
        self.assert_text(run.out, out)
        self.assert_text(run.err, err)

    def test_a_link_that_a_node_reads(self):
        ws = self.ws
        ws.write("app/build.devgraph", APP + "let own = ./tests/pytest.ini\nrun lines {\n  out = \"lines.txt\"\n"
                 "  $ wc -l < {own} > {out}\n}\n")
        absent = ("error[E912]: source `app/tests/pytest.ini` does not exist; //app:lines needs it; "
                  "`devgraph link //app:helpers` writes it\n")
        for command in ("build", "check"):
            self.assert_text(self.expect(ws.devgraph(command), 2).err, absent)
        self.made()
        self.build(ws, run=3)
        ws.write("helpers/pytest.ini", "[pytest]\nmore\n")
        self.build(ws, run=1, fresh=2)
        self.assertEqual(ws.read("out/app/lines/lines.txt"), "2\n")

    def test_links_are_made_verified_and_told(self):
        ws = self.ws
        run = self.build(ws, run=2)
        self.assertIn("\nwarning: //app:helpers  ./app/tests/conftest.py drifted: it is not there; "
                      "devgraph link //app:helpers\n", run.err)
        self.check(3, "//app:helpers  ./app/tests/conftest.py drifted: it is not there; devgraph link "
                      "//app:helpers\n"
                      "//app:helpers  ./app/tests/pytest.ini drifted: it is not there; devgraph link "
                      "//app:helpers\n", "2 nodes: 0 stale, 2 drifted\n")
        self.made()
        self.assertEqual(os.readlink(ws.path("app/tests/conftest.py")), b"../../helpers/conftest.py")
        self.check(0, "", "2 nodes: 0 stale\n")
        run = self.build(ws, run=0, fresh=2)
        self.assertNotIn("warning", run.err)
        self.link(out="unchanged ./app/tests/conftest.py\nunchanged ./app/tests/pytest.ini\n")
        self.link(2, ("//app:size",), err="error[E906]: `//app:size` is no node of `links`\n"
                  "   = without a label the command is about all nodes of `links` in the current "
                  "project and below\n")

    def test_an_equal_copy_is_restored_and_another_file_only_by_force(self):
        ws = self.ws
        self.build(ws, run=2)
        self.made()
        self.replace("x = 1\n")
        self.check(3, "//app:helpers  ./app/tests/conftest.py drifted: it is a copy, not a link; "
                      "devgraph link --fix //app:helpers\n", "2 nodes: 0 stale, 1 drifted\n")
        self.link(2, err="error[E932]: `//app:helpers` cannot link `./app/tests/conftest.py`: it is a "
                         "copy, not a link\n   = to make it a link again, write  devgraph link --fix "
                         "//app:helpers\n   = nothing was changed\n")
        restored = ("restored ./app/tests/conftest.py -> ../../helpers/conftest.py\n"
                    "unchanged ./app/tests/pytest.ini\n")
        self.link(0, ("--fix", "//app:helpers"), restored, "")
        self.check(0, "", "2 nodes: 0 stale\n")

        self.replace("x = 2\n")
        refusal = ("error[E932]: `//app:helpers` cannot link `./app/tests/conftest.py`: it is a file of "
                   "its own, with another content\n   = its content would be lost; to replace it all "
                   "the same, write  devgraph link --force //app:helpers\n   = nothing was changed\n")
        self.link(2, err=refusal)
        self.link(2, ("--fix",), err=refusal)
        self.assertEqual(ws.read("app/tests/conftest.py"), "x = 2\n")
        self.link(0, ("--force",), restored)

    def test_links_that_lead_elsewhere_are_told_and_restored(self):
        ws = self.ws
        place = ws.path("app/tests/conftest.py")
        self.made()
        ring = ws.path("app/tests/other")
        os.symlink("conftest.py", ring)
        for target, what in (("nowhere", "it leads to `nowhere`, which is not there"),
                             ("pytest.ini", "it leads to `pytest.ini`"),
                             ("other", "it is a ring of links")):
            os.unlink(place)
            os.symlink(target, place)
            self.assertIn(f"`./app/tests/conftest.py`: {what}\n", self.link(2).err)
            self.link(0, ("--fix",), "restored ./app/tests/conftest.py -> ../../helpers/conftest.py\n"
                                     "unchanged ./app/tests/pytest.ini\n")

    def test_folders_stay_and_nothing_is_made_behind_a_link(self):
        ws = self.ws
        os.makedirs(ws.path("app/tests/conftest.py"))
        self.assertIn("a folder stands there\n", self.link(2, ("--force",)).err)
        self.assertFalse(ws.exists("app/tests/pytest.ini"))
        os.rmdir(ws.path("app/tests/conftest.py"))
        os.rmdir(ws.path("app/tests"))
        os.makedirs(ws.path("elsewhere"))
        os.symlink("../elsewhere", ws.path("app/tests"))
        self.assertIn("`app/tests` is a link, and nothing is written behind one\n",
                      self.link(2, ("--force",)).err)
        self.assertEqual(os.listdir(ws.path("elsewhere")), [])

    def test_a_link_is_staged_and_comes_back(self):
        ws = self.ws
        self.made()
        self.link(0, ("--stage", "tests/conftest.py"), "staged ./app/tests/conftest.py\n", "", cwd="app")
        self.assertFalse(os.path.islink(ws.path("app/tests/conftest.py")))
        self.assertTrue(os.stat(ws.path("app/tests/conftest.py")).st_mode & 0o200)
        self.link(0, ("--unstage", "app/tests/conftest.py"),
                  "restored ./app/tests/conftest.py -> ../../helpers/conftest.py\n", "")
        self.link(0, ("--stage", "app/tests/conftest.py"), "staged ./app/tests/conftest.py\n")
        ws.write("app/tests/conftest.py", "x = 3\n")
        self.link(2, ("--unstage", "app/tests/conftest.py"), err="error[E932]: "
                  "`./app/tests/conftest.py` stays as it is: it is a file of its own, with another "
                  "content\n   = it was edited, or the original was; to lose its content, write  "
                  "devgraph link --unstage app/tests/conftest.py --force\n")
        self.assertEqual(ws.read("app/tests/conftest.py"), "x = 3\n")
        self.link(0, ("--unstage", "app/tests/conftest.py", "--force"),
                  "restored ./app/tests/conftest.py -> ../../helpers/conftest.py\n")
        self.assertEqual(ws.read("helpers/conftest.py"), "x = 1\n")
        self.link(2, ("--stage", "helpers/conftest.py"), err="error[E932]: `helpers/conftest.py` is no "
                  "link that a node of `links` keeps\n   = the path of a file is meant, not a label\n")

    def test_a_staged_copy_has_the_permissions_of_the_original_and_can_be_written(self):
        self.made()
        place = "app/tests/pytest.ini"
        for original, copy in ((0o640, 0o640), (0o440, 0o640), (0o775, 0o775), (0o500, 0o700)):
            os.chmod(self.ws.path("helpers/pytest.ini"), original)
            self.link(0, ("--stage", place), f"staged ./{place}\n", "")
            self.assertEqual(oct(os.stat(self.ws.path(place)).st_mode & 0o777), oct(copy))
            self.assertEqual(os.stat(self.ws.path("helpers/pytest.ini")).st_mode & 0o777, original)
            self.link(0, ("--unstage", place), f"restored ./{place} -> ../../helpers/pytest.ini\n", "")

    def test_options_that_have_no_use_are_refused(self):
        self.made()
        place = "app/tests/pytest.ini"
        usage = "   = `devgraph link -h` lists its options and their values\n"
        self.link(2, ("--unstage", "--force", place), err="error[E903]: `--unstage` needs a value, and `--force` is an "
                  "option\n   = put the value right behind `--unstage`\n" + usage)
        self.assertEqual(os.readlink(self.ws.path(place)), b"../../helpers/pytest.ini")
        force = "   = `--force` goes with `--unstage`, of a file that was edited\n"
        for option, what in (("--force", "stage"), ("--fix", "stage"), ("--fix", "unstage")):
            self.link(2, (option, f"--{what}", place), err=f"error[E904]: `devgraph link --{what}` has no use for "
                      f"`{option}`\n   = write  devgraph link --{what} {place}\n{force}")
        self.link(0, ("--stage", place), f"staged ./{place}\n", "")
        self.ws.write(place, "edited\n")
        self.link(0, ("--force", "--unstage", place), f"restored ./{place} -> ../../helpers/pytest.ini\n", "")

    def test_what_others_read_through_a_link_is_the_original(self):
        ws = self.ws
        ws.write("app/build.devgraph", APP.replace("wc -c < {conf}", "wc -c < {mine}").replace(
            "let ini", "let mine = ./tests/conftest.py\nlet ini"))
        self.made_by_hand()
        self.build(ws, run=2)
        os.chmod(ws.path("helpers/conftest.py"), 0o644)
        ws.write("helpers/conftest.py", "x = 10\n", 0o444)
        self.build(ws, run=1)
        # A copy in its place has the same content: nothing runs, and it is told.
        self.replace("x = 10\n")
        run = self.build(ws, run=0, fresh=2)
        self.assertIn("warning: //app:helpers  ./app/tests/conftest.py drifted: it is a copy", run.err)

    def made_by_hand(self):
        os.makedirs(self.ws.path("app/tests"))
        for name in ("conftest.py", "pytest.ini"):
            os.symlink(f"../../helpers/{name}", self.ws.path(f"app/tests/{name}"))

    def test_originals_that_nodes_make_are_built_first(self):
        ws = self.ws
        ws.write("helpers/build.devgraph", 'write made { to = "made.txt", text = "m\\n" }\n')
        ws.edit("app/build.devgraph", "to = [conf, ini]", "to = [//helpers:made]")
        self.link(out="linked ./app/tests/made.txt -> ../../out/helpers/made/made.txt\n")
        self.assertEqual(ws.read("app/tests/made.txt"), "m\n")
        # An original that cannot be made holds up its link, and who comes after it.
        ws.write("helpers/build.devgraph", 'run made { out = "made.txt"\n  $ false\n}\n')
        run = self.build(ws, "-k", code=1, failed=1, blocked=2)
        self.assertIn("  blocked  //app:size      by //helpers:made\n", run.err)

    def test_a_node_of_links_is_about_places_not_contents(self):
        ws = self.ws
        self.made_by_hand()
        self.build(ws, run=2)
        log = self.expect(ws.devgraph("log", "//app:helpers"), 0).out
        self.assertIn("app/tests/conftest.py -> //helpers/conftest.py\n"
                      "app/tests/pytest.ini -> //helpers/pytest.ini\n", log)
        ws.write("helpers/pytest.ini", "[pytest]\nmore\n")
        self.build(ws, run=0, fresh=2)
        ws.write("helpers/other.ini", "[pytest]\nmore\n")
        ws.edit("app/build.devgraph", "//helpers/pytest.ini", "//helpers/other.ini")
        self.build(ws, run=1, fresh=1)
        ws.edit("app/build.devgraph", "to = [conf, ini]", "to = [conf]")
        self.build(ws, run=1, fresh=1)


if __name__ == "__main__":
    harness.main()
