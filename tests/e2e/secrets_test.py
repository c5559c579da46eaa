#!/usr/bin/python3
"""Secrets: where they are found, how nodes get them, and that they are nowhere else."""

import base64
import os
import pty
import subprocess
import time

import harness

VALUE = "s3cr3t/with \"quotes\" & 'more'"
NODE = """devgraph 1
run a {
  out = "a.txt"
  env = { TOKEN = secret("TOKEN") }
  $ printf %s "$TOKEN" | sha256sum > {out}
  $ echo "it is $TOKEN"
}
"""


class Secrets(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": NODE})

    def secret_file(self, text, mode=0o600):
        path = self.ws.home / ".config/devgraph/secrets.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def traces(self, value):
        """Files of the workspace that hold a value; those of the user are not ours."""
        data = value.encode()
        found = []
        for folder, _, names in os.walk(self.ws.root):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        if data in file.read():
                            found.append(os.path.relpath(path, self.ws.root))
        return found

    def left_in_memory(self):
        return [name for name in os.listdir("/dev/shm") if name.startswith("devgraph-secrets-")]

    def log(self, label="a"):
        return self.expect(self.ws.devgraph("log", label), 0).out

    def test_of_the_environment(self):
        done = self.ws.devgraph("build", env={"TOKEN": VALUE})
        self.assertEqual(self.expect(done, 0).counts()["run"], 1)
        self.assertIn("it is ***\n", self.log())
        self.assertEqual(self.traces(VALUE), [])
        # Another value is no reason to run: what changes the key is the epoch.
        self.build(self.ws, run=0)
        self.ws.edit("build.devgraph", 'secret("TOKEN")', 'secret("TOKEN", epoch = 2)')
        self.expect(self.ws.devgraph("check"), 3)
        why = self.ws.devgraph("why", "a")
        self.assertIn("secret TOKEN epoch 1", why.out)
        self.assertIn("secret TOKEN epoch 2", why.out)
        self.assertEqual(self.ws.devgraph("build", env={"TOKEN": "other"}).counts()["run"], 1)

    def test_of_the_file_and_of_a_command(self):
        self.secret_file('[secrets]\nTOKEN = "of-the-file"\n')
        self.build(self.ws, run=1)
        self.assertEqual(self.traces("of-the-file"), [])
        self.secret_file('[secrets]\nTOKEN = { command = ["printf", "from %s\\n", "{name}"] }\n')
        self.build(self.ws, "-B", run=1)
        of_command = self.ws.shell("printf 'from TOKEN' | sha256sum")
        self.assertEqual(self.ws.read(self.ws.devgraph("out", "a").out.strip()), of_command)
        self.secret_file('[any]\ncommand = ["printf", "%s", "any {name}"]\n')
        self.build(self.ws, "-B", run=1)
        of_any = self.ws.shell("printf 'any TOKEN' | sha256sum")
        self.assertEqual(self.ws.read(self.ws.devgraph("out", "a").out.strip()), of_any)

    def test_a_command_has_the_name_wherever_it_is_written(self):
        self.secret_file('[any]\ncommand = ["printf", "%s", "{name}: is {name} of {{name}} and {name"]\n')
        self.build(self.ws, run=1)
        of_any = self.ws.shell("printf 'TOKEN: is TOKEN of {TOKEN} and {name' | sha256sum")
        self.assertEqual(self.ws.read(self.ws.devgraph("out", "a").out.strip()), of_any)

    def test_nothing_runs_without_all_of_them(self):
        self.ws.write("build.devgraph", NODE + """
run b {
  out = "b"
  env = { K = secret("KEY") }
  $ echo "$K" > {out}
}
run free {
  out = "free"
  $ echo > {out}
}
""")
        done = self.expect(self.ws.devgraph("build", "-k", env={"CI": "true"}), 2)
        self.assert_text(done.err, f"""\
error[E922]: the secret `KEY`, which //:b is given, is nowhere
   = set the variable KEY, or write it into {self.ws.home}/.config/devgraph/secrets.toml

error[E922]: the secret `TOKEN`, which //:a is given, is nowhere
   = set the variable TOKEN, or write it into {self.ws.home}/.config/devgraph/secrets.toml
""")
        self.assertFalse(self.ws.exists("out/free"))
        # Neither does what does not need them have to wait, nor is anyone asked who runs nothing.
        self.build(self.ws, "free", run=1)
        self.expect(self.ws.devgraph("build", "-n", env={"CI": "true"}), 0)
        empty = self.expect(self.ws.devgraph("build", "a", env={"TOKEN": ""}), 2)
        self.assertIn("is empty\n", empty.err)

    def test_a_file_that_is_no_good(self):
        path = f"{self.ws.home}/.config/devgraph/secrets.toml"
        self.secret_file('[secrets]\nTOKEN = "x"\n', 0o644)
        done = self.expect(self.ws.devgraph("build"), 2)
        self.assert_text(done.err, f"""\
error[E922]: {path} can be read by others
   = it holds secrets: chmod 600 {path}
""")
        for text, message in [
                ('[secrets]\nTOKEN = "never to be shown\n', "2:27: this is no TOML"),
                ('TOKEN = "x"\n', "1: `TOKEN` means nothing here"),
                ('[secrets]\nTOKEN = 3\n', "2: the secret `TOKEN` is no text"),
                ('[secrets]\nTOKEN = { command = [] }\n', " `TOKEN` is no command"),
                ('[any]\ncommand = "pass"\n', " [any] command is no command")]:
            with self.subTest(text):
                self.secret_file(text)
                done = self.expect(self.ws.devgraph("build"), 2)
                self.assertIn(f"error[E922]: {path}:{message}\n", done.err)
                self.assertNotIn("never", done.err)
        self.secret_file('[secrets]\nTOKEN = { command = ["false"] }\n')
        done = self.expect(self.ws.devgraph("build"), 2)
        self.assertIn("the secret `TOKEN`: false ended with exit status 1\n", done.err)

    def test_files_and_standard_input(self):
        self.ws.write("build.devgraph", """devgraph 1
run a {
  out     = "a.txt"
  stdin   = secret("PASSWORD")
  secrets = { token = secret("TOKEN"), "key.pem" = secret("KEY") }
  $ sha256sum > {out}
  $ sha256sum < "$DEVGRAPH_SECRETS/token" >> {out}
  $ stat -c %a "$DEVGRAPH_SECRETS" "$DEVGRAPH_SECRETS/key.pem" >> {out}
  $ cat "$DEVGRAPH_SECRETS/key.pem"
  $ echo "$DEVGRAPH_SECRETS" >> {out}
}
""")
        values = {"PASSWORD": "pass", "TOKEN": "tok\0en".replace("\0", "-"),
                  "KEY": "-----BEGIN\nline-1-of-it\nline-2-of-it\n-----END"}
        for sandbox in ([], ["--sandbox=off"]):
            with self.subTest(sandbox):
                done = self.ws.devgraph("build", "-B", *sandbox, env=values)
                self.assertEqual(self.expect(done, 0).counts()["run"], 1)
                lines = self.ws.read(self.ws.devgraph("out", "a").out.strip()).splitlines()
                self.assertEqual(lines[0] + "\n", self.ws.shell("printf pass | sha256sum"))
                self.assertEqual(lines[1] + "\n", self.ws.shell("printf tok-en | sha256sum"))
                self.assertEqual(lines[2:4], ["700", "600"])
                self.assertFalse(os.path.exists(lines[4]))
                self.assertEqual(self.traces("line-1-of-it"), [])

    def test_no_form_of_it_is_in_a_log(self):
        value = "tok3n+/~ 'q' \"d\" \\ end"
        self.ws.write("build.devgraph", """devgraph 1
run a {
  out = "a"
  env = { T = secret("T") }
  $ printf '%s\\n' "$T" ; printf '%s' "$T" | base64 -w0 ; echo
  $ printf 'user:%s' "$T" | base64 -w0 ; echo ; printf 'me:%s!' "$T" | base64 -w0 ; echo
  $ printf '%s' "$T" | od -An -tx1 | tr -d ' \\n' ; echo
  $ for ((i = 0; i < ${#T}; i++)); do printf '%s' "${T:i:1}"; sleep 0.01; done
  $ echo " then" >&2 ; set -x ; : "$T"
  $ env ; exit 3
}
""")
        done = self.expect(self.ws.devgraph("build", env={"T": value}), 1)
        for form in (value, base64.b64encode(value.encode()).decode()[:-4], value.encode().hex(),
                     "tok3n"):
            self.assertNotIn(form, done.err)
            self.assertEqual(self.traces(form), [])
        self.assertIn('***$ echo " then"', self.log())
        self.assertIn("T=***\n", self.log())
        # In the middle of other base64 the bytes beside it stay.
        inner = base64.b64encode(b"user:" + value.encode()).decode()
        self.assertNotIn(inner[8:20], self.log())

    def test_a_command_that_leaves_processes_has_its_whole_log(self):
        self.ws.write("build.devgraph", """devgraph 1
run a {
  out = "a"
  env = { T = secret("T") }
  $ (trap '' TERM ; sleep 100) &
  $ head -c 300000 /dev/zero | tr '\\0' x ; echo " end of $T" ; echo > {out}
}
""")
        started = time.monotonic()
        self.expect(self.ws.devgraph("build", env={"T": "value"}), 0)
        self.assertLess(time.monotonic() - started, 60)
        log = self.log()
        self.assertIn("x end of ***\n", log)
        self.assertIn("x" * 300000, log)

    def test_what_a_killed_build_left_goes(self):
        self.ws.write("build.devgraph", """devgraph 1
run a {
  out = "a"
  secrets = { t = secret("T") }
  $ echo > {out} ; sleep 100
}
""")
        process = self.ws.start("build", env={"T": "value"})
        self.wait_for(lambda: self.ws.exists(".devgraph/scratch/1/out/a"), "the command")
        left = [name for name in self.left_in_memory() if os.path.exists(f"/dev/shm/{name}/t")]
        self.assertTrue(left)
        process.kill()
        process.communicate()
        self.ws.shell("for p in /proc/[0-9]*; do if tr '\\0' '\\n' < $p/environ 2>/dev/null | "
                      f"grep -q '^TMPDIR={self.ws.root}'; then kill -9 ${{p#/proc/}}; fi; done",
                      check=False)
        # It is old enough for no other build to be about to use it.
        self.ws.write("build.devgraph", NODE)
        for name in left:
            os.utime(f"/dev/shm/{name}", (0, 0))
        self.expect(self.ws.devgraph("build", env={"TOKEN": "value"}), 0)
        self.assertFalse([name for name in left if name in self.left_in_memory()])

    def test_within_an_image(self):
        with open("/bin/busybox", "rb") as file:
            self.ws.write("busybox", file.read(), 0o755)
        self.ws.write("build.devgraph", """devgraph 1
image root {
  files  = { "/bin/busybox" = ./busybox }
  config = { env = { PATH = "/bin" } }
}
run a {
  within  = root
  out     = "a.txt"
  env     = { TOKEN = secret("TOKEN") }
  secrets = { file = secret("FILE") }
  $ printf %s "$TOKEN" | busybox sha256sum > {out}
  $ busybox sha256sum < "$DEVGRAPH_SECRETS/file" >> {out}
  $ busybox env ; exit 1
}
""")
        done = self.expect(self.ws.devgraph("build", env={"TOKEN": VALUE, "FILE": "in a file"}), 1)
        self.assertIn("TOKEN=***\n", done.err)
        # The folder of the failed node is kept for looking at it.
        self.assertTrue(self.ws.exists(".devgraph/failed/a"))
        self.assertEqual(self.traces(VALUE), [])
        self.assertEqual(self.traces("in a file"), [])
        self.ws.edit("build.devgraph", "busybox env ; exit 1", "busybox env")
        self.expect(self.ws.devgraph("build", env={"TOKEN": VALUE, "FILE": "in a file"}), 0)
        digests = self.ws.read(self.ws.devgraph("out", "a").out.strip())
        self.assertIn(self.ws.shell("printf 'in a file' | sha256sum"), digests)

    def test_the_terminal_is_asked_and_shows_nothing(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.ws.root)
            os.execve(harness.BINARY, [harness.BINARY, "build"],
                      self.ws.environment({"TERM": "xterm"}))
        said = b""
        while b"not shown): " not in said:
            said += os.read(terminal, 4096)
        time.sleep(0.2)
        os.write(terminal, b"typed value\n")
        try:
            while piece := os.read(terminal, 4096):
                said += piece
        except OSError:
            pass  # Linux's way of saying that nobody holds the other end.
        os.close(terminal)
        _, status = os.waitpid(pid, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0, said)
        self.assertIn(b"Secret TOKEN for //:a (it is not shown): ", said)
        self.assertNotIn(b"typed", said)
        self.assertEqual(self.ws.read(self.ws.devgraph("out", "a").out.strip()),
                         self.ws.shell("printf 'typed value' | sha256sum"))


if __name__ == "__main__":
    harness.main()
