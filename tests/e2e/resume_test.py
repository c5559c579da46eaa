#!/usr/bin/python3
"""Releases that are killed, stopped, failed or begun twice: what is left behind is that of a clean run."""

import os
import signal
import time

import harness
from kills import Kills
from release_case import CANARY, Case


class Interrupted(Case):
    def kills(self):
        return Kills(self, lambda: self.start("--yes"), self.forget, self.state)

    def forget(self):
        self.registry.wipe()
        os.truncate(self.registry.log_path, 0)
        self.ws.shell(f"rm -rf {self.shelf} {self.origin} .devgraph/ledger && git init -q --bare {self.origin};"
                      "git tag -d v1.4.0 || true")

    def state(self):
        tags = [put.split("/")[-1] for put in self.manifest_puts(done_only=True)]
        for name in ("1.4.0", "latest"):
            self.assertEqual(tags.count(name), 1, tags)
        return self.targets()

    def test_killed_after_each_line_of_the_ledger(self):
        kills = self.kills()
        self.assertEqual(kills.lines, 2 * 6 + 2)
        kills.after_each_line()

    def test_killed_at_random_times(self):
        self.kills().at_random(24)

    def test_a_release_ends_with_the_commit_it_was_begun_with(self):
        self.ws.edit("build.devgraph", '$ echo "token $TOKEN"', "$ test -e ok")
        self.commit("two")
        self.release("--yes", code=1)
        self.ws.write("more.txt", "x")
        self.commit("three")
        run = self.release("--yes", code=2)
        self.assertRegex(run.err, r"error\[E943\]: a release of commit \w{12} is not finished, and this is \w{12}\n"
                                  r"   = to finish it, write  git switch --detach \w{12}  and  devgraph release\n"
                                  r"   = to leave it as it is, write  devgraph release --new\n")
        # The names of git stand for the earlier commit, and do not move.
        self.assertIn("error[E942]", self.release("--yes", "--new", code=2).err)

    def test_two_runners_do_not_meet(self):
        self.ws.edit("build.devgraph", '$ echo "token $TOKEN"', '$ while ! test -e "$SHELF/go"; do sleep 0.1; done')
        self.commit()
        self.ws.shell(f"git clone -q . {self.folder}/other && cd {self.folder}/other && git remote set-url origin {self.origin}"
                      " && git config user.name o && git config user.email o@example.org")
        other = harness.Workspace(os.path.join(self.folder, "other"), {})
        process = self.start("--yes")
        self.wait_for(lambda: "refs/devgraph/lease" in self.ws.shell(f"git ls-remote {self.origin}"), "the lease")
        run = self.expect(other.devgraph(*self.arguments("--yes"), env={"TOKEN": CANARY}), 2)
        self.assertRegex(run.err, r"error\[E945\]: another release is going on at origin: on \S+, process \d+, since 20")
        open(os.path.join(self.shelf, "go"), "wb").close()
        self.assertEqual(self.ws.finish(process).code, 0)
        self.assertNotIn("lease", self.ws.shell(f"git ls-remote {self.origin}"))
        run = self.expect(other.devgraph(*self.arguments("--yes"), env={"TOKEN": CANARY}), 0)
        self.assertIn("6 effects: 0 done, 6 present", run.err)

    def test_ctrl_c_ends_between_steps(self):
        self.ws.edit("build.devgraph", '$ echo "token $TOKEN"', "$ sleep 30")
        process = self.start("--yes")
        self.wait_for(lambda: self.ws.exists(".devgraph/ledger") and
                      '"kind":"exec"' in self.ws.read(".devgraph/ledger"), "the command starts")
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        run = self.ws.finish(process)
        self.assertEqual(run.code, 130, run.err)
        self.assertIn("6 effects: 3 done, 1 failed, 2 not started", run.err)
        self.ws.edit("build.devgraph", "$ sleep 30", "$ true")
        self.assertIn("6 effects: 3 done, 3 present", self.release("--yes").err)


if __name__ == "__main__":
    harness.main()
