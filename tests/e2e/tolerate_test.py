#!/usr/bin/python3
"""`allow_failed` and `may_fail`: merges that do without a few, and what the exit status says."""

import json

import harness

MANIFEST = """devgraph 1
param spare: int = 0
param lenient: bool = false
axis item = ["a", "b", "c", "d"]
let inputs = { a = ./in/a, b = ./in/b, c = ./in/c, d = ./in/d }

run made[item] {
  out      = "{item}.json"
  may_fail = lenient
  $ grep -v bad {inputs[item]} > {out}
}
run step[item] {
  out = "{item}.json"
  $ cat {made[item]} > {out}
}
merge_json all { parts = step, allow_failed = spare }
run report {
  out = "report.txt"
  $ cat {all.out} {all.quarantine} > {out}
}
"""


class Tolerate(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST,
                                  **{f"in/{i}": f'{{"{i}": 1}}\n' for i in "abcd"}})

    def quarantine(self):
        return json.loads(self.ws.shell('cat "$("$DEVGRAPH" out all | grep quarantine)"'))

    def test_none_failed(self):
        self.build(self.ws, nodes=10, run=10)
        self.assertEqual(self.quarantine(), [])

    def test_without_it_one_failure_blocks_the_merge(self):
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", code=1, run=6, failed=1, blocked=3)

    def test_with_it_the_merge_does_without(self):
        self.ws.write("in/b", "bad\n")
        run = self.build(self.ws, "-k", "-D", "spare=1", code=1, run=8, failed=1, blocked=1)
        self.assertEqual(self.quarantine(), ["//:step@item=b"])
        self.assertIn("//:step@item=b", run.err)
        self.assertEqual(sorted(json.loads(self.ws.shell('cat "$("$DEVGRAPH" out all | head -n1)"'))),
                         ["a", "c", "d"])

    def test_one_more_than_allowed_blocks(self):
        self.ws.write("in/b", "bad\n")
        self.ws.write("in/c", "bad\n")
        self.build(self.ws, "-k", "-D", "spare=1", code=1, failed=2, blocked=4)

    def test_may_fail_leaves_the_exit_status_alone(self):
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", "-D", "spare=1", "-D", "lenient=true", code=0, failed=1, blocked=1)

    def test_the_cured_part_joins_again(self):
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", "-D", "spare=1", code=1)
        self.ws.write("in/b", '{"b": 2}\n')
        self.build(self.ws, "-k", "-D", "spare=1", run=4, fresh=6)
        self.assertEqual(self.quarantine(), [])

    def test_the_list_of_those_left_out_may_have_a_name_of_ones_own(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
axis n = ["1", "2"]
run part[n] {
  out = "o"
  may_fail = true
  $ test {n} != 2; echo {n} > {out}
}
run merged {
  out          = { all = "all", quarantine = "missing.json" }
  deps         = part
  allow_failed = 1
  $ cat {part} > {out.all}
}
"""})
        self.build(ws, "-k", run=2, failed=1)
        self.assertEqual(ws.read("out/merged/missing.json"), '[\n "//:part@n=2"\n]\n')

    def test_a_share(self):
        self.ws.edit("build.devgraph", "allow_failed = spare", 'allow_failed = "25%"')
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", code=1, failed=1, blocked=1)
        self.ws.write("in/c", "bad\n")
        self.build(self.ws, "-k", code=1, failed=2, blocked=4)


if __name__ == "__main__":
    harness.main()
