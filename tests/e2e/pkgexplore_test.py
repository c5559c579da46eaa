#!/usr/bin/python3
"""The example pipeline, with every edit its README speaks of. Counts are exact."""

import hashlib
import json
import os
import shutil
import signal
import time

import canaries
import harness

EXAMPLE = harness.ROOT / "examples" / "pkgexplore"
ITEMS = 200
NODES = 1226


class PkgExplore(canaries.Watched):
    """One workspace, built once; each case edits, looks, and takes its edit back, which runs nothing."""

    @classmethod
    def setUpClass(cls):
        cls.base = harness.tempfile.mkdtemp(prefix="devgraph-e2e-pkgexplore-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        cls.watch(cls.base)
        shutil.copytree(EXAMPLE, os.path.join(cls.base, "ws"),
                        ignore=shutil.ignore_patterns("out", ".devgraph", "base.json"))
        cls.ws = harness.Workspace(os.path.join(cls.base, "ws"), {})
        run = cls.ws.devgraph("build", "-j32", "-k", timeout=900)
        cls.first = run

    def rebuild(self, *arguments, code=0, **wanted):
        return self.build(self.ws, "-j4", "-k", *arguments, code=code, **wanted)

    def build(self, workspace, *arguments, code=0, timeout=600, **wanted):
        run = self.expect(workspace.devgraph("build", *arguments, timeout=timeout), code)
        counts = run.counts()
        got = {word: counts.get(word) for word in wanted}
        self.assertEqual(got, wanted, run.err[-3000:])
        return run

    def edited(self, name, change, **wanted):
        """Builds after an edit, and after the edit was taken back: nothing runs then."""
        before = self.ws.read(name)
        text = change(before)
        self.assertNotEqual(text, before)
        self.ws.write(name, text)
        try:
            return self.rebuild(nodes=NODES, **wanted)
        finally:
            self.ws.write(name, before)
            self.rebuild(nodes=NODES, run=0, fresh=NODES)

    def path_of(self, label, workspace=None):
        workspace = workspace or self.ws
        return workspace.devgraph("out", label).out.split("\n")[0]

    def digests(self, workspace):
        found = {}
        for label in ("manifest", "distidx", "bindata"):
            for name in workspace.devgraph("out", label).out.split("\n")[:-1]:
                if os.path.isfile(workspace.path(name)):
                    with open(workspace.path(name), "rb") as file:
                        found[name] = hashlib.sha256(file.read()).hexdigest()
        return found

    def replace(self, old, new):
        def change(text):
            self.assertIn(old, text)
            return text.replace(old, new, 1)
        return change

    def test_01_the_first_build_runs_every_node(self):
        self.expect(self.first, 0)
        counts = self.first.counts()
        self.assertEqual((counts["nodes"], counts["run"], counts["fresh"]), (NODES, NODES, 0))
        manifest = json.loads(self.ws.read(self.path_of("manifest")))
        self.assertEqual(manifest["quarantine"], [])
        self.assertEqual(len(manifest["sets"]), 10)

    def test_02_the_second_runs_none(self):
        begin = time.monotonic()
        self.rebuild(nodes=NODES, run=0, fresh=NODES)
        self.assertLess(time.monotonic() - begin, 2 * harness.PATIENCE)

    def test_03_touching_everything_runs_nothing(self):
        self.ws.shell("find . -not -path './.devgraph*' -exec touch {} +")
        self.rebuild(nodes=NODES, run=0)

    def test_03_copying_the_sources_over_themselves_runs_nothing(self):
        self.ws.shell("""for name in *; do
            [ "$name" = out ] || { cp -R "$name" ../again; rm -r "$name"; mv ../again "$name"; }
            done""")
        self.rebuild(nodes=NODES, run=0)

    def test_04_a_copy_elsewhere_with_the_state_runs_nothing(self):
        # The images share their layers by hard links.
        self.ws.shell("cp -R --preserve=links . ../copy")
        copy = harness.Workspace(os.path.join(self.base, "copy"), {})
        self.build(copy, nodes=NODES, run=0)
        shutil.rmtree(copy.root)

    def test_04_a_clone_with_the_state_runs_nothing(self):
        # As git gives it: without what .gitignore names, but with the state copied.
        self.ws.shell("""mkdir ../clone
            for name in * .devgraph; do
            case "$name" in out|base.json) ;; *) cp -R "$name" ../clone ;; esac
            done""")
        clone = harness.Workspace(os.path.join(self.base, "clone"), {})
        self.build(clone, nodes=NODES, run=0, fresh=NODES)
        self.assertEqual(clone.read("base.json"), self.ws.read("base.json"))
        clone.edit("base.json", '"builtins.int": "int"', '"builtins.int": "integer"')
        mine = clone.read("base.json")
        self.build(clone, "base", nodes=1, run=0)
        self.assertEqual(clone.read("base.json"), mine)
        shutil.rmtree(clone.root)

    def test_05_a_comment_in_a_tool_compiles_it_and_stops_there(self):
        self.edited("tools/rawgraph.cpp", lambda text: "// Nothing new.\n" + text, run=1)

    def test_06_other_logic_with_equal_results_runs_its_users(self):
        self.edited("tools/rawgraph.cpp", self.replace(
            "std::size_t dropped = 0;", 'std::size_t dropped = 0;\n  if (raw.object.size() > 99) std::cout << "many";'),
            run=1 + ITEMS)

    def test_07_a_tool_at_the_end_runs_little(self):
        self.edited("tools/docs.cpp", self.replace('page["about"] =', 'page["title"] = package;\n    page["about"] ='),
                    run=5)

    def test_07_another_base_with_equal_results_runs_what_stands_on_it(self):
        self.edited("explore.py", lambda text: text + "# Nothing new.\n", run=1 + ITEMS + ITEMS)

    def test_08_a_special_with_an_equal_result(self):
        self.edited("specials/this/before.py", lambda text: text + "# As it should be.\n", run=2)

    def test_09_a_special_with_other_data(self):
        self.edited("specials/this/before.py", lambda text: text +
                    "import this\ndef poem(line=0.5): return line\npoem.__module__ = 'this'\nthis.poem = poem\n",
                    run=2 + 3 + ITEMS + 12)

    def test_10_the_base_of_the_user(self):
        self.edited("base.json", self.replace('"builtins.int": "int"', '"builtins.int": "integer"'), run=211)
        self.assertEqual(self.ws.read("base.json"), self.ws.read("base.seed.json"))

    def test_11_a_hand_written_base_is_kept(self):
        self.ws.edit("base.seed.json", "What every", "What any")
        self.rebuild()
        self.assertIn("What every", self.ws.read("base.json"))
        self.ws.edit("base.seed.json", "What any", "What every")
        self.rebuild()

    def test_11_a_step_is_pinned_to_nothing_and_comes_back(self):
        self.expect(self.ws.devgraph("pin", "declared", "--empty"), 0)
        try:
            self.rebuild(nodes=NODES, run=5)
            self.assertIn("0 stale, 1 pinned\n", self.expect(self.ws.devgraph("check"), 0).err)
            # What only it needs is not asked for any more.
            shutil.rmtree(self.ws.path("out/typeshed"))
            self.rebuild(run=0)
        finally:
            self.expect(self.ws.devgraph("unpin", "declared"), 0)
        self.rebuild(nodes=NODES, run=0, fresh=NODES)

    def test_12_check_names_the_changed_file(self):
        self.expect(self.ws.devgraph("check"), 0)
        before = self.ws.read("specials/imp/before.py")
        self.ws.write("specials/imp/before.py", before + "# changed\n")
        files = self.ws.shell("find . -printf '%p %s %T@ %C@\n' | sort | sha256sum")
        stale = self.expect(self.ws.devgraph("check"), 3)
        self.assertIn("specials/imp/before.py", stale.out.splitlines()[0])
        # It wrote nothing.
        self.assertEqual(self.ws.shell("find . -printf '%p %s %T@ %C@\n' | sort | sha256sum"), files)
        self.ws.write("specials/imp/before.py", before)
        self.expect(self.ws.devgraph("check"), 0)

    def test_13_modules_that_cannot_be_imported(self):
        before = self.ws.read("packagelist.txt")
        self.ws.write("packagelist.txt", before + self.ws.read("unimportable.txt"))
        try:
            run = self.rebuild(code=1, nodes=1292, failed=11, blocked=256)
            counts = run.counts()
            # The list, and an image for each of the new ones.
            self.assertEqual((counts["run"], counts["fresh"]), (1 + 11, 1025 - 12))
            self.assertIn("it exists on Windows only", run.err)
            bad = [line.split("==")[0] for line in self.ws.read("unimportable.txt").splitlines() if "==" in line]
            self.assertEqual(len(bad), 11)
            for name in bad:
                log = self.ws.devgraph("log", f"explored@pkg={name}").out
                said = [line for line in log.splitlines() if line and not line.startswith("#")]
                self.assertRegex(said[-1], r"(ModuleNotFoundError|ImportError): ")

            run = self.rebuild("-D", "tolerate=12", code=1, nodes=1292, failed=11, blocked=44)
            counts = run.counts()
            self.assertEqual(counts["run"] + counts["fresh"], 1237)
            manifest = json.loads(self.ws.read(self.path_of("manifest")))
            self.assertEqual(sorted(manifest["quarantine"]), sorted(bad))
            self.rebuild("-D", "tolerate=12", "-D", "lenient=true", code=0, failed=11, blocked=44)
        finally:
            self.ws.write("packagelist.txt", before)
            self.rebuild(nodes=NODES, run=0)

    def test_14_one_that_fails_lets_all_others_finish(self):
        before = self.ws.read("specials/this/before.py")
        self.ws.write("specials/this/before.py", before + 'raise OSError("no poem today")\n')
        try:
            counts = self.rebuild(code=1, nodes=NODES, failed=1, blocked=215).counts()
            self.assertEqual(counts["run"] + counts["fresh"], NODES - 216)
            self.assertIn("no poem today", self.ws.devgraph("log", "explored@pkg=this").out)
            # Again: what is there already stays. Mended: its image, and what it kept from being made.
            self.rebuild(code=1, nodes=NODES, run=0, failed=1, blocked=215)
            self.ws.write("specials/this/before.py", before +
                          "import this\ndef moon(line=b''): return line\nmoon.__module__ = 'this'\nthis.moon = moon\n")
            self.rebuild(nodes=NODES, run=1 + 1 + 215, fresh=NODES - 217)
        finally:
            self.ws.write("specials/this/before.py", before)
            self.rebuild(nodes=NODES, run=0)

    def test_15_one_that_sleeps_for_ever_is_ended(self):
        before = self.ws.read("specials/this/before.py")
        self.ws.write("specials/this/before.py", before + "import time\ntime.sleep(10 ** 6)\n")
        try:
            run = self.rebuild("-D", "patience=5s", code=1, failed=1, blocked=215)
            self.assertIn("timed out", run.err)
            self.assertIn("timed out", self.ws.devgraph("log", "explored@pkg=this").out)
            self.assertEqual(harness.alive(os.path.join(self.base, "ws", ".devgraph", "scratch")), [])
        finally:
            self.ws.write("specials/this/before.py", before)
            self.rebuild(run=0)

    def test_16_a_busy_device_is_tried_again(self):
        fifo = os.fsdecode(self.ws.path("fifo"))
        harness.answer_readers(fifo, ["device or resource busy", ""])
        before = self.ws.read("specials/this/before.py")
        self.ws.write("specials/this/before.py", before
                      + f"answer = open({fifo!r}).read()\nif answer: raise SystemExit(answer)\n")
        try:
            # The image would hide the fifo.
            self.rebuild("--sandbox=off", nodes=NODES, run=2)
            first = self.expect(self.ws.devgraph("log", "explored@pkg=this", "--attempt", "1"), 0)
            self.assertIn("device or resource busy", first.out)
            self.assertNotIn("device or resource busy", self.ws.devgraph("log", "explored@pkg=this").out)
        finally:
            os.unlink(fifo)
            self.ws.write("specials/this/before.py", before)
            self.rebuild(run=0)

    def test_17_after_kill_9_exactly_the_rest_runs(self):
        self.ws.write("specials/this/before.py", self.ws.read("specials/this/before.py") + "# another\n")
        before = self.ws.read("tools/rawgraph.cpp")
        self.ws.write("tools/rawgraph.cpp", before.replace(
            "std::size_t dropped = 0;", 'std::size_t dropped = 0;\n  if (raw.object.size() > 98) std::cout << "few";'))
        process = self.ws.start("build", "-j4", "-k")
        time.sleep(4)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        stale = self.ws.devgraph("check", timeout=120)
        counts = self.rebuild(nodes=NODES).counts()
        self.assertLess(counts["run"], 1 + ITEMS + 2)
        self.assertEqual(stale.code, 3 if counts["run"] else 0)
        self.rebuild(run=0)
        self.ws.write("tools/rawgraph.cpp", before)
        self.rebuild(run=0)

    def test_17_what_kill_9_left_half_written_is_not_taken(self):
        name = "specials/this/before.py"
        before = self.ws.read(name)
        made = self.ws.read(self.path_of("explored@pkg=this"))
        self.ws.write(name, before + "import time\nopen(sys.argv[2], 'w').write('{')\ntime.sleep(4714)\n")
        process = self.ws.start("build", "-j4", "-k", "-D", "patience=1h")
        self.wait_for(lambda: any(path.read_text() == "{" for path in
                                  self.ws.root.glob(".devgraph/scratch/**/this.json")), "half a file")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        # The command goes on, and the next build would wait for it.
        left = harness.alive(os.path.join(self.base, "ws", ".devgraph", "scratch"))
        self.assertEqual(len(left), 1)
        os.kill(left[0], signal.SIGKILL)
        self.assertEqual(self.ws.read(self.path_of("explored@pkg=this")), made)
        self.expect(self.ws.devgraph("check", timeout=120), 3)
        self.ws.write(name, before + "# Well.\n")
        self.rebuild(nodes=NODES, run=2)
        self.ws.write(name, before)
        self.rebuild(nodes=NODES, run=0)

    def test_18_one_job_gives_the_same_bytes_as_many(self):
        many = self.digests(self.ws)
        self.assertGreaterEqual(len(many), 4)
        self.ws.shell("git init -q . && git add . && git -c core.autocrlf=false commit -qm one "
                      "&& git clone -q . ../single")
        single = harness.Workspace(os.path.join(self.base, "single"), {})
        # Another order of starting too.
        self.build(single, "-j1", "--shuffle=7", nodes=NODES, run=NODES, timeout=900)
        self.assertEqual(self.digests(single), many)


if __name__ == "__main__":
    harness.main()
