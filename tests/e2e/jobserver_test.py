#!/usr/bin/python3
"""The jobserver of make: a make below devgraph shares its -j, and devgraph below make is a client."""

import harness

MAKEFILE = """all: 1 2 3 4 5 6
1 2 3 4 5 6:
\t@date +%s%N > $(OUT)/$@; sleep 0.2; date +%s%N >> $(OUT)/$@
"""
BELOW = """devgraph 1
let makefile = ./Makefile
run made {
  out   = "marks/"
  tools = ["make"]
  $ make -s -f {makefile} OUT={out}
}
"""


class Jobserver(harness.Case):
    def at_once(self, workspace, pattern):
        marks = []
        for name in workspace.shell(f"ls {pattern}").split():
            begin, end = map(int, workspace.read(name).split())
            marks += [(begin, 1), (end, -1)]
        running = most = 0
        for _, change in sorted(marks):
            running += change
            most = max(most, running)
        return most

    def test_make_as_a_child_shares_our_jobs(self):
        for jobs in (1, 3):
            ws = self.workspace({"build.devgraph": BELOW, "Makefile": MAKEFILE}, f"ws{jobs}")
            self.build(ws, f"-j{jobs}", run=1)
            self.assertEqual(self.at_once(ws, "out/made/marks/*"), jobs)
            log = ws.devgraph("log", "made").out
            self.assertNotIn("jobserver unavailable", log)

    def test_we_are_a_client_below_make(self):
        manifest = """devgraph 1
axis n = range(0, 6)
run f[n] {
  out = "{n}"
  $ date +%s%N > {out}; sleep 0.2; date +%s%N >> {out}
}
"""
        makefile = 'all: ; +@"$(DEVGRAPH)" build\n'
        for jobs in (1, 3):
            ws = self.workspace({"build.devgraph": manifest, "Makefile": makefile}, f"ws{jobs}")
            said = ws.shell(f"make -s -j{jobs}")
            self.assertIn("6 nodes: 6 run", said)
            self.assertEqual(self.at_once(ws, "out/f/*/*"), jobs)


if __name__ == "__main__":
    harness.main()
