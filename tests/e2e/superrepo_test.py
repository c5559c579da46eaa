#!/usr/bin/python3
"""The example of runnable directories in a super-repo, with every edit its README speaks of. Counts are exact."""

import ctypes
import json
import os
import re
import select
import struct
import threading

import example
import harness
import services
from kills import Kills

DIRS = [".", "ck.infra", "models", "models/vision", "research/prices", "dash"]
PER_DIR = 12
NODES = 3 + PER_DIR * len(DIRS)


class Writes(threading.Thread):
    """Names what is written below a folder, but for devgraph's own folders."""

    MASK = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400  # modified, mode, moved, created, deleted

    def __init__(self, root):
        super().__init__(daemon=True)
        self.found = set()
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.watch = self.libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        self.folders = {}
        for folder, below, _ in os.walk(root):
            below[:] = [name for name in below if name not in ("out", ".devgraph", ".git")]
            number = self.libc.inotify_add_watch(self.watch, os.fsencode(folder), self.MASK)
            assert number > 0, os.strerror(ctypes.get_errno())
            self.folders[number] = os.path.relpath(folder, root)
        self.ended, self.end_now = os.pipe()
        self.start()

    def run(self):
        while self.ended not in select.select([self.watch, self.ended], [], [])[0]:
            self.read()
        self.read()

    def read(self):
        try:
            data = os.read(self.watch, 1 << 16)
        except BlockingIOError:
            return
        while data:
            number, _, _, size = struct.unpack_from("iIII", data)
            name = data[16:16 + size].rstrip(b"\0").decode()
            if not (self.folders[number] == "." and name in ("out", ".devgraph")):
                self.found.add(os.path.join(self.folders[number], name))
            data = data[16 + size:]

    def end(self):
        os.write(self.end_now, b".")
        self.join()
        return self.found


