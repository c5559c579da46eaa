#!/usr/bin/python3
"""What commands inherit: nothing of how devgraph itself was started, or of what it does to signals."""

import signal
import subprocess

import harness

# `exec` so that the shell is no process between; awk reads its own status.
MANIFEST = """devgraph 1
run signals {
  out = "signals.txt"
  $ awk '/^Sig(Blk|Ign)/' /proc/self/status > {out}
}
run pipe {
  out = "pipe.txt"
  $ set +o pipefail
  $ yes | head -1 > {out}
  $ set +e; yes | true; echo "${PIPESTATUS[0]}" >> {out}
}
run plain {
  out = "plain.txt"
  $ grep -E "^Sig(Blk|Ign)" /proc/self/status > {out}
}
"""
NO_SIGNALS = "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"


def hostile():
    """As a careless parent leaves signals: many ignored, all that can be are blocked."""
    for number in signal.valid_signals():
        # What stops a build must still do so; who ignores these means devgraph itself.
        if number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
            continue
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            continue
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


class Children(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST})

    def check_outputs(self):
        self.assertEqual(self.ws.read("out/signals/signals.txt"), NO_SIGNALS)
        self.assertEqual(self.ws.read("out/plain/plain.txt"), NO_SIGNALS)
        # `yes` is ended by SIGPIPE and says nothing of a write error.
        self.assertEqual(self.ws.read("out/pipe/pipe.txt"), "y\n141\n")
        self.assertNotIn("Broken pipe", self.expect(self.ws.devgraph("log", "pipe"), 0).out)

    def test_signals_are_as_at_a_login(self):
        self.build(self.ws, run=3)
        self.check_outputs()

    def test_what_the_parent_ignores_and_blocks_ends_with_devgraph(self):
        process = subprocess.Popen([harness.BINARY, "build"], cwd=self.ws.root,
                                   env=self.ws.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   start_new_session=True, preexec_fn=hostile)
        self.expect(self.ws.finish(process, ("build",)), 0)
        self.check_outputs()

    def test_the_reader_of_our_output_may_go_away(self):
        self.ws.shell('set +o pipefail; "$DEVGRAPH" build 2>&1 | true; "$DEVGRAPH" build')
        self.check_outputs()


if __name__ == "__main__":
    harness.main()
