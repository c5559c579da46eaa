#!/usr/bin/python3
"""`devgraph gc`: what the graph does not need goes, by name; what it needs stays, whatever happens."""

import fcntl
import json
import os

import harness

BIG = 300_000  # Bytes: a file of its own in the CAS.
MANIFEST = """devgraph 1

run made {
  out  = "made/"
  deps = ./in.txt
  $ for i in 1 2 3; do cat {deps} > {out}/$i; done
  $ head -c %d /dev/zero | tr '\\0' x | cat {deps} - > {out}/big
}
run count {
  out = "count.txt"
  $ cat {made}/* | wc -c > {out}
}
""" % BIG


class Gc(harness.Case):
    def with_past(self):
        """A workspace whose input was `one`, `two` and then `three`."""
        ws = self.workspace({"build.devgraph": MANIFEST, "in.txt": "one"})
        self.build(ws, run=2)
        for text in ("two", "three"):
            ws.write("in.txt", text)
            self.build(ws)
        return ws

    def gc(self, ws, *arguments, code=0):
        return self.expect(ws.devgraph("gc", *arguments), code)

    def rows(self, ws, *arguments):
        return {(row["label"], row["what"]): (row.get("count"), row["bytes"])
                for row in json.loads(self.gc(ws, "--json", *arguments).out)}

    def state(self, ws):
        """Every file below the workspace with its content, but for what a reader may change."""
        found = {}
        for folder, _, names in os.walk(ws.root):
            for name in names:
                path = os.path.join(folder, name)
                if name != "lock" and os.path.isfile(path):
                    with open(path, "rb") as file:
                        found[os.path.relpath(path, ws.root)] = file.read()
        return found

    def test_earlier_results_go_and_a_reverted_edit_runs_again(self):
        ws = self.with_past()
        before = self.state(ws)
        said = self.gc(ws, "--dry-run")
        self.assertEqual(self.state(ws), before)
        self.assertRegex(said.out, r"^ 58\d\.\d KiB  //:made   2 × earlier result\n +7 B  //:count  2 × earlier result\n$")
        self.assertRegex(said.err, r"^58\d\.\d KiB would be dropped, 29\d\.\d KiB of results kept\n$")
        self.assertEqual(self.gc(ws).out, said.out)
        self.assertEqual(self.gc(ws).out, "")
        self.build(ws, run=0, fresh=2)
        ws.remove("out")
        self.build(ws, run=0, fresh=2)
        ws.write("in.txt", "one")
        self.build(ws, run=2)
        self.assertEqual(ws.read("out/made/made/1"), "one")

    def test_what_a_reverted_edit_needs_stays(self):
        ws = self.with_past()
        ws.write("in.txt", "two")  # Not built: the last results are those of `three`.
        self.gc(ws)
        self.build(ws, run=0, fresh=2)
        self.assertEqual(ws.read("out/made/made/1"), "two")
        ws.write("in.txt", "three")
        self.build(ws, run=0, fresh=2)
        ws.write("in.txt", "one")
        self.build(ws, run=2)

    def test_a_budget_keeps_what_was_used_last(self):
        ws = self.with_past()
        self.assertEqual(self.gc(ws, "--keep", "10MB").out, "")
        rows = self.rows(ws, "--keep", "700kB")
        self.assertEqual({name: count for name, (count, _) in rows.items()},
                         {("//:made", "earlier result"): 1})
        ws.write("in.txt", "two")
        self.build(ws, run=0, fresh=2)
        ws.write("in.txt", "one")
        self.assertEqual(ws.devgraph("check").code, 3)
        self.build(ws, run=1, fresh=1)
        for wrong in ("12", "5 GB", "-1MB", "9999999999TB"):
            self.assertIn("a size has a unit, as in the manifest: 500MB, 20GiB",
                          self.gc(ws, f"--keep={wrong}", code=2).err)

    def test_a_node_that_left_keeps_its_outputs_until_the_next_build(self):
        ws = self.with_past()
        ws.shell("printf 'run kept {\\n  out = \"k.txt\"\\n  $ echo k > {out}\\n}\\n' > x; "
                 "sed -i '/^run count/,$d' build.devgraph; cat x >> build.devgraph; rm x")
        rows = self.rows(ws)
        self.assertEqual({(what, count) for (label, what), (count, _) in rows.items() if label == "//:count"},
                         {("result of a node that left the graph", 3), ("log of a node that left the graph", 3)})
        self.assertTrue(ws.exists("out/count/count.txt"))
        self.assertEqual(self.gc(ws).out, "")
        self.build(ws, run=1, fresh=1)
        self.assertFalse(ws.exists("out/count/count.txt"))

    def test_outputs_in_the_tree_are_never_touched(self):
        ws = self.with_past()
        ws.edit("build.devgraph", "run count", "run total")
        ws.write("out/count/count.txt", "edited")
        ws.write("out/mine.txt", "mine")
        before = ws.shell("cd out && find . -type f | sort | xargs sha256sum")
        self.gc(ws)
        self.assertEqual(ws.shell("cd out && find . -type f | sort | xargs sha256sum"), before)

    def test_where_a_run_failed_stays_while_its_node_does(self):
        ws = self.workspace({"build.devgraph": 'devgraph 1\nrun bad {\n  out = "b"\n'
                             '  $ head -c 70000 /dev/zero > {out}; exit 1\n}\n'
                             'run a[x] {\n  out = "a"\n  $ false > {out}\n}\naxis x = ["p/q", "r"]\n'})
        self.build(ws, "-k", code=1)
        why = self.expect(ws.devgraph("why", "bad"), 0).out
        before = ws.shell("find .devgraph/failed .devgraph/log | sort")
        self.assertEqual(self.rows(ws), {})
        self.assertEqual(ws.shell("find .devgraph/failed .devgraph/log | sort"), before)
        self.assertEqual(ws.devgraph("why", "bad").out, why)
        ws.write("build.devgraph", "devgraph 1\nrun other {\n  out = \"b\"\n  $ echo > {out}\n}\n")
        rows = self.rows(ws)
        self.assertGreaterEqual(rows[".devgraph/failed/bad", "what a failed run left"][1], 70000)
        self.assertEqual(rows["//:bad", "log of a node that left the graph"][0], 1)
        self.assertEqual(ws.shell("find .devgraph/failed -type f"), "")

    def test_other_projects_and_other_files_are_left_alone(self):
        node = 'run x {\n  out = "x.txt"\n  $ echo %s > {out}\n}\n'
        ws = self.workspace({"build.devgraph": "devgraph 1\n" + node % "root",
                             "sub/build.devgraph": node % "sub", "out/mine": "m",
                             "other/.devgraph/cas/aa": "not ours"})
        self.build(ws, "//...", run=2)
        self.assertEqual(self.expect(ws.devgraph("gc", cwd="sub"), 0).out, "")
        self.assertEqual(ws.read("out/mine") + ws.read("other/.devgraph/cas/aa"), "mnot ours")
        self.build(ws, "//...", run=0, fresh=2)

    def test_a_broken_manifest_drops_nothing(self):
        ws = self.with_past()
        ws.edit("build.devgraph", "run made", "run made made")
        before = self.state(ws)
        self.gc(ws, code=2)
        self.assertEqual(self.state(ws), before)

    def test_it_waits_for_a_build(self):
        ws = self.with_past()
        with open(ws.path(".devgraph/lock"), "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertIn("E910", self.gc(ws, "--no-wait", code=2).err)
            self.assertIn("; a build is running\n", self.gc(ws, "--dry-run").err)

    def test_damaged_and_foreign_files_of_the_cache_go(self):
        ws = self.with_past()
        self.gc(ws)
        ws.write(".devgraph/cas/tmp/7", "left")
        ws.write(".devgraph/cas/ab/cd.bad", "damaged")
        ws.write(".devgraph/cas/pack.99", "of no index")
        ws.write(".devgraph/scratch/restored-1/x", "half")
        ws.write(".devgraph/run-dead00/enter.json", "{}")
        self.assertEqual(self.rows(ws), {(".devgraph/cas", "contents of no result"): (None, 22),
                                         (".devgraph", "left by commands that were killed"): (None, 6)})
        self.assertEqual(ws.shell("find .devgraph/cas -name '*.bad' -o -name 'pack.99'; ls .devgraph | grep run-",
                                  check=False), "")

    def test_builds_and_collections_at_once_come_out_right(self):
        ws = self.with_past()
        for number in range(6):
            ws.write("in.txt", str(number % 3))
            running = [ws.start("build"), ws.start("gc", "--keep", "1MB"), ws.start("gc", "-n"), ws.start("check")]
            for process in running[:3]:
                self.expect(ws.finish(process), 0)
            self.assertIn(ws.finish(running[3]).code, (0, 3))
            self.assertEqual(ws.read("out/made/made/2"), str(number % 3))
        self.build(ws, run=0, fresh=2)

    def test_a_kill_at_any_call_loses_nothing(self):
        """The Nth call that changes a file is the last one, for every N."""
        calls = "unlinkat,unlink,rename,renameat,renameat2,write,pwrite64,fsync,fdatasync,ftruncate"
        for number in range(1, 100):
            ws = self.workspace({"build.devgraph": MANIFEST, "in.txt": "one"}, f"ws{number}")
            self.build(ws, run=2)
            ws.write("in.txt", "two")
            self.build(ws)
            out = ws.shell(f"strace -qq -f -o /dev/null -e trace={calls} -e inject={calls}"
                           f":signal=SIGKILL:when={number} $DEVGRAPH gc; echo code $?", check=False)
            if "strace: " in out:
                self.fail(out)
            self.build(ws, run=0, fresh=2)
            self.gc(ws)
            ws.remove("out")
            self.build(ws, run=0, fresh=2)
            ws.write("in.txt", "one")
            self.build(ws)
            self.assertEqual(ws.read("out/made/made/2"), "one")
            if "code 137" not in out:
                self.assertGreater(number, 5)
                return
        self.fail("it never came to its end")


if __name__ == "__main__":
    harness.main()
