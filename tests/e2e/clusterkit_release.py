"""The release of examples/clusterkit: two registries, a package index, a store and a repository on loopback,
whose logs are the witnesses. A part of clusterkit_test.py, which brings the built workspace."""

import os
import pathlib
import shutil
import sys

import services
from kills import Kills

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import package_index_server  # pylint: disable=wrong-import-position

EFFECTS = 34
WHEELS = [f"clusterkit-1.4.0-cp{py}-cp{py}-manylinux2014_x86_64.whl" for py in ("38", "39", "310", "311")]
INDEX, FORGE = "CLUSTERKIT_INDEX_PASSWORD", "CLUSTERKIT_FORGE_TOKEN"


class Targets:
    """Everything that a release leaves something at, empty at first."""

    def __init__(self, case):
        self.folder = os.path.join(case.folder, "targets")
        self.hub = services.Registry(os.path.join(self.folder, "hub"), case.logins["hub"]).start()
        case.addCleanup(self.hub.stop)
        self.hub_cn = services.Registry(os.path.join(self.folder, "hub-cn"), case.logins["hub-cn"]).start()
        case.addCleanup(self.hub_cn.stop)
        case.canaries.keep(*services.log_in(
            case.ws.home, {self.hub.host: case.logins["hub"], self.hub_cn.host: case.logins["hub-cn"]}))
        self.store = services.Dav(os.path.join(self.folder, "store"),
                                  writers=("/clusterkit/releases/", case.secrets[FORGE])).start()
        case.canaries.keep(os.path.join(self.folder, "store", "nginx.conf"))
        case.addCleanup(self.store.stop)
        self.index = package_index_server.Index(login="alice:" + case.secrets[INDEX]).start()
        case.addCleanup(self.index.shutdown)
        case.addCleanup(self.look_at_index)
        self.origin = os.path.join(self.folder, "origin.git")
        self.case = case
        case.ws.shell(f"git init -q --bare {self.origin}; git config user.name t; git config user.email t@example.org")
        self.arguments = ("-D", f"hub={self.hub.host}/alice", "-D", f"hub-cn={self.hub_cn.host}/alice",
                          "-D", f"index={self.index.url}/legacy/", "-D", f"store={self.store.url}clusterkit/",
                          "-D", f"remote={self.origin}")

    def look_at_index(self):
        """It has no folder that could be searched."""
        for name, content in [*self.index.files.items(), ("log", repr(self.index.log).encode()),
                              ("forms", repr(self.index.forms).encode())]:
            self.case.canaries.look(f"{name} of the index", content)

    def forget(self):
        """Nobody has ever released anything."""
        self.hub.wipe()
        self.hub_cn.wipe()
        for log in (self.hub.log_path, self.hub_cn.log_path, self.store.log_path):
            os.truncate(log, 0)
        shutil.rmtree(self.store.path("clusterkit"), ignore_errors=True)
        self.index.files.clear()
        self.index.log.clear()
        self.case.ws.shell(f"rm -rf {self.origin} .devgraph/ledger && git init -q --bare {self.origin}; "
                           "git tag -d v1.4.0 || true")

    def writes(self):
        return (self.hub.writes() + self.hub_cn.writes() + self.store.writes() + self.index.uploads(),
                self.case.ws.shell(f"git ls-remote {self.origin}"))

    def state(self):
        """What a stranger sees of it."""
        def images(registry):
            found = {}
            for top, _, names in os.walk(os.path.join(registry.folder, "data")):
                if top.endswith("/current") and "link" in names:
                    with open(os.path.join(top, "link"), encoding="utf-8") as file:
                        found[top.split("/repositories/")[1].removesuffix("/current")] = file.read()
            return found

        def files(folder):
            found = {}
            for top, _, names in os.walk(folder):
                for name in names:
                    with open(os.path.join(top, name), "rb") as file:
                        found[os.path.relpath(os.path.join(top, name), folder)] = file.read()
            return found
        refs = self.case.ws.shell(f"git --git-dir {self.origin} for-each-ref --format='%(refname) %(*objectname)'")
        return {"hub": images(self.hub), "cn": images(self.hub_cn), "store": files(self.store.path("clusterkit")),
                "index": dict(self.index.files), "git": refs}

    def each_once(self):
        """Every object was written once, and successfully."""
        for registry, count in ((self.hub, 11), (self.hub_cn, 11)):
            names = [line for line in registry.writes(done_only=True) if "/manifests/1.4.0" in line]
            self.case.assertEqual((len(names), len(set(names))), (count, count), names)
        puts = [line for line in self.store.writes() if line.split()[-1].startswith("2") and "/releases/" not in line]
        self.case.assertEqual(sorted(puts), sorted(set(puts)))
        self.case.assertEqual(sorted(self.index.uploads()), sorted(f"POST {name} 200" for name in WHEELS))


