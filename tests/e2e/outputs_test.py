#!/usr/bin/python3
"""Outputs: put right when disturbed, made whole or not at all, never over a file of somebody else."""

import os
import shutil
import tempfile

import harness

MANIFEST = """devgraph 1
let source = ./source.txt
run file {
  out = "made.txt"
  $ tr a-z A-Z < {source} > {out}
}
run folder {
  out = "parts/"
  $ mkdir {out}/sub
  $ cp {source} {out}/sub/copy.txt
  $ ln -s sub/copy.txt {out}/link
  $ printf '#!/bin/sh\\n' > {out}/tool
  $ chmod +x {out}/tool
}
run several {
  out = { a = "a.txt", b = "sub/b.txt" }
  $ echo a > {out.a}
  $ echo b > {out.b}
}
run user {
  out = "user.txt"
  $ cat {file} {folder}/link {several.b} > {out}
}
"""


LINK = """
run link {
  out = "l"
  $ ln -s ../../source.txt {out}
}
"""


class Outputs(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "source.txt": "text\n"})

    def test_all_shapes_are_made(self):
        self.build(self.ws, run=4)
        self.assertEqual(self.ws.read("out/user/user.txt"), "TEXT\ntext\nb\n")
        self.assertEqual(os.readlink(self.ws.path("out/folder/parts/link")), b"sub/copy.txt")
        self.assertTrue(os.access(self.ws.path("out/folder/parts/tool"), os.X_OK))

    def test_a_deleted_output_comes_back(self):
        self.build(self.ws)
        for name in ("out/file/made.txt", "out/folder/parts", "out/folder", "out/several/sub/b.txt", "out"):
            with self.subTest(name):
                self.ws.remove(name)
                self.assertEqual(self.ws.devgraph("check").code, 3)
                self.build(self.ws, run=0, fresh=4)
                self.assertEqual(self.ws.read("out/file/made.txt"), "TEXT\n")
                self.assertEqual(self.ws.read("out/folder/parts/sub/copy.txt"), "text\n")
                self.assertEqual(self.ws.read("out/several/sub/b.txt"), "b\n")

    def test_an_output_edited_by_hand_is_put_right(self):
        self.build(self.ws)
        self.ws.shell("chmod -R u+w out")
        self.ws.write("out/file/made.txt", "OOPS\n")
        self.ws.write("out/folder/parts/sub/copy.txt", "oops\n")
        self.assertEqual(self.ws.devgraph("check").code, 3)
        self.build(self.ws)
        self.assertEqual(self.ws.read("out/file/made.txt"), "TEXT\n")
        self.assertEqual(self.ws.read("out/folder/parts/sub/copy.txt"), "text\n")
        self.expect(self.ws.devgraph("check"), 0)

    def test_an_added_file_in_a_folder_output_is_put_right(self):
        self.build(self.ws)
        self.ws.shell("chmod -R u+w out")
        self.ws.write("out/folder/parts/stray", "stray\n")
        self.assertEqual(self.ws.devgraph("check").code, 3)
        self.build(self.ws)
        self.assertFalse(self.ws.exists("out/folder/parts/stray"))

    def test_a_folder_of_very_many_files(self):
        self.ws.edit("build.devgraph", "$ mkdir {out}/sub\n", "$ mkdir {out}/sub\n"
                     "  $ (cd {out} && seq 3000 | split -l 1 -a 4 - a-name-of-some-length-)\n")
        self.build(self.ws)
        self.ws.remove("out/folder")
        self.build(self.ws, run=0)
        self.assertEqual(len(os.listdir(self.ws.path("out/folder/parts"))), 3003)
        self.expect(self.ws.devgraph("check"), 0)

    def test_they_may_lie_on_another_file_system(self):
        other = tempfile.mkdtemp(dir="/dev/shm")
        self.addCleanup(shutil.rmtree, other)
        for name in ("out", ".devgraph"):
            with self.subTest(name):
                ws = self.workspace({"build.devgraph": MANIFEST + LINK, "source.txt": "text\n"}, name)
                os.mkdir(f"{other}/{name}")
                os.symlink(f"{other}/{name}", ws.path(name))
                self.build(ws, run=5)
                self.build(ws, run=0)
                self.assertEqual(os.readlink(ws.path("out/link/l")), b"../../source.txt")
                self.assertEqual(ws.read("out/folder/parts/link"), "text\n")
                ws.write("source.txt", "other\n")
                self.build(ws)
                ws.write("source.txt", "text\n")
                self.build(ws, run=0)
                self.assertEqual(ws.read("out/folder/parts/sub/copy.txt"), "text\n")
                self.assertEqual(ws.shell("find -L . -name '.devgraph-part*'"), "")

    def test_what_cannot_be_taken_is_a_failure_of_its_node_alone(self):
        self.ws.edit("build.devgraph", "$ mkdir {out}/sub\n", "$ mkdir {out}/sub\n"
                     "  $ mkfifo {out}/fifo\n")
        run = self.build(self.ws, "-k", code=1, failed=1, blocked=1, run=2)
        self.assertIn("is neither a file, a folder nor a link", run.err)

    def test_a_link_to_what_goes_away_is_refused(self):
        self.ws.edit("build.devgraph", "ln -s sub/copy.txt {out}/link",
                     'touch here; ln -s "$PWD/here" {out}/link')
        run = self.build(self.ws, "-k", code=1, failed=1, blocked=1, run=2)
        self.assertIn("which is deleted after the run", run.err)

    def test_its_owner_can_read_what_was_made(self):
        self.ws.edit("build.devgraph", "$ mkdir {out}/sub\n", "$ mkdir {out}/sub\n"
                     "  $ mkdir {out}/closed; echo > {out}/closed/x\n"
                     "  $ chmod 0 {out}/closed/x {out}/closed; chmod 0500 {out}\n")
        self.ws.edit("build.devgraph", "> {out}\n}\nrun folder", "> {out}; chmod 0 {out}\n}\nrun folder")
        self.build(self.ws)
        for name, mode in (("file/made.txt", 0o400), ("folder/parts", 0o700),
                           ("folder/parts/closed", 0o700), ("folder/parts/closed/x", 0o400)):
            self.assertEqual(os.stat(self.ws.path("out/" + name)).st_mode & mode, mode, name)

    def test_an_edited_output_does_not_poison_the_store(self):
        self.build(self.ws)
        self.ws.shell("chmod -R u+w out && echo OOPS >> out/file/made.txt")
        self.ws.write("source.txt", "other\n")
        self.build(self.ws)
        self.ws.write("source.txt", "text\n")
        self.build(self.ws)
        self.assertEqual(self.ws.read("out/file/made.txt"), "TEXT\n")

    def test_success_without_the_output_is_a_failure(self):
        self.ws.edit("build.devgraph", "$ echo b > {out.b}", "$ true")
        run = self.build(self.ws, "-k", code=1, failed=1, blocked=1)
        self.assertIn("sub/b.txt", run.err)
        self.assertFalse(self.ws.exists("out/several/a.txt"))

    def test_a_partial_output_never_lands(self):
        self.ws.edit("build.devgraph", "tr a-z A-Z < {source} > {out}", "echo half > {out}; exit 9")
        run = self.build(self.ws, "-k", code=1, failed=1)
        self.assertFalse(self.ws.exists("out/file/made.txt"))
        self.assertIn("9", run.err)
        kept = self.ws.shell("find .devgraph/failed -name made.txt -exec cat {} +")
        self.assertEqual(kept, "half\n")

    def test_the_output_of_a_node_that_left_is_removed(self):
        self.build(self.ws)
        self.ws.write("build.devgraph", MANIFEST.split("run several")[0])
        self.build(self.ws, nodes=2, run=0)
        self.assertFalse(self.ws.exists("out/several/a.txt"))
        self.assertTrue(self.ws.exists("out/file/made.txt"))

    def test_out_prints_paths_for_scripts(self):
        run = self.expect(self.ws.devgraph("out", "several"), 0)
        self.assertEqual(run.out, "out/several/a.txt\nout/several/sub/b.txt\n")


