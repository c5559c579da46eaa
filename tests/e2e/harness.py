"""What the end-to-end tests share: workspaces in temporary folders, and the program run in them.

A test file is a program: `NAME_test.py DEVGRAPH [CASE...]`. It runs its cases one after the other and
ends with the line `N passed, M failed`. Files run beside each other, so no case may use a fixed place.
"""

import difflib
import os
import pty
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ""

# Variables of the caller that the program under test may see: settings of the sanitizers.
PASSED_ON = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS")
# A sanitized program is several times slower.
PATIENCE = 5 if any(name in os.environ for name in PASSED_ON) else 1

DURATION = re.compile(r"\b\d+(?:\.\d+)?(?:ms|s)\b|\b\d+m\d+s\b|\b\d+h\d+m\b")
SUMMARY = re.compile(r"^(\d+) nodes?: (.*?)  \S+$", re.MULTILINE)


class Run:
    """One ended call: exit code, and what it said as bytes and as text."""

    def __init__(self, arguments, code, out, err):
        self.arguments = arguments
        self.code = code
        self.out_bytes = out
        self.err_bytes = err
        self.out = out.decode("utf-8", "surrogateescape")
        self.err = err.decode("utf-8", "surrogateescape")

    def counts(self):
        """The summary as a dictionary: nodes, run, fresh, failed, blocked, not started."""
        found = SUMMARY.findall(self.err)
        if not found:
            raise AssertionError(f"no summary in what {self.arguments} said:\n{self.err}")
        counts = {"nodes": int(found[-1][0]), "failed": 0, "blocked": 0, "not started": 0}
        for part in found[-1][1].split(", "):
            number, word = part.split(" ", 1)
            counts[word] = int(number)
        return counts


class Call(subprocess.Popen):
    """The program, running. What it says is searched for secrets where somebody wants that, also if it is killed."""

    def communicate(self, *arguments, **named):
        out, err = super().communicate(*arguments, **named)
        if Workspace.canaries:
            Workspace.canaries.heard(self.args[1:], out, err)
        return out, err


