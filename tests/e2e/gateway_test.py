#!/usr/bin/python3
"""The example with an image in a registry: every edit its README speaks of, and a login that must not leak."""

import json
import os
import re
import shutil
import subprocess
import tarfile

import canaries
import harness
import services
from kills import Kills

EXAMPLES = harness.ROOT / "examples"
NODES = 19
DONE = re.compile(r"^\[ *\d+/\d+\] //:(\S+)  (\S+)$", re.MULTILINE)
# Stands for podman and docker, which cannot run everywhere: a container is a process of the sources.
ENGINE = """#!/bin/bash
set -e
cd "$STATE"
case $1 in
run)
  shift
  while [[ $1 = -* ]]; do
    if [ "$1" = --volume ]; then data=${2%:/data}; shift; fi
    shift
  done
  echo "$1" >> images
  shift
  name=$(mktemp XXXXXX)
  (cd /; exec python3 -m hop.gateway.main "${@/#\\/data/$data}") > "$name.log" 2>&1 < /dev/null &
  echo $! > "$name"
  echo "$name"
  ;;
logs) cat "$2.log" ;;
stop) kill "$(cat "$2")" ;;
esac
"""
# What an edit of the image runs, beside what was edited.
BEHIND = ["gateway", "smoke", "push", "hop-env", "e2e"]