class SuperRepo(example.Example):
    NAME = "superrepo"
    NODES = NODES
    BUILD = ("build", "-j4", "-k")
    TRACE = ".devgraph/trace.json"

    @classmethod
    def setUpClass(cls):
        cls.ws = cls.copy()
        # The helpers are a repository of their own, as the guide has them.
        cls.ws.shell("""
          mv helpers_root ../helpers && cd ../helpers && git init -q . && git add . && git commit -qm helpers
          cd ../ws && git init -q . && git -c protocol.file.allow=always submodule --quiet add ../helpers helpers_root
          git add . && git commit -qm one""")
        cls.logins = {name: ("alice", cls.canaries.new(f"the password of {name}")) for name in ("ecr", "ghcr")}
        watch = Writes(cls.ws.root)
        cls.first = cls.ws.devgraph(*cls.BUILD, "--trace", cls.TRACE, timeout=900)
        cls.written = watch.end()
        cls.trace = json.loads(cls.ws.read(cls.TRACE))

    def expect_ran(self, *labels):
        return lambda run: self.assertEqual(self.ran(run), set(labels), run.err)

    def digest(self, label):
        return self.ws.read(self.paths(label)[1]).strip()

    def test_01_the_first_build_makes_every_node_and_the_second_none(self):
        self.expect(self.first, 0)
        counts = self.first.counts()
        self.assertEqual((counts["nodes"], counts["run"], counts["fresh"]), (NODES, NODES, 0))
        for folder in DIRS:
            project = folder.removeprefix(".") if folder == "." else folder
            self.assertEqual(len([one for one in self.ran(self.first) if one.split(":")[0] == project]), PER_DIR)
        self.rebuild(nodes=NODES, run=0, fresh=NODES)
        self.expect(self.ws.devgraph("check"), 0)
        self.ws.shell("find . -not -path './.devgraph*' -not -path './.git*' -exec touch -h {} +")
        self.rebuild(nodes=NODES, run=0, fresh=NODES)

    def test_02_images_are_built_beside_each_other_and_the_tree_is_as_it_was(self):
        times = [(one["ts"], one["ts"] + one["dur"], one["name"]) for one in self.trace
                 if re.search(r":app/(local@arch=\w+|prod)$", one["name"])]
        self.assertEqual(len(times), 3 * len(DIRS))
        beside = {name for begin, end, name in times if any(a < end and begin < b for a, b, other in times if other != name)}
        self.assertGreater(len(beside), len(times) // 2)
        self.assertEqual(self.written, set())
        self.assertEqual(self.ws.shell("git status --porcelain"), "")

    def test_03_what_the_helpers_change_runs_where_it_is_used(self):
        both = [f"{'' if folder == '.' else folder}:app/suites@suite={suite}"
                for folder in DIRS for suite in ("fast", "slow")]
        self.edited({"helpers_root/links/pytest.ini": ("-q\n", "-q -x\n")}, run=12, look=self.expect_ran(*both))

        def look(run):
            folders = {label.split(":")[0] for label in self.ran(run)}
            self.assertEqual(folders, {"", "ck.infra", "models", "models/vision"})
        self.edited({"helpers_root/links/install_os.sh": ("/app:/bin/sh", "/app:/bin/busybox")}, run=36,
                    fresh=NODES - 36, look=look)

    def test_04_sources_run_tests_and_the_image_that_holds_them(self):
        names = ("suites@suite=fast", "suites@suite=slow", "prod")
        # The innermost directory owns its files: those of models/vision are none of models' or the root's.
        self.edited({"models/vision/src/vision/bars.py": ("How many pixels", "The number of pixels")}, run=3,
                    look=self.expect_ran(*(f"models/vision:app/{name}" for name in names)))

    def test_05_versions_are_compared_as_versions(self):
        four = [f"models:app/{name}" for name in ("version", "promote", "qa", "prod")]
        for version, ran in (("1.10.0", four), ("1.9.1", [four[0], four[3]]), ("2.0.0", four)):
            with self.subTest(version):
                self.edited({"models/changelog.txt": ("# models-1.9.0", f"# models-{version}")}, run=len(ran),
                            look=self.expect_ran(*ran))
        before = self.ws.read("models/changelog.txt")
        try:
            for text in (before.replace("models-1.9.0", "models-1.8.9", 1), "# models-1.8.9\n\n" + before):
                self.ws.write("models/changelog.txt", text)
                run = self.expect(self.ws.devgraph("build"), 2)
                self.assertRegex(run.err, r"error\[E411\]: acme-models: the changelog goes from 1\.\d+\.\d+ to 1\.8\.9\n"
                                          "  --> models/build.devgraph:8:10\n")
        finally:
            self.ws.write("models/changelog.txt", before)
        run = self.expect(self.ws.devgraph("build", "-D", "//models:version=1.8.10"), 2)
        self.assertIn("acme-models: 1.8.10 is below 1.9.0 of the changelog", run.err)
        run = self.rebuild("-D", "//models:version=1.10.0", "//models:app/version")
        self.assertEqual(self.ws.read(self.paths("//models:app/version")[0]), "1.10.0")
        self.rebuild(nodes=NODES, run=0)

    def test_05_what_was_resolved_goes_back_into_the_tree_when_that_is_asked_for(self):
        before = {name: self.ws.read(f"models/{name}") for name in (
            "pyproject.toml", "devops/docker_build/poetry.lock", "devops/docker_build/pip_list.txt")}
        self.ws.edit("models/pyproject.toml", '"tinyframe>=1.2",', '"tinyframe>=1.2",\n  "unitful",')
        try:
            run = self.rebuild(nodes=NODES, run=10)
            self.assertEqual({label.split(":")[0] for label in self.ran(run)}, {"models"})
            self.assertEqual(self.ws.shell("git status --porcelain"), " M models/pyproject.toml\n")
            drift = self.expect(self.ws.devgraph("check"), 3).out
            self.assertIn("//models:app/save-lock  ./models/devops/docker_build/poetry.lock drifted", drift)
            written = self.expect(self.ws.devgraph("freeze", "//models:app/save-lock"), 0).out
            self.assertEqual(written, "".join(f"written ./models/{name}\n" for name in list(before)[1:]))
            self.rebuild(nodes=NODES, run=0)
            self.expect(self.ws.devgraph("check"), 0)
        finally:
            for name, text in before.items():
                self.ws.write(f"models/{name}", text)
        self.rebuild(nodes=NODES, run=0)
        self.assertEqual(self.ws.shell("git status --porcelain"), "")

    def test_06_an_index_has_both_processors_and_keeps_them_when_it_is_promoted(self):
        for folder in ("", "dash"):
            layout, digest = self.paths(f"//{folder}:app/dev")
            raw = json.loads(self.ws.shell(f"skopeo inspect --raw oci:{layout}"))
            self.assertEqual([one["platform"]["architecture"] for one in raw["manifests"]], ["amd64", "arm64"])
            self.assertEqual(self.digest(f"//{folder}:app/promote"), self.ws.read(digest).strip())
            name = "acme-dash" if folder else "acme"
            named = self.ws.shell(f"skopeo inspect --raw oci:{self.paths(f'//{folder}:app/promote')[0]}:"
                                  f"111122223333.dkr.ecr.eu-north-1.amazonaws.com/{name}:dev-1.9.0 | sha256sum")
            self.assertEqual("sha256:" + named[:64], self.ws.read(digest).strip())
        self.assertEqual(self.ws.read(self.paths("//dash:app/pip-list")[0]),
                         "colorwheel==2.0\nhelpers==2.3.0\nunitful==0.4\n")

    def test_07_a_failing_suite_blocks_what_it_guards_and_nothing_else(self):
        def look(run):
            self.assertEqual(sorted(re.findall(r"^  (failed|blocked) +//(\S+)", run.err, re.MULTILINE)),
                             [("blocked", f"models/vision:app/{name}") for name in ("prod", "promote", "qa")] +
                             [("failed", "models/vision:app/suites@suite=slow")])
        self.edited({"models/vision/tests/test_blobs.py": ("== 11_250", "== 11_251"),
                     "models/src/models/lines.py": ("wrong by least", "least wrong")},
                    code=1, failed=1, blocked=3, run=4, fresh=NODES - 8, look=look)

    def test_08_a_suite_without_tests_passes(self):
        names = [f"dash/tests/test_{name}.py" for name in ("bars", "labels", "pages", "scales", "ticks")]
        self.edited({name: ("slow_tests", "fast_tests") for name in names}, run=2)
        self.edited({names[0]: ("<rect", "<circle")}, code=1, failed=2, blocked=3, run=0)

    def test_09_a_directory_more_is_a_copy_and_another_name_costs_no_image(self):
        before = self.ws.shell("git status --porcelain")
        self.ws.shell("cp -a dash newcomer")
        run = self.rebuild(nodes=NODES + PER_DIR, fresh=NODES + PER_DIR - 3, run=3)
        self.assertEqual(self.ran(run), {"newcomer:app/links", "newcomer:app/promote", "newcomer:app/qa"})
        self.assertIn("acme-newcomer:dev-1.9.0", self.ws.read(self.paths("//newcomer:app/promote")[0] + "/index.json"))
        self.ws.shell("mv newcomer latecomer")
        run = self.rebuild(nodes=NODES + PER_DIR)
        self.assertLessEqual(self.ran(run), {"latecomer:app/links", "latecomer:app/promote", "latecomer:app/qa"})
        self.ws.shell("rm -r latecomer")
        self.rebuild(nodes=NODES, run=0)
        self.assertEqual(self.ws.shell("git status --porcelain"), before)

    def test_10_a_context_that_is_too_big_is_told_by_its_biggest_file(self):
        os.makedirs(self.ws.path("models/data"))
        with open(self.ws.path("models/data/prices.bin"), "wb") as file:
            file.truncate(250_000_000)
        try:
            run = self.rebuild(code=1, nodes=NODES, failed=1, run=0)
            self.assertIn("failed //models:app/prod: ", run.err)
            self.assertIn("above its limit of 200 MB; the largest: data/prices.bin 250 MB, ", run.err)
        finally:
            self.ws.remove("models/data")
            self.rebuild(nodes=NODES, run=0)

    def test_11_two_images_of_one_name_are_refused_with_both_places(self):
        before = self.ws.read("dash/build.devgraph")
        self.ws.write("dash/build.devgraph", before.replace("image_of(./)", '"acme-models"'))
        try:
            run = self.expect(self.ws.devgraph("build"), 2)
            self.assertRegex(run.err, "error\\[E603\\]: two images would be named `.*/acme-models:dev-1.9.0`\n")
            for folder in ("dash", "models"):
                self.assertIn(f"--> {folder}/build.devgraph:8:10\n", run.err)
                self.assertIn(f" //{folder}:app/promote\n", run.err)
            self.assertIsNone(re.search(r"^\[", run.err, re.MULTILINE))
        finally:
            self.ws.write("dash/build.devgraph", before)
        self.rebuild(nodes=NODES, run=0)

    def test_12_labels_from_anywhere_and_only_what_they_ask_for(self):
        before = self.ws.read("models/build.devgraph")
        self.ws.write("models/build.devgraph", "this is no manifest\n")
        try:
            for folder, words, nodes in (("dash", ["build"], PER_DIR), (".", ["build", "//dash"], PER_DIR),
                                         (".", ["build", "dash"], PER_DIR), (".", ["-C", "dash", "build"], PER_DIR),
                                         ("dash", ["build", "../research/prices"], PER_DIR),
                                         ("dash", ["build", "app/version"], 1),
                                         ("ck.infra", ["build", "//dash:app/suites@suite=fast"], 1)):
                with self.subTest(" ".join(words), folder=folder):
                    run = self.expect(self.ws.devgraph(*words, cwd=folder), 0)
                    self.assertGreaterEqual(run.counts()["nodes"], nodes)
                    self.assertEqual(run.counts()["run"], 0)
            self.expect(self.ws.devgraph("build"), 2)
        finally:
            self.ws.write("models/build.devgraph", before)
        self.rebuild(nodes=NODES, run=0)

    def test_13_links_are_links_to_the_helpers(self):
        original = os.stat(self.ws.path("helpers_root/links/pytest.ini")).st_mode
        text = self.ws.read("models/pytest.ini")

        def copy(content):
            self.ws.remove("models/pytest.ini")
            self.ws.write("models/pytest.ini", content)

        def link(*words, code=0):
            return self.expect(self.ws.devgraph("link", *words), code)
        copy(text)
        self.assertIn("//models:app/links  ./models/pytest.ini drifted: it is a copy, not a link",
                      self.expect(self.ws.devgraph("check"), 3).out)
        self.assertIn("./models/pytest.ini", self.rebuild(nodes=NODES, run=0).err)
        self.assertIn("restored ./models/pytest.ini -> ../helpers_root/links/pytest.ini\n",
                      link("--fix", "//models:app/links").out)
        copy(text + "# Mine.\n")
        self.assertIn("--force", link("--fix", "//models:app/links", code=2).err)
        link("--fix", "--force", "//models:app/links")
        link("--stage", "models/pytest.ini")
        self.assertFalse(os.path.islink(self.ws.path("models/pytest.ini")))
        self.assertTrue(os.access(self.ws.path("models/pytest.ini"), os.W_OK))
        link("--unstage", "models/pytest.ini")
        self.assertEqual(os.readlink(self.ws.path("models/pytest.ini")), b"../helpers_root/links/pytest.ini")
        self.assertEqual(os.stat(self.ws.path("helpers_root/links/pytest.ini")).st_mode, original)
        self.rebuild(nodes=NODES, run=0)
        self.expect(self.ws.devgraph("check"), 0)
        self.assertEqual(self.ws.shell("git status --porcelain"), "")

    def test_13_effects_are_listed_and_left_out(self):
        listed = self.expect(self.ws.devgraph("list", "//..."), 0).out
        for name in ("primary", "mirror", "released", "tagged", "save-lock", "links"):
            self.assertEqual(len(re.findall(rf"^//\S*:app/{name} ", listed, re.MULTILINE)), len(DIRS))

    def test_14_a_release_of_one_directory(self):
        ecr = services.Registry(os.path.join(self.folder, "ecr"), self.logins["ecr"]).start()
        self.addCleanup(ecr.stop)
        ghcr = services.Registry(os.path.join(self.folder, "ghcr"), self.logins["ghcr"]).start()
        self.addCleanup(ghcr.stop)
        # One login is written down, the other one is what a helper knows.
        self.canaries.keep(*services.log_in(
            self.ws.home, {ecr.host: self.logins["ecr"]}, {ghcr.host: self.logins["ghcr"]}))
        self.ws.variables["PATH"] = f"{self.ws.home}/bin:/usr/bin:/bin"
        self.addCleanup(self.ws.write, "helpers_root/runnable.devgraph", self.ws.read("helpers_root/runnable.devgraph"))
        self.ws.edit("helpers_root/runnable.devgraph", "111122223333.dkr.ecr.eu-north-1.amazonaws.com", ecr.host + "/acme")
        self.ws.edit("helpers_root/runnable.devgraph", "ghcr.io/acme", ghcr.host + "/acme")
        origin = os.path.join(self.folder, "origin.git")
        self.ws.shell(f"git init -q --bare {origin} && git remote add origin {origin} && git config user.name t && "
                      "git config user.email t@example.org")
        plan = self.expect(self.ws.devgraph("release", "models", "--dry-run", timeout=300), 0)
        self.assertEqual([line.split()[1] for line in plan.out.splitlines()[1:]].count("push"), 6)
        self.assertEqual(ecr.writes() + ghcr.writes(), [])
        run = self.expect(self.ws.devgraph("release", "models", "--yes", timeout=300), 0)
        self.assertIn("7 effects: 7 done", run.err)
        version = re.search(r"(?m)^# .*-(\d+\.\d+)\.(\d+)$", self.ws.read("models/changelog.txt"))
        raw = {}
        for registry, tag in ((ecr, "dev"), (ecr, f"dev-{version[1]}.0"), (ghcr, "dev"), (ghcr, f"dev-{version[1]}.0")):
            raw[registry.host, tag] = self.ws.shell(
                f"skopeo inspect --raw --tls-verify=false docker://{registry.host}/acme/acme-models:{tag}")
        self.assertEqual(len(set(raw.values())), 1)
        self.assertEqual(len(json.loads(raw[ecr.host, "dev"])["manifests"]), 2)
        # A second name of the same image is a manifest, and nothing else.
        names = [line for line in ecr.writes() if line.startswith("PUT") and "/manifests/dev" in line]
        self.assertEqual(len(names), 2, names)
        writes = ecr.writes()
        self.assertFalse([line for line in writes[writes.index(names[0]):writes.index(names[1])] if "/blobs/" in line])
        blobs = [number for number, line in enumerate(ghcr.writes()) if "/blobs/" in line]
        named = [number for number, line in enumerate(ghcr.writes()) if "/manifests/dev" in line]
        self.assertLess(max(blobs), min(named))
        self.assertIn(f"refs/tags/acme-models-{version[1]}.{version[2]}", self.ws.shell(f"git ls-remote {origin}"))
        writes = ecr.writes() + ghcr.writes()
        self.assertIn("7 effects: 0 done, 7 present",
                      self.expect(self.ws.devgraph("release", "models", "--yes", timeout=300), 0).err)
        self.assertEqual(ecr.writes() + ghcr.writes(), writes)

        def forget():
            ecr.wipe()
            ghcr.wipe()
            os.truncate(ecr.log_path, 0)
            os.truncate(ghcr.log_path, 0)
            self.ws.shell(f"rm -rf {origin} .devgraph/ledger && git init -q --bare {origin}; git tag | xargs git tag -d")

        def state():
            for registry, count in ((ecr, 4), (ghcr, 2)):
                puts = [line for line in registry.writes(done_only=True)
                        if "/manifests/" in line and "/manifests/sha256" not in line]
                self.assertEqual((len(puts), len(set(puts))), (count, count), puts)
            return ecr.tags("acme/acme-models"), ghcr.tags("acme/acme-models"), self.ws.shell(
                f"git --git-dir {origin} for-each-ref --format='%(refname) %(*objectname)'")
        kills = Kills(self, lambda: self.ws.start("release", "models", "--yes"), forget, state)
        self.assertEqual(kills.lines, 2 * 7 + 2)
        kills.after_each_line(every=5)
        kills.at_random(2)
        self.back_to_an_earlier_version(ecr)

    def back_to_an_earlier_version(self, registry):
        self.edited_for_good("models/changelog.txt", lambda text: "# models-1.9.1\n- Broken\n\n" + text)
        self.expect(self.ws.devgraph("release", "models", "--yes", timeout=300), 0)
        tags = registry.tags("acme/acme-models")
        self.assertEqual(tags["prod"], tags["prod-1.9.1"])
        self.assertNotEqual(tags["prod"], tags["prod-1.9.0"])
        back = ("release", "//models:app/rollback", "-D", "//models:back-to=1.9.0")
        plan = self.expect(self.ws.devgraph(*back, "--dry-run"), 0).out
        self.assertRegex(plan, r"promote +\S+/acme/acme-models:prod +\w{12} +moves from \w{12}\n")
        writes = len(registry.writes())
        self.assertIn("1 effect: 1 done", self.expect(self.ws.devgraph(*back, "--yes"), 0).err)
        tags = registry.tags("acme/acme-models")
        self.assertEqual(tags["prod"], tags["prod-1.9.0"])
        self.assertEqual({line.split("/")[-2] for line in registry.writes()[writes:]}, {"manifests"})
        # `check` knows who moved it, and that the sources say otherwise.
        said = self.expect(self.ws.devgraph("check", "--remote", "models"), 3).out
        self.assertRegex(said, r"^//models:app/released  push \S+:prod stands for \w{12}, not for \w{12}\n$")
        run = self.expect(self.ws.devgraph("release", "models", *back[2:], "--yes"), 2)
        self.assertRegex(run.err, r"error\[E944\]: no plan: //models:app/\S+ and //models:app/\S+ give one name, "
                                  r"\S+/acme-models:prod, to two things; release one of them\n")
        run = self.expect(self.ws.devgraph(*back[:-1], "//models:back-to=1.0.0", "--yes"), 2)
        self.assertRegex(run.err, r"E944\]: no plan: //models:app/rollback\S+ \S+:prod-1.0.0 is not there")
        self.expect(self.ws.devgraph("release", "models", "--yes"), 0)

    def edited_for_good(self, name, change):
        """Until the end of the case."""
        before = self.ws.read(name)
        self.addCleanup(self.ws.write, name, before)
        self.ws.write(name, change(before))


if __name__ == "__main__":
    harness.main()