class Releases:
    """For a case with a workspace `ws` in which everything is built."""

    @classmethod
    def make_secrets(cls):
        # What curl is started by has it, too.
        cls.secrets = {INDEX: cls.canaries.new(INDEX),
                       FORGE: cls.canaries.new(FORGE, tail="", programs=("bash", "curl", "cmp"))}
        cls.logins = {name: ("alice", cls.canaries.new(f"the password of {name}")) for name in ("hub", "hub-cn")}

    def targets(self):
        made = Targets(self)
        made.forget()
        return made

    def start(self, targets, *arguments):
        return self.ws.start("release", *arguments, *targets.arguments, env=self.secrets)

    def release(self, targets, *arguments, code=0):
        return self.expect(self.ws.finish(self.start(targets, *arguments), arguments, timeout=300), code)

    def test_20_a_dry_run_is_a_plan_and_writes_nothing(self):
        targets = self.targets()
        before = targets.writes()
        run = self.release(targets, "--dry-run")
        rows = [line.split() for line in run.out.splitlines()[1:]]
        self.assertEqual([row[0] for row in rows], [str(number) for number in range(1, EFFECTS + 1)])
        kinds = [row[1] for row in rows]
        self.assertEqual({kind: kinds.count(kind) for kind in kinds},
                         {"branch": 1, "tag": 1, "upload": 4, "push": 22, "exec": 2, "pypi": 4})
        self.assertEqual(kinds[:7], ["branch", "tag", *["upload"] * 4, "exec"])
        self.assertLess(max(i for i, kind in enumerate(kinds) if kind == "push"), kinds.index("pypi"))
        self.assertEqual(kinds[-5:], [*["pypi"] * 4, "exec"])
        self.assertIn(f"{EFFECTS} effects: {EFFECTS} to do\n", run.err)
        self.assertEqual(targets.writes(), before)

    def test_21_a_credential_that_is_missing_is_told_first(self):
        targets = self.targets()
        run = self.expect(self.ws.devgraph("release", "--yes", *targets.arguments, env={FORGE: self.secrets[FORGE]}), 2)
        self.assertIn("error[E922]: the secret `CLUSTERKIT_INDEX_PASSWORD`, which //:published is given, is nowhere",
                      run.err)
        self.assertNotIn("nodes:", run.err)

    def test_22_what_cannot_be_built_is_not_released(self):
        targets = self.targets()
        before = self.ws.read("docker/ai-opt/Dockerfile")
        self.ws.write("docker/ai-opt/Dockerfile", before + "RUN false\n")
        try:
            run = self.release(targets, "--yes", "-k", code=1)
        finally:
            self.ws.write("docker/ai-opt/Dockerfile", before)
        self.assertIn("2 failed, 2 blocked", run.err)
        self.assertNotIn("effects:", run.err)
        self.assertEqual(targets.writes(), ([], ""))
        self.rebuild(run=0)

    def test_23_an_index_that_fails_once(self):
        targets = self.targets()
        targets.index.answers[WHEELS[2]] = [500] * 10
        # Nobody uploads by folder: what lies beside the wheels is no part of the release.
        self.ws.write("out/clusterkit/3.11/x.nightly.whl", "stray")
        self.addCleanup(self.ws.remove, "out/clusterkit/3.11/x.nightly.whl")
        run = self.release(targets, "--yes", "-k", code=1)
        self.assertIn(f"{EFFECTS} effects: 32 done, 1 failed, 1 blocked", run.err)
        self.assertIn("blocked exec //:page: //:published", run.err)
        targets.index.answers.clear()
        run = self.release(targets, "--yes")
        self.assertIn(f"{EFFECTS} effects: 2 done, 32 present", run.err)
        self.assertEqual(sorted(line for line in targets.index.uploads() if line.endswith(" 200")),
                         sorted(f"POST {name} 200" for name in WHEELS))
        state = targets.state()
        self.assertEqual((len(state["hub"]), len(state["cn"])), (11, 11))
        self.assertEqual(set(state["index"]), set(WHEELS))
        self.assertEqual(set(state["store"]), {"purged.txt", *WHEELS, "releases/v1.4.0/NOTES.md",
                                               *(f"releases/v1.4.0/{name}" for name in WHEELS)})
        self.assertNotIn(b"stray", state["store"].values())
        before = targets.writes()
        self.assertIn(f"{EFFECTS} effects: 0 done, {EFFECTS} present", self.release(targets, "--yes").err)
        self.assertEqual(targets.writes(), before)
        self.assertEqual(self.ws.shell("git status --porcelain"), "")
        # An edit for the region concerns two names, which never move.
        text = self.ws.read("docker/cn/spark/Dockerfile")
        self.ws.write("docker/cn/spark/Dockerfile", text + "ENV MORE=1\n")
        try:
            plan = self.release(targets, "--dry-run", code=2)
        finally:
            self.ws.write("docker/cn/spark/Dockerfile", text)
        self.assertEqual([line.split()[2] for line in plan.out.splitlines() if "differs" in line],
                         [f"{targets.hub_cn.host}/alice/spark:1.4.0", f"{targets.hub_cn.host}/alice/spark:1.4.0-gpu"])
        self.assertEqual(plan.out.count("present"), 32, plan.out)
        # An image that cannot be built is not released, although an older one has its name.
        text = self.ws.read("docker/ai-opt/Dockerfile")
        self.ws.write("docker/ai-opt/Dockerfile", text + "RUN false\n")
        try:
            run = self.release(targets, "--yes", "-k", code=1)
        finally:
            self.ws.write("docker/ai-opt/Dockerfile", text)
        self.assertNotIn("effects:", run.err)
        self.assertEqual(targets.writes(), before)
        # Somebody moved the tag.
        self.ws.shell(f"git push -q -f {targets.origin} $(git commit-tree -m x 'HEAD^{{tree}}'):refs/tags/v1.4.0")
        run = self.release(targets, "--yes", code=2)
        self.assertRegex(run.err, r"error\[E942\]: tag \S+ v1.4.0 is there already, and is something else\n"
                                  r"   = there: \w{40}\n   = here:  \w{40}\n   = .* refuses to move: ")
        self.assertEqual(targets.writes()[0], before[0])

    def test_24_killed_again_and_again(self):
        targets = self.targets()

        def state():
            targets.each_once()
            return targets.state()
        kills = Kills(self, lambda: self.start(targets, "--yes"), targets.forget, state)
        self.assertEqual(kills.lines, 2 * EFFECTS + 2)
        kills.after_each_line(every=17)
        kills.at_random(4)
