#!/usr/bin/python3
"""Outputs: put right when disturbed, made whole or not at all, never over a file of somebody else."""

import os

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

    def test_clean_removes_only_what_was_made(self):
        self.build(self.ws)
        self.ws.write("gen/mine.h", "mine\n")
        self.ws.write("out/note.txt", "mine\n")
        self.expect(self.ws.devgraph("clean"), 0)
        self.assertFalse(self.ws.exists("gen/version.h"))
        self.assertFalse(self.ws.exists("out/user/user.txt"))
        self.assertEqual(self.ws.read("gen/mine.h"), "mine\n")
        self.assertEqual(self.ws.read("out/note.txt"), "mine\n")


if __name__ == "__main__":
    harness.main()
