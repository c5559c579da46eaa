#!/usr/bin/python3
"""Three nodes through every layer: built, fresh, stale after an edit, checked."""

import harness

MANIFEST = """devgraph 1

let words = ./words.txt

run sorted {
  out = "sorted.txt"
  $ sort {words} > {out}
}
run count {
  out = "count.txt"
  $ wc -l < {sorted} > {out}
}
run report {
  out = "report.txt"
  $ echo "$(cat {count}) words, first: $(head -n1 {sorted})" > {out}
}
"""


class Slice(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "words.txt": "pear\nfig\nplum\n"})

    def test_a_first_build_runs_every_node(self):
        self.build(self.ws, nodes=3, run=3, fresh=0)
        self.assertEqual(self.ws.read("out/report/report.txt"), "3 words, first: fig\n")

    def test_a_second_build_runs_none(self):
        self.build(self.ws)
        self.build(self.ws, nodes=3, run=0, fresh=3)

    def test_an_edit_runs_what_depends_on_it(self):
        self.build(self.ws)
        self.ws.write("words.txt", "pear\nfig\nplum\napple\n")
        self.build(self.ws, nodes=3, run=3, fresh=0)
        self.assertEqual(self.ws.read("out/report/report.txt"), "4 words, first: apple\n")

    def test_equal_results_stop_the_wave(self):
        self.build(self.ws)
        self.ws.write("words.txt", "plum\nfig\npear\n")
        self.build(self.ws, nodes=3, run=1, fresh=2)

    def test_one_label_builds_what_it_needs(self):
        self.build(self.ws, "count", nodes=2, run=2, fresh=0)
        self.assertFalse(self.ws.exists("out/report"))
        self.build(self.ws, "//:report", nodes=3, run=1, fresh=2)

    def test_a_changed_command_is_an_edit(self):
        self.build(self.ws)
        self.ws.edit("build.devgraph", "sort {words}", "sort -r {words}")
        self.build(self.ws, nodes=3, run=3)
        self.assertEqual(self.ws.read("out/report/report.txt"), "3 words, first: plum\n")

    def test_comments_and_order_of_the_manifest_are_no_edit(self):
        self.build(self.ws)
        head, sort, count, report = MANIFEST.split("\nrun ")
        self.ws.write("build.devgraph", "# what fruit\n" + "\nrun ".join(
            [head, report.rstrip() + "  # last\n", count, sort]))
        self.build(self.ws, nodes=3, run=0, fresh=3)

    def test_check_tells_stale_from_fresh(self):
        self.assertEqual(self.ws.devgraph("check").code, 3)
        self.build(self.ws)
        self.expect(self.ws.devgraph("check"), 0)
        self.ws.write("words.txt", "apple\n")
        stale = self.expect(self.ws.devgraph("check"), 3)
        self.assertIn("words.txt", (stale.out + stale.err).splitlines()[0])
        self.assertEqual(self.ws.read("out/count/count.txt").strip(), "3")

    def test_check_writes_nothing(self):
        self.build(self.ws)
        self.ws.write("words.txt", "apple\n")
        before = self.ws.shell("find . -printf '%p %s %T@ %C@\\n' | sort")
        self.ws.devgraph("check")
        self.assertEqual(before, self.ws.shell("find . -printf '%p %s %T@ %C@\\n' | sort"))

    def test_a_dry_run_runs_nothing(self):
        run = self.expect(self.ws.devgraph("build", "-n"), 0)
        self.assertIn("//:sorted", run.out + run.err)
        self.assertFalse(self.ws.exists("out"))

    def test_always_runs_fresh_nodes_again(self):
        self.build(self.ws)
        self.build(self.ws, "-B", nodes=3, run=3, fresh=0)

    def test_a_failing_command_ends_with_one(self):
        self.ws.edit("build.devgraph", "wc -l", "false && wc -l")
        self.build(self.ws, code=1, nodes=3, run=1, failed=1, blocked=1)

    def test_a_wrong_manifest_ends_with_two_before_anything_runs(self):
        self.ws.edit("build.devgraph", "{count}", "{counts}")
        run = self.expect(self.ws.devgraph("build"), 2)
        self.assertIn("error[E203]", run.err)
        self.assertFalse(self.ws.exists("out"))

    def test_an_unknown_label_ends_with_two_and_a_suggestion(self):
        run = self.expect(self.ws.devgraph("build", "reprot"), 2)
        self.assertIn("report", run.err)


if __name__ == "__main__":
    harness.main()
