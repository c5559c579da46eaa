#!/usr/bin/python3
"""Content decides, never time, place or history."""

import os
import shutil

import harness

MANIFEST = """devgraph 1
let parts = ./parts/*.txt
run joined {
  out = "joined.txt"
  $ cat {parts} > {out}
}
run size {
  out = "size.txt"
  $ wc -c < {joined} > {out}
}
run listed {
  out = "list/"
  $ for f in {parts}; do cp "$f" {out}; done
}
"""


class Content(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "parts/a.txt": "aaa\n",
                                  "parts/b.txt": "bbb\n", ".gitignore": "out/\n.devgraph/\n"})
        self.build(self.ws, run=3)

    def test_touching_everything_runs_nothing(self):
        self.ws.shell("find . -not -path './.devgraph*' -exec touch {} +")
        self.build(self.ws, run=0, fresh=3)

    def test_copying_over_itself_runs_nothing(self):
        self.ws.shell("cp parts/a.txt x && cp x parts/a.txt && rm x")
        self.build(self.ws, run=0, fresh=3)

    def test_a_reverted_edit_runs_nothing(self):
        self.ws.write("parts/a.txt", "other\n")
        self.build(self.ws, run=3)
        self.ws.write("parts/a.txt", "aaa\n")
        self.build(self.ws, run=0, fresh=3)
        self.assertEqual(self.ws.read("out/joined/joined.txt"), "aaa\nbbb\n")
        self.assertEqual(self.ws.read("out/listed/list/a.txt"), "aaa\n")

    def test_a_reverted_manifest_runs_nothing(self):
        self.ws.edit("build.devgraph", "wc -c", "wc -l")
        self.build(self.ws, run=1)
        self.ws.edit("build.devgraph", "wc -l", "wc -c")
        self.build(self.ws, run=0, fresh=3)
        self.assertEqual(self.ws.read("out/size/size.txt").strip(), "8")

    def test_another_branch_and_back_runs_nothing(self):
        self.ws.shell("git init -q -b main && git add . && git commit -qm one && git checkout -qb two")
        self.ws.write("parts/c.txt", "ccc\n")
        self.ws.shell("git add . && git commit -qm two")
        self.build(self.ws, run=3)
        self.ws.shell("git checkout -q main")
        self.build(self.ws, run=0, fresh=3)
        self.ws.shell("git checkout -q two")
        self.build(self.ws, run=0, fresh=3)
        self.assertEqual(self.ws.read("out/joined/joined.txt"), "aaa\nbbb\nccc\n")

    def test_a_commit_of_files_is_that_of_these_files(self):
        self.ws.write("build.devgraph", "devgraph 1\n"
                      "write stamp { text = git.commit_of([./parts/*.txt, ./made.txt]) }\n")
        self.ws.write("made.txt", "made\n")
        self.ws.shell("git init -q -b main && git add . && git commit -qm one")
        first = self.ws.shell("git rev-parse HEAD").strip()

        def stamped(**wanted):
            self.build(self.ws, **wanted)
            return self.ws.read("out/stamp/stamp")

        self.assertEqual(stamped(run=1), first)
        self.ws.write("README", "another file\n")
        self.ws.shell("git add . && git commit -qm two")
        self.assertEqual(stamped(run=0), first)
        self.ws.write("parts/a.txt", "other\n")
        self.assertEqual(stamped(run=1), first + "-dirty")
        self.ws.shell("git commit -qam three")
        third = self.ws.shell("git rev-parse HEAD").strip()
        self.assertEqual(stamped(run=1), third)
        # A file that git does not know is in no commit, and one that it ignores is not either.
        self.ws.write("parts/new.txt", "new\n")
        self.assertEqual(stamped(run=1), third + "-dirty")
        self.ws.remove("parts/new.txt")
        self.assertEqual(stamped(run=0), third)
        self.ws.shell("git rm -q --cached made.txt; echo made.txt >> .gitignore; git add .gitignore; git commit -qm 4")
        self.assertEqual(stamped(run=1), self.ws.shell("git rev-parse HEAD").strip() + "-dirty")

    def test_a_deleted_file_of_a_glob_makes_its_commit_dirty(self):
        self.ws.write("build.devgraph", "devgraph 1\n"
                      "write stamp { text = git.commit_of([./parts/*.txt, ...maybe(./more/**)]) }\n")
        self.ws.write("parts/note.md", "no part\n")
        self.ws.write("parts/c.txt", "ccc\n")
        self.ws.write("more/sub/build.devgraph", "")
        self.ws.write("more/sub/own.txt", "of another project\n")
        self.ws.write("more/here.txt", "here\n")
        self.ws.shell("git init -q -b main && git add . && git commit -qm one")
        first = self.ws.shell("git rev-parse HEAD").strip()

        def stamped():
            self.build(self.ws)
            return self.ws.read("out/stamp/stamp")

        self.assertEqual(stamped(), first)
        self.ws.remove("parts/note.md")
        self.ws.remove("more/sub/own.txt")
        self.assertEqual(stamped(), first)
        self.ws.remove("parts/c.txt")
        self.assertEqual(stamped(), first + "-dirty")
        self.ws.shell("git rm -q --cached parts/c.txt")
        self.assertEqual(stamped(), first + "-dirty")
        self.ws.shell("git reset -q && git checkout -q parts/c.txt")
        self.assertEqual(stamped(), first)
        self.ws.shell("git mv parts/c.txt parts/c.md")
        self.assertEqual(stamped(), first + "-dirty")

    def test_a_shallow_clone_does_not_say_the_commit_of_older_files(self):
        self.ws.write("build.devgraph", "devgraph 1\n"
                      "write stamp { text = git.commit_of(./parts/*.txt) }\n"
                      "write other { text = git.commit_of(./README) }\n")
        self.ws.shell("git init -q -b main && git add . && git commit -qm one")
        for i in range(2):
            self.ws.write("README", f"{i}\n")
            self.ws.shell("git add . && git commit -qm more")
        head = self.ws.shell("git rev-parse HEAD").strip()
        first = self.ws.shell("git rev-parse HEAD~2").strip()
        self.ws.shell(f"git clone -q --depth 2 file://{self.ws.root} ../clone")
        clone = self.workspace({}, "clone")
        run = self.expect(clone.devgraph("build"), 2)
        self.assert_text(run.err, """\
error[E413]: git.commit_of is not known here
  --> build.devgraph:2:22
 2 | write stamp { text = git.commit_of(./parts/*.txt) }
   |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this clone is shallow: its history ends before that of these files
   = get all of it:  git fetch --unshallow  (a workflow of GitHub gives actions/checkout `fetch-depth: 0`)
""")
        clone.shell("git fetch -q --unshallow")
        self.build(clone)
        self.assertEqual(clone.read("out/stamp/stamp"), first)
        self.assertEqual(clone.read("out/other/other"), head)

    def test_a_clone_elsewhere_with_the_state_runs_nothing(self):
        self.ws.shell("git init -q -b main && git add . && git commit -qm one && git clone -q . ../clone")
        clone = self.workspace({}, "clone")
        shutil.copytree(self.ws.root / ".devgraph", clone.root / ".devgraph", symlinks=True)
        self.build(clone, run=0, fresh=3)
        self.assertEqual(clone.read("out/joined/joined.txt"), "aaa\nbbb\n")

    def test_a_moved_tree_runs_nothing(self):
        os.rename(self.ws.root, self.ws.root.parent / "moved")
        self.build(self.workspace({}, "moved"), run=0, fresh=3)

    def test_an_edit_of_equal_size_and_time_is_seen(self):
        stamp = os.stat(self.ws.path("parts/a.txt"))
        self.ws.write("parts/a.txt", "xxx\n")
        os.utime(self.ws.path("parts/a.txt"), ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        self.build(self.ws, run=3)

    def test_edits_right_after_each_build_are_all_seen(self):
        for i in range(20):
            self.ws.write("parts/a.txt", f"{i:03}\n")
            self.build(self.ws)
            self.assertEqual(self.ws.read("out/joined/joined.txt"), f"{i:03}\nbbb\n")

    def test_a_new_file_joins_a_glob_and_a_removed_one_leaves_it(self):
        self.ws.write("parts/c.txt", "ccc\n")
        self.build(self.ws, run=3)
        self.ws.remove("parts/a.txt")
        self.build(self.ws, run=3)
        self.assertEqual(self.ws.read("out/joined/joined.txt"), "bbb\nccc\n")

    def test_the_state_can_be_thrown_away(self):
        self.ws.remove(".devgraph")
        run = self.ws.devgraph("build", "--adopt")
        self.expect(run, 0)
        self.assertEqual(self.ws.read("out/joined/joined.txt"), "aaa\nbbb\n")


LINKS = """devgraph 1
let source = ./source.txt
copy real { file = source }
symlink to_source { file = source }
symlink to_output { file = real }
run shell {
  out  = "link"
  deps = ./source.txt
  $ ln -s {source} {out}
}
run reader {
  out = "o"
  $ cat {to_source} {to_output} {shell} > {out}
}
"""


class Links(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": LINKS, "source.txt": "A\n"})
        self.build(self.ws, run=5)

    def test_who_reads_through_a_link_sees_what_stands_behind_it(self):
        self.build(self.ws, run=0, fresh=5)
        self.ws.write("source.txt", "B\n")
        self.assertIn("reader", self.expect(self.ws.devgraph("check"), 3).out)
        self.build(self.ws)
        self.assertEqual(self.ws.read("out/reader/o"), "B\nB\nB\n")
        self.build(self.ws, run=0, fresh=5)
        self.ws.write("source.txt", "A\n")
        self.build(self.ws, run=0, fresh=5)
        self.assertEqual(self.ws.read("out/reader/o"), "A\nA\nA\n")

    def test_a_damaged_file_behind_a_link_does_not_get_into_a_key(self):
        self.ws.write("out/real/source.txt", "X\n")
        self.build(self.ws, run=0, fresh=5)
        self.assertEqual(self.ws.read("out/reader/o"), "A\nA\nA\n")
        self.build(self.ws, run=0, fresh=5)


if __name__ == "__main__":
    harness.main()
