#!/usr/bin/python3
"""The example of wheels and images, with every edit its README speaks of. Counts are exact."""

import glob
import hashlib
import os
import re
import subprocess
import zipfile

import clusterkit_release
import example
import harness

NODES = 36
WHEELS = [f"clusterkit-1.4.0-cp{py}-cp{py}-manylinux2014_x86_64.whl" for py in ("38", "39", "310", "311")]
IMAGES = 26


class ClusterKit(clusterkit_release.Releases, example.Example):
    NAME = "clusterkit"
    NODES = NODES
    BUILD = ("build", "-j4", "-k")

    @classmethod
    def setUpClass(cls):
        cls.ws = cls.copy()
        cls.make_secrets()
        cls.ws.shell("git init -q . && git add . && git commit -qm one")
        cls.first = cls.build_first()

    def wheels(self):
        return [self.ws.path(path).decode() for path in self.paths("clusterkit") if path.endswith(".whl")]

    def stamps(self):
        """What the wheels say of themselves."""
        found = set()
        for wheel in self.wheels():
            with zipfile.ZipFile(wheel) as archive:
                text = archive.read("clusterkit/__init__.py").decode()
            found.add(re.search('__version__ = "(.+)"', text)[1] + " " +
                      re.search('__commit__ = "(.+)"', text)[1])
        return found

    def in_image(self, label, *words):
        """What a command says in an image, run by a stranger."""
        store = os.path.join(self.base, "store")
        environment = self.ws.environment()
        for driver in ("overlay", "vfs"):
            common = ["unshare", "--mount", "--", "buildah", f"--root={store}/{driver}", f"--runroot={store}/run",
                      f"--storage-driver={driver}"]
            if subprocess.run([*common, "info"], env=environment, check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0:
                break
        container = subprocess.run([*common, "from", "--quiet", "oci:" + self.paths(label)[0]],
                                   cwd=self.ws.root, env=environment, check=True, text=True,
                                   stdout=subprocess.PIPE).stdout.strip()
        said = subprocess.run([*common, "run", "--isolation=chroot", container, "--", *words],
                              cwd=self.ws.root, env=environment, check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        subprocess.run([*common, "rm", container], env=environment, check=True,
                       stdout=subprocess.DEVNULL)
        return said

    def python(self, *words):
        """A program of Python, away from the settings of the caller."""
        environment = dict(self.ws.environment(), PIP_CONFIG_FILE=os.devnull,
                           PIP_DISABLE_PIP_VERSION_CHECK="1")
        done = subprocess.run(words, env=environment, cwd=self.base, check=False, text=True, timeout=300,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, f"{words}:\n{done.stdout}")
        return done.stdout

    def test_01_the_first_build_runs_every_node(self):
        self.expect(self.first, 0)
        counts = self.first.counts()
        self.assertEqual((counts["nodes"], counts["run"], counts["fresh"]), (NODES, NODES, 0))

    def test_02_the_second_runs_none_and_git_sees_nothing(self):
        self.rebuild(nodes=NODES, run=0, fresh=NODES)
        self.expect(self.ws.devgraph("check"), 0)
        self.ws.shell("find . -not -path './.devgraph*' -exec touch {} +")
        self.rebuild(nodes=NODES, run=0, fresh=NODES)
        self.assertEqual(self.ws.shell("git status --porcelain"), "")

    def test_03_the_commit_is_in_the_wheels_and_is_that_of_their_sources(self):
        first = self.ws.shell("git rev-parse HEAD").strip()
        self.assertEqual(self.stamps(), {"1.4.0 " + first})
        self.assertIn('__commit__ = "unknown"', self.ws.read("python/clusterkit/__init__.py"))
        self.ws.write("README.md", self.ws.read("README.md") + "\nMore.\n")
        self.ws.shell("git commit -qam two")
        self.assertNotEqual(self.ws.shell("git rev-parse HEAD").strip(), first)
        self.rebuild(nodes=NODES, run=0, fresh=NODES)
        self.assertEqual(self.stamps(), {"1.4.0 " + first})

    def test_04_strangers_take_the_wheels(self):
        wheels = self.wheels()
        self.assertEqual([os.path.basename(wheel) for wheel in wheels], WHEELS)
        said = self.python("twine", "check", "--strict", *wheels)
        self.assertEqual(said.count("PASSED"), len(WHEELS))
        for wheel, version in zip(wheels, ("3.8", "3.9", "3.10", "3.11")):
            self.python("python3", "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--only-binary=:all:",
                        "--implementation=cp", f"--python-version={version}", f"--abi=cp{version.replace('.', '')}",
                        "--platform=manylinux2014_x86_64", f"--target={self.base}/py{version}", wheel)
        self.python("python3", "-m", "venv", f"{self.base}/venv")
        programs = f"{self.base}/venv/bin"
        self.python(f"{programs}/pip", "install", "-q", "--no-index", "--no-deps", wheels[-1])
        self.assertEqual(self.python(f"{programs}/clusterkit", "--version"), "clusterkit 1.4.0\n")
        # The server that came along is the one that was compiled, and works.
        self.assertEqual(self.python(f"{programs}/python", "-c", """if True:
            import tempfile
            from clusterkit import jobs, kvclient, kvserver
            journal = tempfile.mktemp()
            with kvserver.Server(journal=journal) as server, kvclient.Client(port=server.port) as client:
                queue = jobs.Queue(client)
                queue.put("small")
                queue.put("urgent", priority=9)
                key, name = queue.take("node01")
                queue.finish(key, "node01")
                version = client.set("leader", "node01")
                try:
                    client.set_if("leader", version - 1, "node02")
                except kvclient.Conflict as error:
                    print(name, error)
            with kvserver.Server(journal=journal) as server, kvclient.Client(port=server.port) as client:
                print(client.get("leader"), [job[2] for job in jobs.Queue(client).all()])
            """), "urgent conflict: leader has version 7\nnode01 ['waiting', 'done']\n")

    def test_05_strangers_take_the_images(self):
        labels = [f"{name}{region}@device={device}" for device in ("cpu", "gpu") for region in ("", "/cn")
                  for name in ("app", "spark", "spark-ai", "ai")]
        labels += [f"{name}{region}" for region in ("", "/cn") for name in ("spark-bench", "spark-ai-opt", "ai-opt")]
        labels += [f"{name}@device={device}" for device in ("cpu", "gpu") for name in ("base", "deps")]
        self.assertEqual(len(labels), IMAGES)
        digests = set()
        for label in labels:
            layout, digest = self.paths(label)
            ours = self.ws.read(digest).strip()
            raw = subprocess.run(["skopeo", "inspect", "--raw", "oci:" + layout], cwd=self.ws.root, check=True,
                                 env=self.ws.environment(), stdout=subprocess.PIPE).stdout
            self.assertEqual("sha256:" + hashlib.sha256(raw).hexdigest(), ours, label)
            digests.add(ours)
        self.assertEqual(len(digests), IMAGES)
        self.assertEqual(self.in_image("spark-ai-opt/cn", "clusterkit", "--version"), "clusterkit 1.4.0\n")
        commit = self.ws.shell("git log -1 --format=%H -- python native/kv.cpp").strip()
        self.assertEqual(self.in_image("ai/cn@device=gpu", "clusterkit", "info").splitlines(),
                         [f"clusterkit 1.4.0 ({commit})", "region cn", "runtimes ai", "gpu driver 550.54-stub"])

    def test_05_nothing_of_this_machine_is_in_the_images(self):
        listed = self.ws.shell(f"tar -tf {self.paths('rootfs')[0]}")
        self.assertEqual(re.findall(r"etc/(?:apt|hostname|resolv.conf)\b.*", listed), [])

    def test_06_a_region_is_a_part_of_the_images(self):
        listed = self.expect(self.ws.devgraph("graph", "*/cn", "--format", "json"), 0).out
        self.assertEqual(len(set(re.findall(r'"(//:[a-z-]+/cn[^"]*)"', listed))), 11)
        self.rebuild("--only", "*/cn", run=0)
        self.ws.edit("docker/cn/ai/Dockerfile", "TZ=Asia/Shanghai ", "TZ=Asia/Urumqi ")
        self.rebuild("*/cn@device=gpu", run=1)
        self.ws.edit("docker/cn/ai/Dockerfile", "TZ=Asia/Urumqi ", "TZ=Asia/Shanghai ")
        self.rebuild(run=0)

    def test_07_a_dockerfile_of_the_region_runs_its_images_only(self):
        self.edited({"docker/cn/spark/Dockerfile": ("TZ=Asia/Shanghai", "TZ=Asia/Urumqi")}, run=2, fresh=NODES - 2,
                    look=lambda run: self.assertEqual(
                        set(re.findall(r"//:(\S+)", run.err)), {"spark/cn@device=cpu", "spark/cn@device=gpu"}))

    def test_08_what_cannot_be_built_blocks_what_stands_on_it(self):
        def look(run):
            self.assertEqual(sorted(re.findall(r"^  (failed|blocked) +//:(\S+)", run.err, re.MULTILINE)),
                             [("blocked", "ai-opt/cn"), ("blocked", "spark-ai-opt/cn"),
                              ("failed", "ai-opt"), ("failed", "spark-ai-opt")])
        self.edited({"docker/ai-opt/Dockerfile": ("RUN tune", "RUN tine")}, code=1, failed=2, blocked=2,
                    run=0, fresh=32, look=look)

    def test_09_another_version(self):
        def look(_):
            self.assertEqual({stamp.split()[0] for stamp in self.stamps()}, {"1.5.0"})
            self.assertEqual(self.in_image("app@device=cpu", "clusterkit", "--version"), "clusterkit 1.5.0\n")
        self.edited({"python/clusterkit/__init__.py": ('"1.4.0"', '"1.5.0"')}, run=29, fresh=7, look=look)

    def test_10_another_line_of_code(self):
        self.ws.edit("python/clusterkit/ring.py", "points=64", "points=96")
        self.ws.shell("git commit -qam 'more points'")
        try:
            self.rebuild(nodes=NODES, run=28, fresh=8)
            self.assertEqual(self.stamps(), {"1.4.0 " + self.ws.shell("git rev-parse HEAD").strip()})
        finally:
            self.ws.shell("git reset -q --hard HEAD~")
            self.rebuild(nodes=NODES, run=0, fresh=NODES)

    def test_11_another_line_and_another_dependency(self):
        clean = next(iter(self.stamps()))

        def look(_):
            self.assertEqual(self.stamps(), {clean + "-dirty"})
            self.assertEqual(self.ws.read(self.paths("requires")[0]).split(),
                             ["ck-table>=1.0", "ck-units>=1.2", "ck-color>=0.3"])
            self.in_image("deps@device=gpu", "python3", "-c", "import ck_color, ck_table, ck_units")
        self.edited({"python/clusterkit/ring.py": ("points=64", "points=96"),
                     "python/pyproject.toml": ('"ck-units>=1.2",', '"ck-units>=1.2",\n  "ck-color>=0.3",')},
                    run=31, fresh=5, look=look)

    def test_12_nothing_is_left_behind(self):
        self.assertEqual(self.ws.shell("git status --porcelain"), "")
        self.assertEqual(len(glob.glob(f"{self.ws.root}/out/**/*.whl", recursive=True)), len(WHEELS))
        self.assertNotIn(self.base, open("/proc/mounts", encoding="utf-8").read())


if __name__ == "__main__":
    harness.main()
