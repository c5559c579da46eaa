#!/usr/bin/python3
"""Inputs that are written while a command reads them: what it made must not pass for theirs."""

import os

import harness

# The command waits for a file outside of the workspace, so that a test can write in its middle.
MANIFEST = """devgraph 1
param gates: string
let source = ./source.txt
run slow {
  out = "o"
  $ until test -e {gates}/open1; do sleep 0.02; done
  $ cat {source} > {out}
  $ until test -e {gates}/open2; do sleep 0.02; done
}
"""


class Gates(harness.Case):
    """Commands that wait until a test lets them go on."""

    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "source.txt": "A\n"})
        self.gates = os.path.join(self.folder, "gates")
        os.mkdir(self.gates)
        self.define = ("-D", f"gates={self.gates}")

    def open_gate(self, number):
        with open(f"{self.gates}/open{number}", "w", encoding="utf-8"):
            pass

    def begin(self):
        """A build whose command waits before it reads."""
        process = self.ws.start("build", *self.define)
        log = ".devgraph/log/slow.log"
        self.wait_for(lambda: self.ws.exists(log) and "\n$ until" in self.ws.read(log),
                      "the command to start")
        return process

    def copied(self, text):
        found = self.ws.shell("cat .devgraph/scratch/*/out/o 2>/dev/null || true")
        return found == text


class Meanwhile(Gates):
    def test_one_that_was_changed_and_changed_back_is_read_again(self):
        process = self.begin()
        self.ws.write("source.txt", "B\n")
        self.open_gate(1)
        self.wait_for(lambda: self.copied("B\n"), "the command to read")
        self.ws.write("source.txt", "A\n")
        self.open_gate(2)
        run = self.expect(self.ws.finish(process, ("build",)), 0)
        self.assertIn("runs again, because source.txt was written while it ran", run.err)
        self.assertEqual(self.ws.read("out/slow/o"), "A\n")
        self.build(self.ws, *self.define, run=0, fresh=1)

    def test_one_that_was_changed_fails_it(self):
        process = self.begin()
        self.ws.write("source.txt", "B\n")
        self.open_gate(1)
        self.open_gate(2)
        run = self.expect(self.ws.finish(process, ("build",)), 1)
        self.assertIn("input source.txt changed while it ran; build again", run.err)
        self.build(self.ws, *self.define, run=1)
        self.assertEqual(self.ws.read("out/slow/o"), "B\n")
        self.ws.write("source.txt", "A\n")
        self.build(self.ws, *self.define, run=1)
        self.assertEqual(self.ws.read("out/slow/o"), "A\n")

    def test_a_command_that_touches_its_own_input_is_believed(self):
        self.ws.edit("build.devgraph", "$ cat", "$ touch {source}; cat")
        self.open_gate(1)
        self.open_gate(2)
        self.build(self.ws, *self.define, run=1)
        self.build(self.ws, *self.define, run=0, fresh=1)


FOLDER = """devgraph 1
param gates: string
let folder = ./folder/
run slow {
  out = "o"
  $ until test -e {gates}/open1; do sleep 0.02; done
  $ cat {folder}/* > {out}
  $ until test -e {gates}/open2; do sleep 0.02; done
}
"""
BESIDE = """axis n = range(0, 20)
run beside[n] {
  out  = ./folder/made{n}
  deps = ./source.txt
  $ sleep 0.0{n}; cat {deps} > {out}
}
run also[n] {
  out  = "o"
  $ cat {folder}/a > {out}; sleep 0.0{n}
}
"""


class Folders(Gates):
    """What is read as a folder is all that is in it."""

    def setUp(self):
        super().setUp()
        self.ws.write("build.devgraph", FOLDER)
        self.ws.write("folder/a", "a\n")

    def read(self, leave):
        process = self.begin()
        self.ws.write("folder/came", "came\n")
        self.open_gate(1)
        self.wait_for(lambda: self.copied("a\ncame\n"), "the command to read")
        if not leave:
            self.ws.remove("folder/came")
        self.open_gate(2)
        return self.expect(self.ws.finish(process, ("build",)), 0)

    def test_one_that_came_and_went_is_not_in_the_result(self):
        run = self.read(leave=False)
        self.assertIn("//:slow runs again, because files came and went in folder/ while it ran", run.err)
        self.assertEqual(self.ws.read("out/slow/o"), "a\n")
        self.build(self.ws, *self.define, run=0)

    def test_one_that_came_is_in_no_result_without_it(self):
        run = self.read(leave=True)
        self.assertIn("will run in the next build too, because files came or went in folder/", run.err)
        self.expect(self.ws.devgraph("check", *self.define), 3)
        self.build(self.ws, *self.define, run=1)
        self.assertEqual(self.ws.read("out/slow/o"), "a\ncame\n")
        self.build(self.ws, *self.define, run=0)
        self.ws.remove("folder/came")
        self.build(self.ws, *self.define, run=1)
        self.assertEqual(self.ws.read("out/slow/o"), "a\n")

    def test_one_that_went_after_the_build_is_missed_then(self):
        self.read(leave=True)
        self.ws.remove("folder/came")
        run = self.expect(self.ws.devgraph("check", *self.define), 3)
        self.assertIn("files came or went while it ran", run.out)
        self.build(self.ws, *self.define, run=1)
        self.assertEqual(self.ws.read("out/slow/o"), "a\n")

    def test_what_we_make_there_ourselves_does_not_count(self):
        self.ws.write("build.devgraph", FOLDER + BESIDE)
        self.open_gate(1)
        self.open_gate(2)
        for content in ("one\n", "two\n"):
            self.ws.write("source.txt", content)
            run = self.expect(self.ws.devgraph("build", "-j32", *self.define), 0)
            self.assertNotIn("because", run.err)
            self.build(self.ws, *self.define, run=0)

    def test_a_command_that_makes_a_file_there_each_time_settles(self):
        self.ws.write("build.devgraph", """devgraph 1
let folder = ./folder/
run restless {
  out = "o"
  sandbox = false
  $ touch {folder}/lock; cat {folder}/a > {out}; rm {folder}/lock
}
""")
        run = self.build(self.ws, run=1)
        self.assertIn("//:restless runs again", run.err)
        self.build(self.ws, run=0)


DEPFILE = """devgraph 1
param list: string = "o: ./a.h"
run object {
  out     = "o"
  depfile = "main.d"
  cwd     = "project"
  sandbox = false
  $ test -e keep || printf '%s\\n' {list} > main.d
  $ cat *.h > {out}
}
"""


class Depfiles(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": DEPFILE, "a.h": "a\n"})

    def test_one_of_an_earlier_run_does_not_count(self):
        self.build(self.ws, run=1)
        self.ws.write("keep", "")
        self.ws.write("b.h", "b\n")
        self.ws.write("a.h", "aa\n")
        run = self.build(self.ws, code=1, failed=1)
        self.assertIn("depfile main.d is older than this run", run.err)
        self.ws.remove("keep")
        self.build(self.ws, run=1)

    def test_what_is_no_depfile_is_not_taken_for_an_empty_one(self):
        run = self.build(self.ws, "-D", "list=a.h b.h", code=1, failed=1)
        self.assertIn("depfile main.d is no list as make reads it", run.err)


if __name__ == "__main__":
    harness.main()