class Gateway(canaries.Watched):
    """One workspace, built once; each case edits, looks, and takes its edit back, which runs nothing."""

    @classmethod
    def setUpClass(cls):
        cls.base = harness.tempfile.mkdtemp(prefix="devgraph-e2e-gateway-")
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        cls.watch(cls.base)
        cls.password = cls.canaries.new("the password of the registry")
        cls.registry = services.Registry(os.path.join(cls.base, "registry"), ("alice", cls.password)).start()
        cls.addClassCleanup(cls.registry.stop)
        shutil.copytree(EXAMPLES / "gateway", os.path.join(cls.base, "ws"),
                        ignore=shutil.ignore_patterns("out", ".devgraph", "__pycache__"))
        cls.ws = harness.Workspace(os.path.join(cls.base, "ws"), {})
        cls.define = ("-D", f"registry={cls.registry.host}/alice/hop")
        cls.log_in(cls.password)
        cls.first = cls.ws.devgraph("build", "-j4", *cls.define, timeout=600)

    @classmethod
    def log_in(cls, password):
        cls.canaries.keep(*services.log_in(cls.ws.home, {cls.registry.host: ("alice", password)}))

    def rebuild(self, *arguments, code=0, **wanted):
        run = self.expect(self.ws.devgraph("build", "-j4", *self.define, *arguments, timeout=300), code)
        counts = run.counts()
        self.assertEqual({word: counts.get(word) for word in wanted}, wanted, run.err)
        return run

    def check(self, *arguments, code):
        return self.expect(self.ws.devgraph("check", *self.define, *arguments), code).out

    def ref(self):
        return self.ws.read("out/push/push.ref").strip()

    def edited(self, changes, ran):
        """Builds after edits: exactly these nodes run. After they were taken back nothing does, and the tag is
        the earlier one, without a write to the registry."""
        before = {name: self.ws.read(name) for name in changes}
        ref = self.ref()
        try:
            for name, text in changes.items():
                self.ws.write(name, before[name] + text)
            run = self.rebuild(nodes=NODES)
            self.assertEqual(sorted(label for label, how in DONE.findall(run.err) if how != "restored"), sorted(ran))
            self.assertEqual(run.counts()["run"], len(ran))
            self.assertEqual(self.ref() != ref, "push" in ran)
        finally:
            for name, text in before.items():
                self.ws.write(name, text)
            writes = self.registry.writes()
            self.rebuild(nodes=NODES, run=0, fresh=NODES)
        self.assertEqual(self.ref(), ref)
        self.assertEqual(self.registry.writes(), writes)

    def test_01_the_first_build_runs_every_node(self):
        self.expect(self.first, 0)
        counts = self.first.counts()
        self.assertEqual((counts["nodes"], counts["run"], counts["fresh"]), (NODES, NODES, 0))
        digest = self.ws.read("out/gateway/gateway.digest").strip()
        self.assertEqual(self.ref(), f"{self.registry.host}/alice/hop:local-{digest[7:19]}")
        inspected = self.ws.shell(f"skopeo inspect --tls-verify=false --raw docker://{self.ref()} | sha256sum")
        self.assertEqual("sha256:" + inspected[:64], digest)

    def test_02_the_image_is_the_gateway_and_nothing_else(self):
        raw = json.loads(self.ws.shell("skopeo inspect --raw oci:out/gateway/gateway"))
        names = set()
        for layer in raw["layers"]:
            with tarfile.open(self.ws.path(b"out/gateway/gateway/blobs/sha256/" + layer["digest"][7:].encode())) as tar:
                names.update(tar.getnames())
        names = {name.removeprefix("./") for name in names}
        for name in ("opt/hop/hop/gateway/server.py", "opt/hop/hop/common/_version.py", "opt/hop/lanes/__init__.py"):
            self.assertIn(name, names)
        found = [name for name in names
                 if re.search(r"key\.pem|hop/cli|__pycache__|^opt/.*/(docs|tests|README)", name)]
        self.assertEqual(found, [])
        said = self.expect(self.ws.devgraph("run", *self.define, "gateway", "--", "python3", "-m", "hop.gateway.main",
                                            "--version", cwd="docs"), 0)
        self.assertEqual(said.out, "hop 0.4.0 (edge)\n")

    def test_03_a_second_build_runs_none_and_writes_nothing(self):
        lines = [self.expect(self.ws.devgraph("export", *self.define, "hop-env"), 0).out]
        writes = self.registry.writes()
        self.rebuild(nodes=NODES, run=0, fresh=NODES)
        lines.append(self.expect(self.ws.devgraph("export", *self.define, "hop-env"), 0).out)
        self.assertEqual(lines, [f"export HOP_IMAGE={self.ref()}\n"] * 2)
        self.assertEqual(self.registry.writes(), writes)

    def test_04_neither_times_nor_bytecode_count(self):
        said = self.ws.shell("out/client/client/bin/hop --version; find . -exec touch -h {} +")
        self.assertEqual(said, "hop source (none)\n")
        self.assertTrue(self.ws.exists("hop/cli/__pycache__"))
        self.rebuild(nodes=NODES, run=0)

    def test_05_a_commit_counts_for_nothing(self):
        self.ws.write(".gitignore", "out/\n.devgraph/\n__pycache__/\n")
        self.ws.shell("git init -q . && git add . && git commit -qm one")
        self.rebuild(nodes=NODES, run=0)
        self.ws.shell("git commit -q --allow-empty -m two && git tag v1")
        self.rebuild(nodes=NODES, run=0)
        self.assertEqual(self.ws.shell("git status --porcelain"), "")

    def test_06_an_edit_runs_what_it_concerns(self):
        for what, changes, ran in (
                ("the gateway", {"hop/gateway/server.py": "# more\n"}, [*BEHIND, "package", "archive"]),
                ("the client", {"hop/cli/main.py": "# more\n"}, ["package", "archive", "e2e"]),
                ("both", {"hop/common/wire.py": "# more\n"}, [*BEHIND, "package", "archive"]),
                ("the readme", {"README.md": "more\n"}, ["package", "archive"]),
                ("a page", {"docs/tls.md": "more\n"}, []),
                ("the requirements", {"requirements-gateway.txt": "# more\n"}, [*BEHIND, "deps"]),
                ("a package of them", {"vendor/tallies/tallies/__init__.py": "# more\n"},
                 [*BEHIND, "deps", "vendor@pkg=tallies"]),
                ("a comment of the Dockerfile", {"Dockerfile": "# more\n"}, []),
                ("what is ignored", {".dockerignore": "# more\n/LICENSE\n"}, [])):
            with self.subTest(what):
                self.edited(changes, ran)

    def test_07_the_client_is_the_sources(self):
        self.ws.write("hop/common/_version.py", 'VERSION, CHANNEL = "mine", "here"\n')
        self.assertEqual(self.ws.shell("out/client/client/bin/hop --version"), "hop mine (here)\n")
        self.ws.remove("hop/common/_version.py")
        self.rebuild(nodes=NODES, run=0)

    def test_07_the_client_starts_gateways_from_the_image_it_is_told(self):
        for name in ("engine", "source", "into"):
            os.makedirs(os.path.join(self.folder, name))
        engine = os.path.join(self.folder, "podman")
        with open(engine, "w", encoding="utf-8") as file:
            file.write(ENGINE)
        os.chmod(engine, 0o755)
        with open(os.path.join(self.folder, "source", "data"), "wb") as file:
            file.write(os.urandom(3_000_000))
        packages = ":".join(map(str, sorted((self.ws.root / "vendor").iterdir())))
        said = self.ws.shell(f"""
          eval "$("$DEVGRAPH" export {' '.join(self.define)} hop-env 2>/dev/null)"
          export HOP_ENGINE={engine} STATE={self.folder}/engine PYTHONPATH=$PWD:{packages} PYTHONDONTWRITEBYTECODE=1
          out/client/client/bin/hop cp {self.folder}/source {self.folder}/into
          cat $STATE/images
          cmp {self.folder}/source/data {self.folder}/into/data""")
        self.assertRegex(said, "^1 files, 3000000 bytes, 3000000 of them sent, .* through 2 gateways\n")
        self.assertEqual(said.splitlines()[1:], [self.ref()] * 2)
        self.wait_for(lambda: not harness.alive(self.folder + "/into"), "the end of the gateways")
        self.rebuild(nodes=NODES, run=0)

    def test_08_a_failing_step_leaves_the_shell_alone(self):
        before = self.ws.read("Dockerfile")
        self.ws.edit("Dockerfile", "COPY hop/common/", "RUN echo not today >&2; exit 7\nCOPY hop/common/")
        try:
            run = self.expect(self.ws.devgraph("export", *self.define, "hop-env", timeout=300), 1)
            self.assertEqual(run.out, "")
            self.assertRegex(run.err, r"(?m)^\[ *\d+/\d+\] failed //:gateway: ")
            self.assertIn("  | not today\n", run.err)
            self.assertIn("  = log: .devgraph/log/gateway.log\n", run.err)
            self.assertIn("not today\n", self.ws.read(".devgraph/log/gateway.log"))
            said = self.ws.shell(f"""
              HOP_IMAGE=before
              eval "$("$DEVGRAPH" export {' '.join(self.define)} hop-env 2>/dev/null)"
              echo "$HOP_IMAGE, and still here" """)
            self.assertEqual(said, "before, and still here\n")
        finally:
            self.ws.write("Dockerfile", before)
        self.rebuild(nodes=NODES, run=0)

    def test_09_a_wrong_password_is_told_before_anything_runs(self):
        before = self.ws.read("hop/gateway/server.py")
        self.ws.write("hop/gateway/server.py", before + "# more\n")
        self.log_in(self.canaries.new("a wrong password"))
        try:
            run = self.expect(self.ws.devgraph("build", *self.define), 2)
            self.assertIn("error[E916]: `//:push` would be refused: ", run.err)
            self.assertIn("= nothing has run\n", run.err)
            self.assertEqual(DONE.findall(run.err), [])
        finally:
            self.log_in(self.password)
            self.ws.write("hop/gateway/server.py", before)
        self.rebuild(nodes=NODES, run=0)

    def test_10_what_the_registry_lost_is_pushed_again(self):
        self.registry.wipe()
        self.assertEqual(self.check("--remote", code=3), "//:push  what it made is not there any more\n")
        self.assertEqual(self.check(code=0), "")
        self.rebuild(nodes=NODES, run=1)
        self.assertEqual(self.check("--remote", code=0), "")
        self.rebuild(nodes=NODES, run=0)

    def test_11_a_deleted_image_comes_back_without_a_run(self):
        shutil.rmtree(self.ws.path("out/gateway/gateway"))
        self.assertEqual(self.check(code=3).splitlines()[0], "//:gateway  output out/gateway/gateway missing")
        writes = self.registry.writes()
        run = self.rebuild(nodes=NODES, run=0)
        self.assertIn("//:gateway  restored", run.err)
        self.assertEqual(self.check("--remote", code=0), "")
        self.assertEqual(self.registry.writes(), writes)

    def release(self, *arguments):
        return self.expect(self.ws.devgraph("release", "--yes", *self.define, *arguments, timeout=300), 0)

    def test_12_b_release_gives_names_and_sends_no_byte(self):
        self.rebuild("-D", "channel=edge")
        writes = len(self.registry.writes())
        plan = self.expect(self.ws.devgraph("release", "--dry-run", *self.define, "-D", "channel=edge"), 0)
        self.assertRegex(plan.out, r"promote +localhost:\d+/alice/hop:edge +[0-9a-f]{12} +new\n")
        self.assertIn("1 effect: 1 done", self.release("-D", "channel=edge").err)
        self.assertEqual({line.split("/")[-1] for line in self.registry.writes()[writes:]}, {"edge"})
        raw = [self.ws.shell(f"skopeo inspect --tls-verify=false --raw docker://{name}")
               for name in (self.ref(), f"{self.registry.host}/alice/hop:edge")]
        self.assertEqual(raw[0], raw[1])
        self.assertIn("1 effect: 0 done, 1 present", self.release("-D", "channel=edge").err)
        # A version, a night: the same with other names.
        self.assertIn("1 effect: 1 done", self.release("-D", "channel=stable").err)
        self.assertIn("1 effect: 1 done", self.release("-D", "channel=nightly", "-D", "date=20261122").err)
        tags = json.loads(self.ws.shell(f"skopeo list-tags --tls-verify=false docker://{self.registry.host}/alice/hop"))
        self.assertLessEqual({"edge", "0.4.0", "nightly-20261122"}, set(tags["Tags"]))
        self.rebuild(nodes=NODES, run=0)

    def test_12_c_a_release_that_is_killed(self):
        def forget():
            self.registry.forget_tag("alice/hop", "edge")
            os.truncate(self.registry.log_path, 0)
            self.ws.remove(".devgraph/ledger")

        def state():
            self.assertEqual([line.split("/")[-1] for line in self.registry.writes(done_only=True)], ["edge"])
            return self.registry.tags("alice/hop")
        kills = Kills(self, lambda: self.ws.start("release", "--yes", *self.define, "-D", "channel=edge"), forget, state)
        self.assertEqual(kills.lines, 2 * 1 + 2)
        kills.after_each_line()
        kills.at_random(4)
        self.rebuild(nodes=NODES, run=0)

    def test_12_another_channel_says_so_and_the_first_is_found_again(self):
        self.rebuild("-D", "channel=nightly", nodes=NODES, run=len(BEHIND) + 3)
        said = self.ws.devgraph("run", *self.define, "-D", "channel=nightly", "gateway", "--", "python3", "-m",
                                "hop.gateway.main", "--version", cwd="docs")
        self.assertEqual(said.out, "hop 0.4.0 (nightly)\n", said.err)
        self.rebuild(nodes=NODES, run=0)
        self.expect(self.ws.devgraph("build", *self.define, "-D", "channel=daily"), 2)

    def test_14_a_service_to_push_to(self):
        state = os.path.join(self.folder, "svc")
        environment = self.ws.environment({"DEVGRAPH_SVC": state})

        def call(name, *words):
            done = subprocess.run([EXAMPLES / "svc" / name, *words], env=environment, check=True, timeout=60,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            self.canaries.heard([name, *words], done.stdout, b"")
            return done.stdout.decode()

        port = str(services.free_port())
        os.makedirs(state)
        with open(os.path.join(state, "password"), "w", encoding="utf-8") as file:
            file.write(self.canaries.new("the password of the service", tail=""))
        try:
            said = call("up", port)
            self.assertIn(f"  export DOCKER_CONFIG={state}/docker\n", said)
            self.assertEqual(call("up"), said)
            define = ["-D", f"registry=localhost:{port}/alice/hop"]
            run = self.ws.devgraph("build", *define, "push", env={"DOCKER_CONFIG": f"{state}/docker"})
            self.expect(run, 0)
            self.assertEqual(run.counts()["run"], 1)
            pid = int((self.ws.root / state / "pid").read_text(encoding="utf-8"))
        finally:
            call("down", "--wipe")
        self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.assertFalse(os.path.exists(state))
        self.rebuild(nodes=NODES, run=0)

    def test_15_an_image_that_has_to_be_built_again_is_the_same(self):
        ref = self.ref()
        for name in ("out/gateway", ".devgraph/cas", ".devgraph/buildah"):
            shutil.rmtree(self.ws.path(name))
        self.assertEqual(self.check(code=3).splitlines()[0], "//:gateway  output out/gateway/gateway missing")
        writes = self.registry.writes()
        self.rebuild(nodes=NODES, run=1)
        self.assertEqual(self.ref(), ref)
        self.assertEqual(self.check("--remote", code=0), "")
        self.assertEqual(self.registry.writes(), writes)


if __name__ == "__main__":
    harness.main()