class Workspace:
    """A folder with a manifest, and what a person would type in it."""

    canaries = None  # See canaries.py.

    def __init__(self, root, files):
        self.root = pathlib.Path(root)
        self.root.mkdir(parents=True, exist_ok=True)
        self.home = self.root.parent / "home"
        self.home.mkdir(exist_ok=True)
        self.variables = {}  # Of the person's environment, beside the usual ones.
        for name, content in files.items():
            self.write(name, content)

    def path(self, name):
        return os.path.join(os.fsencode(self.root), os.fsencode(name))

    def write(self, name, content, mode=0o644):
        """Creates or replaces a file, as an editor does."""
        data = content.encode() if isinstance(content, str) else content
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, mode)

    def edit(self, name, old, new):
        text = self.read(name)
        if old not in text:
            raise AssertionError(f"{name} has no {old!r}")
        self.write(name, text.replace(old, new))

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def remove(self, name):
        path = self.path(name)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)

    def environment(self, extra=None):
        base = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "LC_ALL": "C.UTF-8"}
        base.update({name: os.environ[name] for name in PASSED_ON if name in os.environ})
        base.update(self.variables | (extra or {}))
        return base

    def start(self, *arguments, cwd=".", env=None):
        """The program in the background, in a process group of its own."""
        given = {**(self.canaries.given if self.canaries else {}), **(env or {})}
        return Call([BINARY, *arguments], cwd=self.root / cwd, env=self.environment(given),
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    start_new_session=True)

    def finish(self, process, arguments=(), timeout=60):
        try:
            out, err = process.communicate(timeout=timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise AssertionError(f"{arguments} did not end within {timeout} s; it had said:\n"
                                 f"{err.decode('utf-8', 'replace')}") from None
        return Run(arguments, process.returncode, out, err)

    def devgraph(self, *arguments, cwd=".", env=None, timeout=60):
        return self.finish(self.start(*arguments, cwd=cwd, env=env), arguments, timeout)

    def answer(self, word, *arguments, env=None):
        """The program at a terminal, where its question is answered with a word. Its exit status, and the screen."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.root)
            os.execve(BINARY, [BINARY, *arguments], self.environment({"TERM": "dumb", **(env or {})}))
        said = b""
        while b"[y/N] " not in said:
            said += os.read(terminal, 4096)
        time.sleep(0.2)
        os.write(terminal, word.encode() + b"\n")
        try:
            while piece := os.read(terminal, 4096):
                said += piece
        except OSError:
            pass
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode().replace("\r\n", "\n")

    def shell(self, script, check=True):
        """A command of the person beside devgraph: git, make, cp."""
        done = subprocess.run(["bash", "-c", script], cwd=self.root, env=self.environment(
            {"DEVGRAPH": BINARY, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "t",
             "GIT_AUTHOR_EMAIL": "t@example.org", "GIT_COMMITTER_NAME": "t",
             "GIT_COMMITTER_EMAIL": "t@example.org"}),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=120 * PATIENCE, check=False)
        if self.canaries:
            self.canaries.heard([script], done.stdout, b"")
        text = done.stdout.decode("utf-8", "surrogateescape")
        if check and done.returncode != 0:
            raise AssertionError(f"{script!r} ended with {done.returncode}:\n{text}")
        return text


class Case(unittest.TestCase):
    """A test with workspaces that are gone after it."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="devgraph-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def workspace(self, files, name="ws"):
        return Workspace(os.path.join(self.folder, name), files)

    def expect(self, run, code):
        """That a call ended with this exit code; shows what it said if not."""
        if run.code != code:
            self.fail(f"devgraph {' '.join(map(str, run.arguments))}: exit code {run.code}, "
                      f"expected {code}\n--- stdout\n{run.out}--- stderr\n{run.err}")
        return run

    def build(self, workspace, *arguments, code=0, **wanted):
        """Builds; checks the exit code and the counts that are named (run=3, fresh=0, …)."""
        run = self.expect(workspace.devgraph("build", *arguments), code)
        if wanted:
            counts = run.counts()
            got = {word: counts.get(word.replace("_", " ")) for word in wanted}
            if got != wanted:
                self.fail(f"devgraph build {' '.join(arguments)}: {got}, expected {wanted}\n{run.err}")
        return run

    def assert_text(self, got, want):
        """Whole texts; durations are all alike."""
        got = normalised(got)
        want = normalised(want)
        if got != want:
            self.fail("another text than expected:\n" + "".join(
                difflib.unified_diff(want.splitlines(True), got.splitlines(True), "expected", "got")))

    def wait_for(self, condition, what, seconds=20):
        """Polls until a condition holds."""
        end = time.monotonic() + seconds * PATIENCE
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.02)
        self.fail(f"waited {seconds} s in vain: {what}")


def normalised(text):
    return DURATION.sub("<time>", text)


def alive(pattern):
    """Processes whose command line holds these bytes."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    if pattern.encode() in file.read():
                        found.append(int(entry))
            except OSError:
                continue
    return found


def answer_readers(fifo, answers):
    """In the background: gives each process that reads the fifo the next text."""
    os.mkfifo(fifo)

    def serve():
        for answer in answers:
            with open(fifo, "w", encoding="utf-8") as out:
                out.write(answer)
            # The next text must not go to the same reader: wait until it has closed its end.
            while True:
                try:
                    os.close(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
                except OSError:
                    break
                time.sleep(0.01)

    threading.Thread(target=serve, daemon=True).start()


class _Result(unittest.TextTestResult):
    """Says each case on a line of its own, with its time."""

    def startTest(self, test):
        super().startTest(test)
        self._begin = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        print(f"  {test.id().split('.', 1)[1]}: {time.monotonic() - self._begin:.1f} s", flush=True)


def main():
    global BINARY
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} DEVGRAPH [CASE...]")
    BINARY = os.path.abspath(sys.argv[1])
    module = sys.modules["__main__"]
    # Below `nohup` it is ignored, and the program under test would keep it so.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # The test files import this module by name; they must see the same BINARY.
    sys.modules["harness"].BINARY = BINARY
    loader = unittest.TestLoader()
    suite = (loader.loadTestsFromNames(sys.argv[2:], module) if sys.argv[2:]
             else loader.loadTestsFromModule(module))
    result = unittest.TextTestRunner(stream=sys.stdout, resultclass=_Result, verbosity=0).run(suite)
    # A case may fail in several of its parts; it is one case.
    bad = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad != 0 or result.testsRun == 0)
