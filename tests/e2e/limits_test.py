#!/usr/bin/python3
"""Pools, mutexes, weights and -j: how many run at once, seen from when each began and ended."""

import harness

SCRIPT = '$ date +%s%N > {out}; sleep 0.15; date +%s%N >> {out}'


class Limits(harness.Case):
    def at_once(self, workspace, folder):
        """The most nodes of a family that ran at the same time."""
        marks = []
        for name in workspace.shell(f"find out/{folder} -type f").split():
            begin, end = map(int, workspace.read(name).split())
            marks += [(begin, 1), (end, -1)]
        running = most = 0
        for _, change in sorted(marks):
            running += change
            most = max(most, running)
        self.assertGreater(len(marks), 0)
        return most

    def family(self, fields, head=""):
        return self.workspace({"build.devgraph": f"""devgraph 1
{head}
axis n = range(0, 6)
run f[n] {{
  out = "{{n}}"
  {fields}
  {SCRIPT}
}}
"""})

    def test_jobs_limit_all(self):
        ws = self.family("")
        self.build(ws, "-j3")
        self.assertEqual(self.at_once(ws, "f"), 3)

    def test_one_job_is_one_at_a_time(self):
        ws = self.family("")
        self.build(ws, "-j1")
        self.assertEqual(self.at_once(ws, "f"), 1)

    def test_a_pool_limits_its_nodes(self):
        ws = self.family('pool = "slow"', "workspace { pools = { slow = 2 } }")
        self.build(ws, "-j6")
        self.assertEqual(self.at_once(ws, "f"), 2)

    def test_a_mutex_lets_one_in(self):
        ws = self.family('mutex = "database"')
        self.build(ws, "-j6")
        self.assertEqual(self.at_once(ws, "f"), 1)

    def test_a_weight_takes_several_jobs(self):
        ws = self.family("weight = 3")
        self.build(ws, "-j6")
        self.assertEqual(self.at_once(ws, "f"), 2)

    def test_more_weight_than_jobs_still_runs(self):
        ws = self.family("weight = 9")
        self.build(ws, "-j2", run=6)
        self.assertEqual(self.at_once(ws, "f"), 1)

    def test_more_memory_than_the_machine_has_is_all_of_it(self):
        ws = self.family("memory = 1000TiB")
        self.build(ws, "-j4", run=6)
        self.assertEqual(self.at_once(ws, "f"), 1)

    def test_a_little_memory_holds_nobody_up(self):
        ws = self.family("memory = 1MiB")
        self.build(ws, "-j6")
        self.assertEqual(self.at_once(ws, "f"), 6)

    def test_after_is_order_and_no_content(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
let text = ./text
run first {
  out = "first"
  $ cat {text} > {out}
}
run second {
  out   = "second"
  after = first
  $ echo second > {out}
}
""", "text": "1\n"})
        self.build(ws, "second", nodes=2, run=2)
        ws.write("text", "2\n")
        self.build(ws, "second", nodes=2, run=1, fresh=1)
        ws.edit("build.devgraph", "cat {text}", "false {text}")
        self.build(ws, "-k", "second", code=1, nodes=2, failed=1, blocked=1)

    def test_the_order_of_starting_changes_no_result(self):
        ws = self.family("")
        ws.edit("build.devgraph", "date +%s%N > {out}; sleep 0.15; date +%s%N >> {out}", "echo {n} > {out}")
        for seed in range(1, 4):
            self.build(ws, "-B", f"--shuffle={seed}", run=6)


if __name__ == "__main__":
    harness.main()