IN_TREE = """devgraph 1
let template = ./version.in
run version {
  out = ./gen/version.h
  $ cat {template} > {out}
}
run user {
  out  = "user.txt"
  deps = [./gen/version.h]
  $ cat {deps} > {out}
}
"""


class InTree(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": IN_TREE, "version.in": "1.2\n"})

    def test_it_lands_in_the_tree_and_is_an_edge(self):
        self.build(self.ws, nodes=2, run=2)
        self.assertEqual(self.ws.read("gen/version.h"), "1.2\n")
        self.assertEqual(self.ws.read("out/user/user.txt"), "1.2\n")
        self.build(self.ws, run=0, fresh=2)

    def test_a_foreign_file_is_never_overwritten(self):
        self.ws.write("gen/version.h", "mine\n")
        run = self.expect(self.ws.devgraph("build"), 2)
        self.assertIn("gen/version.h", run.err)
        self.assertIn("--adopt", run.err)
        self.assertEqual(self.ws.read("gen/version.h"), "mine\n")
        self.build(self.ws, "--adopt", run=2)
        self.assertEqual(self.ws.read("gen/version.h"), "1.2\n")

    def test_a_file_that_is_a_source_now_is_not_removed_with_its_node(self):
        self.build(self.ws)
        self.ws.write("build.devgraph", IN_TREE.split("run version")[0].split("let")[0]
                      + "run user" + IN_TREE.split("run user")[1])
        self.build(self.ws, nodes=1)
        self.assertEqual(self.ws.read("gen/version.h"), "1.2\n")

    def test_a_file_is_foreign_again_when_its_node_has_gone(self):
        self.build(self.ws)
        self.ws.write("build.devgraph", "devgraph 1\nwrite other { text = \"x\" }\n")
        self.build(self.ws, nodes=1)
        self.assertFalse(self.ws.exists("gen/version.h"))
        self.ws.write("gen/version.h", "mine\n")
        self.ws.write("build.devgraph", IN_TREE)
        self.assertIn("--adopt", self.expect(self.ws.devgraph("build"), 2).err)
        self.assertEqual(self.ws.read("gen/version.h"), "mine\n")

    def test_a_node_that_never_made_its_file_does_not_own_it(self):
        self.ws.edit("build.devgraph", "cat {template} > {out}", "cat {template} > {out}; exit 1")
        self.build(self.ws, code=1, failed=1)
        self.ws.write("gen/version.h", "mine\n")
        self.ws.write("build.devgraph", IN_TREE)
        self.assertIn("--adopt", self.expect(self.ws.devgraph("build"), 2).err)
        self.assertEqual(self.ws.read("gen/version.h"), "mine\n")

    def test_a_file_stays_ours_when_its_node_is_renamed_and_fails(self):
        self.build(self.ws)
        self.ws.edit("build.devgraph", "run version", "run renamed")
        self.ws.edit("build.devgraph", "> {out}\n}\nrun user", "> {out}; exit 1\n}\nrun user")
        self.build(self.ws, "-k", code=1, failed=1)
        self.ws.edit("build.devgraph", "; exit 1", "")
        self.build(self.ws)

    def test_nothing_is_made_through_a_link(self):
        os.mkdir(self.ws.root.parent / "elsewhere")
        os.symlink("../elsewhere", self.ws.path("gen"))
        run = self.expect(self.ws.devgraph("build"), 2)
        self.assertIn("`gen` is a link", run.err)
        self.assertEqual(os.listdir(self.ws.root.parent / "elsewhere"), [])

    def test_a_project_that_is_no_more_leaves_nothing_behind(self):
        self.ws.write("sub/build.devgraph", 'write note { text = "x" }\n')
        self.build(self.ws, nodes=3)
        self.ws.remove("sub")
        self.build(self.ws, nodes=2)
        self.assertFalse(self.ws.exists("out/sub"))

    def test_clean_removes_only_what_was_made(self):
        self.build(self.ws)
        self.ws.write("gen/mine.h", "mine\n")
        self.ws.write("out/note.txt", "mine\n")
        self.expect(self.ws.devgraph("clean"), 0)
        self.assertFalse(self.ws.exists("gen/version.h"))
        self.assertFalse(self.ws.exists("out/user/user.txt"))
        self.assertEqual(self.ws.read("gen/mine.h"), "mine\n")
        self.assertEqual(self.ws.read("out/note.txt"), "mine\n")


class Astray(harness.Case):
    """A command that writes beside its output is told so."""

    def hints(self, out, command, extra=""):
        ws = self.workspace({"build.devgraph": f"devgraph 1\nrun a {{\n  out = {out}\n{extra}  $ {command}\n}}\n"})
        return self.expect(ws.devgraph("build"), 1).err

    def test_the_name_of_the_output(self):
        self.assertIn("  = hint: the command wrote `a.txt` into its own folder: write to {out} instead\n",
                      self.hints('"a.txt"', "echo a > a.txt"))

    def test_the_same_below_a_folder(self):
        self.assertIn("the command wrote `sub/a.txt` into its own folder",
                      self.hints('"sub/a.txt"', "mkdir sub; echo a > sub/a.txt"))

    def test_without_its_folder(self):
        self.assertIn("the command wrote `a.txt` into its own folder",
                      self.hints('"sub/a.txt"', "echo a > a.txt"))

    def test_one_of_several(self):
        err = self.hints('{ log = "log", data = "data" }', "touch data {out.log}")
        self.assertIn("the command wrote `data` into its own folder: write to {out.data} instead", err)
        self.assertNotIn("`log`", err)

    def test_one_that_was_not_made_at_all(self):
        self.assertNotIn("into its own folder", self.hints('"a.txt"', "echo a > b.txt"))


SEEDED = """devgraph 1
seed mine { into = ./mine.txt, text = "first\\n" }
run reader {
  out = "o"
  deps = ./mine.txt
  $ cat {deps} > {out}
}
"""


class Seeds(harness.Case):
    """A file that is made once and then belongs to the user."""

    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": SEEDED})
        self.build(self.ws, run=2)

    def test_where_it_is_absent_it_comes_back_without_a_run(self):
        self.ws.shell("cp -R . ../clone; rm -r ../clone/out ../clone/mine.txt")
        clone = harness.Workspace(os.path.join(self.folder, "clone"), {})
        check = self.expect(clone.devgraph("check"), 3)
        self.assertIn("//:mine  output mine.txt missing\n", check.out)
        self.build(clone, run=0, fresh=2)
        self.assertEqual(clone.read("mine.txt"), "first\n")
        self.assertEqual(clone.read("out/reader/o"), "first\n")
        self.expect(clone.devgraph("check"), 0)

    def test_an_edit_stays(self):
        self.ws.write("mine.txt", "mine\n")
        self.build(self.ws, run=1)
        self.build(self.ws, "-B", "mine", run=0)
        self.ws.edit("build.devgraph", "first", "second")
        self.build(self.ws, run=0)
        self.assertEqual(self.ws.read("mine.txt"), "mine\n")
        self.assertEqual(self.ws.read("out/reader/o"), "mine\n")

    def test_it_is_never_deleted(self):
        self.expect(self.ws.devgraph("clean"), 0)
        self.assertEqual(self.ws.read("mine.txt"), "first\n")
        self.build(self.ws, run=0)
        self.ws.write("build.devgraph", 'devgraph 1\nwrite other { to = "o", text = "x" }\n')
        self.build(self.ws)
        self.assertEqual(self.ws.read("mine.txt"), "first\n")

    def test_a_node_that_would_make_it_is_refused(self):
        self.ws.write("build.devgraph", "devgraph 1\nrun mine {\n  out = ./mine.txt\n  $ echo other > {out}\n}\n")
        run = self.expect(self.ws.devgraph("build"), 2)
        self.assertIn("would overwrite `mine.txt`, which devgraph did not make", run.err)
        self.assertEqual(self.ws.read("mine.txt"), "first\n")


if __name__ == "__main__":
    harness.main()
