#!/usr/bin/python3
"""With -k all that does not depend on a failure is built; without it nothing new starts."""

import harness

MANIFEST = """devgraph 1
axis item = ["a", "b", "c", "d", "e"]
let inputs = { a = ./in/a, b = ./in/b, c = ./in/c, d = ./in/d, e = ./in/e }

run made[item] {
  out = "{item}.txt"
  $ grep -v bad {inputs[item]} > {out}
}
run twice[item] {
  out = "{item}.txt"
  $ cat {made[item]} {made[item]} > {out}
}
run all {
  out = "all.txt"
  $ cat {twice} > {out}
}
"""


class KeepGoing(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST,
                                  **{f"in/{i}": f"good {i}\n" for i in "abcde"}})

    def test_everything_else_is_built(self):
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", code=1, nodes=11, run=8, fresh=0, failed=1, blocked=2)
        self.assertEqual(self.ws.read("out/twice/e/e.txt"), "good e\ngood e\n")
        self.assertFalse(self.ws.exists("out/all/all.txt"))

    def test_several_failures_are_all_listed(self):
        self.ws.write("in/b", "bad\n")
        self.ws.write("in/d", "bad\n")
        run = self.build(self.ws, "-k", code=1, run=6, failed=2, blocked=3)
        for label in ("//:made@item=b", "//:made@item=d", "//:twice@item=b", "//:all"):
            self.assertIn(label, run.err)

    def test_without_it_nothing_new_starts(self):
        self.ws.write("in/a", "bad\n")
        counts = self.build(self.ws, "-j1", code=1).counts()
        self.assertEqual(counts["failed"], 1)
        self.assertGreater(counts["not started"], 0)
        self.assertEqual(counts["nodes"], sum(counts[w] for w in
                                              ("run", "fresh", "failed", "blocked", "not started")))

    def test_an_instance_is_no_further_thing_that_runs_or_is_blocked(self):
        self.ws.write("build.devgraph", MANIFEST + "rule pair() {\n  run one {\n    $ false\n  }\n"
                      "  run two {\n    after = one\n    $ true\n  }\n}\npair both {}\n")
        planned = self.expect(self.ws.devgraph("build", "-n", "both"), 0).out
        self.assertEqual([line.split()[1] for line in planned.splitlines()], ["//:both/one", "//:both/two"])
        run = self.build(self.ws, "-k", "both", code=1, nodes=2, failed=1, blocked=1)
        self.assertIn("  blocked  //:both/two  by //:both/one\n", run.err)
        self.assertNotIn("//:both ", run.err)

    def test_a_failure_is_not_forgotten(self):
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", code=1)
        self.build(self.ws, "-k", code=1, run=0, fresh=8, failed=1, blocked=2)

    def test_a_cure_runs_only_what_is_missing(self):
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", code=1)
        self.ws.write("in/b", "good b\n")
        self.build(self.ws, "-k", nodes=11, run=3, fresh=8)

    def test_the_last_good_output_stays_beside_a_failure(self):
        self.build(self.ws)
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", code=1)
        self.assertEqual(self.ws.read("out/made/b/b.txt"), "good b\n")
        self.assertEqual(self.ws.devgraph("check").code, 3)


if __name__ == "__main__":
    harness.main()
