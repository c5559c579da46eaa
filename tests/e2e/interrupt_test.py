#!/usr/bin/python3
"""Stopping in the middle: by a signal cleanly, by kill -9 without a lie; the next call goes on."""

import fcntl
import os
import pty
import re
import signal
import termios

import harness

# Node b waits for a file outside of the workspace, so that a test can stop the build in its middle.
MANIFEST = """devgraph 1
param gate: string
param nap: string
run a {
  out = "a.txt"
  $ echo a > {out}
}
run b {
  out = "b.txt"
  $ cat {a} > {out}
  $ while ! test -e {gate}; do sleep {nap}; done
  $ echo b >> {out}
}
run c {
  out = "c.txt"
  $ cat {b} > {out}
}
"""


class Interrupt(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST})
        self.gate = os.path.join(self.folder, "gate")
        # A time that is in no other command line of this machine.
        self.nap = f"0.05{os.getpid()}{id(self)}"
        self.define = ("-D", f"gate={self.gate}", "-D", f"nap={self.nap}")

    def begin(self):
        """A build that has come to the waiting in node b."""
        process = self.ws.start("build", "-j2", *self.define)
        self.wait_for(lambda: harness.alive("sleep\0" + self.nap), "node b to start")
        return process

    def open_gate(self):
        with open(self.gate, "w", encoding="utf-8"):
            pass

    def stop_by(self, number, code):
        process = self.begin()
        process.send_signal(number)
        run = self.ws.finish(process, ("build",), timeout=10)
        self.expect(run, code)
        name = signal.Signals(number).name
        self.assert_text(run.err, f"""[1/3] //:a  0.0s
{name}: 1 command is told to end; the signal once more kills it
stopped by {name}
3 nodes: 1 run, 0 fresh, 2 not started  0.0s
""")
        self.assertFalse(self.ws.exists("out/b/b.txt"))
        self.assertFalse(self.ws.exists("out/c/c.txt"))
        self.assertEqual(harness.alive("sleep\0" + self.nap), [])
        self.open_gate()
        self.build(self.ws, *self.define, nodes=3, run=2, fresh=1)
        self.assertEqual(self.ws.read("out/c/c.txt"), "a\nb\n")

    def test_interrupt_ends_with_130(self):
        self.stop_by(signal.SIGINT, 130)

    def test_terminate_ends_with_143(self):
        self.stop_by(signal.SIGTERM, 143)

    def test_hang_up_ends_with_129(self):
        self.stop_by(signal.SIGHUP, 129)

    def test_quiet_still_names_the_signal(self):
        process = self.ws.start("build", "-q", *self.define)
        self.wait_for(lambda: harness.alive("sleep\0" + self.nap), "node b to start")
        process.send_signal(signal.SIGTERM)
        run = self.expect(self.ws.finish(process, ("build",), timeout=10), 143)
        self.assertIn("stopped by SIGTERM\n", run.err)

    def test_who_waits_for_the_workspace_can_be_stopped(self):
        first = self.begin()
        second = self.ws.start("build", *self.define)
        line = second.stderr.readline()
        self.assertIn(b"wait", line)
        second.send_signal(signal.SIGINT)
        run = self.expect(self.ws.finish(second, ("build",), timeout=10), 130)
        self.assert_text(run.err, "stopped by SIGINT\n")
        self.open_gate()
        self.expect(self.ws.finish(first, ("build",)), 0)

    def test_the_terminal_is_as_it_was(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        before = termios.tcgetattr(theirs)
        process = harness.subprocess.Popen(
            [harness.BINARY, "build", *self.define], cwd=self.ws.root,
            env=self.ws.environment({"TERM": "xterm"}), stdin=theirs, stdout=theirs, stderr=theirs,
            preexec_fn=lambda: (os.setsid(), fcntl.ioctl(0, termios.TIOCSCTTY, 0)))
        self.wait_for(lambda: harness.alive("sleep\0" + self.nap), "node b to start")
        os.write(ours, b"\x03")  # As the key does it: the terminal sends the signal.
        self.assertEqual(process.wait(10 * harness.PATIENCE), 130)
        self.assertEqual(termios.tcgetattr(theirs), before)
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except OSError:  # The other end is closed.
            pass
        text = shown.decode()
        # Nothing but movements up and erasing: no mode is set that would have to be taken back.
        self.assertEqual(set(re.findall(r"\x1b\[[0-9;?]*([A-Za-z])", text)) - {"A", "K", "m"}, set())
        self.assertRegex(text, r"stopped by SIGINT\r\n3 nodes: 1 run, 0 fresh, 2 not started  \S+\r\n\Z")

    def test_after_kill_9_exactly_the_rest_runs(self):
        process = self.begin()
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        self.assertFalse(self.ws.exists("out/b/b.txt"))
        self.open_gate()
        self.build(self.ws, *self.define, nodes=3, run=2, fresh=1)
        self.assertEqual(self.ws.read("out/c/c.txt"), "a\nb\n")
        self.build(self.ws, *self.define, run=0, fresh=3)

    def test_kill_9_at_any_time_leaves_no_lie(self):
        self.ws.write("build.devgraph", """devgraph 1
axis n = range(0, 40)
let source = ./source.txt
run made[n] {
  out = "{n}.txt"
  $ cat {source} > {out}
  $ echo {n} >> {out}
}
""")
        for step in range(8):
            self.ws.write("source.txt", f"round {step}\n")
            process = self.ws.start("build", "-j4")
            try:
                process.wait(0.05 + step * 0.03)
            except harness.subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.communicate()
            self.build(self.ws, nodes=40)
            for n in range(40):
                self.assertEqual(self.ws.read(f"out/made/{n}/{n}.txt"), f"round {step}\n{n}\n")
            self.build(self.ws, run=0, fresh=40)

    def test_a_second_build_waits_or_refuses(self):
        process = self.begin()
        refused = self.expect(self.ws.devgraph("build", "--no-wait", *self.define), 2)
        self.assertIn(str(process.pid), refused.err)
        waiting = self.ws.start("build", *self.define)
        self.open_gate()
        self.expect(self.ws.finish(process, ("build",)), 0)
        second = self.expect(self.ws.finish(waiting, ("build", "(second)")), 0)
        self.assertEqual(second.counts()["fresh"], 3)

    def test_questions_are_answered_beside_a_build(self):
        process = self.begin()
        for question in (["check"], ["why", "b"], ["list"], ["out", "a"], ["graph"]):
            run = self.ws.devgraph(*question, *self.define, timeout=10)
            self.assertIn(run.code, (0, 3), run.err)
        self.open_gate()
        self.expect(self.ws.finish(process, ("build",)), 0)

    def test_a_child_left_behind_does_not_hang_the_build(self):
        self.ws.write("build.devgraph", """devgraph 1
run a {
  out = "a.txt"
  $ sleep 613 &
  $ echo a > {out}
}
""")
        self.build(self.ws, run=1)
        self.assertEqual(harness.alive("sleep\x00613"), [])


if __name__ == "__main__":
    harness.main()
