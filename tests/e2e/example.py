"""What the tests of the examples share: a workspace that is built once."""

import os
import re
import shutil

import canaries
import harness


class Example(canaries.Watched):
    """One workspace, built once; each case edits, looks, and takes its edit back, which runs nothing."""

    NAME = ""  # Of the folder in examples/.
    NODES = 0
    BUILD = ("build", "-j4")

    @classmethod
    def copy(cls, files=None):
        """A copy of the example, without what building it left there; with these files in it, too."""
        cls.base = harness.tempfile.mkdtemp(prefix=f"devgraph-e2e-{cls.NAME}-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        cls.watch(cls.base)
        shutil.copytree(harness.ROOT / "examples" / cls.NAME, os.path.join(cls.base, "ws"), symlinks=True,
                        ignore=shutil.ignore_patterns("out", ".devgraph", ".env", "__pycache__"))
        return harness.Workspace(os.path.join(cls.base, "ws"), files or {".gitignore": "out/\n.devgraph/\n"})

    @classmethod
    def build_first(cls):
        return cls.ws.devgraph(*cls.BUILD, timeout=900)

    def rebuild(self, *arguments, code=0, **wanted):
        run = self.expect(self.ws.devgraph(*self.BUILD, *arguments, timeout=900), code)
        counts = run.counts()
        self.assertEqual({word: counts.get(word) for word in wanted}, wanted, run.err[-6000:])
        return run

    def edited(self, changes, code=0, look=lambda run: None, back=0, **wanted):
        """Builds after edits, (old, new) or a function each, and after they were taken back: nothing runs then."""
        before = {name: self.ws.read(name) for name in changes}
        modes = {name: os.stat(self.ws.path(name)).st_mode for name in changes}
        for name, change in changes.items():
            after = change(before[name]) if callable(change) else before[name].replace(*change)
            self.assertNotEqual(after, before[name], name)
            self.ws.write(name, after, modes[name])
        try:
            look(self.rebuild(code=code, nodes=self.NODES, **wanted))
        finally:
            for name, text in before.items():
                self.ws.write(name, text, modes[name])
            self.rebuild(nodes=self.NODES, run=back)

    def paths(self, label, *arguments):
        return self.expect(self.ws.devgraph("out", label, *arguments), 0).out.splitlines()

    def ran(self, run):
        """The labels of what ran, without slashes, as the lines of a build say it."""
        return set(re.findall(r"^\[ *\d+/\d+\] //(\S+)  [\d.]+", run.err, re.MULTILINE))
