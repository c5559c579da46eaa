#!/usr/bin/python3
"""Timeouts, retries, accepted exit codes and hints."""

import os

import harness


class Patience(harness.Case):
    def node(self, fields, script):
        return self.workspace({"build.devgraph": f'devgraph 1\nparam fifo: string = ""\n'
                               f'run step {{\n  out = "o"\n  {fields}\n  {script}\n}}\n'})

    def test_a_node_out_of_time_is_ended_with_all_it_started(self):
        ws = self.node("timeout = 500ms", "$ sleep 617 & sleep 619")
        run = self.build(ws, code=1, failed=1)
        self.assertIn("timed out", run.err)
        self.assertEqual(harness.alive("sleep\x00617") + harness.alive("sleep\x00619"), [])
        self.assertIn("timed out", ws.devgraph("log", "step").out)

    def test_a_node_in_time_is_not(self):
        self.build(self.node("timeout = 30s", "$ echo > {out}"), run=1)

    def flaky(self, ws, answers):
        """Answers what the node reads from its fifo, one text an attempt."""
        fifo = os.path.join(self.folder, "fifo")
        harness.answer_readers(fifo, answers)
        # A sandbox would hide the fifo.
        return ws.devgraph("build", "--sandbox=off", "-D", f"fifo={fifo}")

    SCRIPT = '$ answer=$(cat {fifo}); echo "$answer"; test "$answer" = ok; echo > {out}'

    def test_a_retry_that_helps(self):
        ws = self.node("retries = 2\n  backoff = 10ms\n  retry_on = 'resource busy'", self.SCRIPT)
        run = self.expect(self.flaky(ws, ["device or resource busy\n", "ok\n"]), 0)
        self.assertEqual(run.counts()["run"], 1)
        self.assertIn("ok\n", ws.devgraph("log", "step").out)
        self.assertIn("resource busy", self.expect(ws.devgraph("log", "step", "--attempt", "1"), 0).out)

    def test_no_more_retries_than_allowed(self):
        ws = self.node("retries = 1\n  backoff = 10ms", self.SCRIPT)
        run = self.expect(self.flaky(ws, ["busy 1\n", "busy 2\n"]), 1)
        self.assertIn("2 attempts", run.err)

    def test_another_failure_is_not_worth_a_retry(self):
        ws = self.node("retries = 5\n  backoff = 10ms\n  retry_on = 'resource busy'", self.SCRIPT)
        run = self.expect(self.flaky(ws, ["out of luck\n"]), 1)
        self.assertNotIn("attempts", run.err)

    def test_accepted_exit_codes(self):
        ws = self.node("ok = [0, 5]", "$ echo > {out}; exit 5")
        self.build(ws, run=1)
        ws.edit("build.devgraph", "exit 5", "exit 6")
        self.assertIn("exit status 6", self.build(ws, code=1, failed=1).err)

    def test_a_hint_stands_under_the_failure_it_matches(self):
        ws = self.node("""hints = {
    'no such table: (\\w+)' = "run the migration first"
    'never said'            = "this is not shown"
  }""", "$ echo 'no such table: users' >&2; exit 1")
        run = self.build(ws, code=1, failed=1)
        self.assertIn("run the migration first", run.err)
        self.assertNotIn("this is not shown", run.err)

    def test_a_failure_shows_its_line_status_and_log(self):
        ws = self.node("", "$ echo one\n  $ echo two; exit 3\n  $ echo three > {out}")
        run = self.build(ws, code=1, failed=1)
        self.assertIn("build.devgraph:7", run.err)
        self.assertIn("echo two; exit 3", run.err)
        self.assertIn("exit status 3", run.err)
        self.assertIn("two", run.err)
        self.assertIn(".devgraph/log/step.log", run.err)
        self.assertNotIn("three > {out}", run.err)

    def test_a_command_without_a_shell_shows_its_line_too(self):
        ws = self.node("", "$ cat /absent {out}")
        run = self.build(ws, code=1, failed=1)
        self.assertIn("--> build.devgraph:6\n  $ cat /absent {out}\n", run.err)
        ws = self.node('argv = [tool("cat"), "/absent file"]', "")
        self.assertIn("/cat '/absent file'\n", self.build(ws, code=1, failed=1).err)

    def test_a_signal_is_named(self):
        run = self.build(self.node("", "$ kill -SEGV $$"), code=1, failed=1)
        self.assertIn("SIGSEGV", run.err)

    def test_an_unknown_command_offers_the_tools_line(self):
        run = self.build(self.node("", "$ git --version > {out}"), code=1, failed=1)
        self.assertIn("127", run.err)
        self.assertIn('tools = ["git"]', run.err)


if __name__ == "__main__":
    harness.main()
