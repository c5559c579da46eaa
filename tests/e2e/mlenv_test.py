#!/usr/bin/python3
"""The example of machine-learning environments, with every edit its README speaks of. Counts are exact."""

import glob
import json
import os
import re
import shutil

import example
import harness
import services
from kills import Kills

NODES = 53
STAGES = ["run-root", "dev-root", "run-user", "dev-user"]


class MlEnv(example.Example):
    NAME = "mlenv"
    NODES = NODES

    @classmethod
    def setUpClass(cls):
        cls.ws = cls.copy({".gitignore": "out/\n.devgraph/\n.env\n"})
        cls.ws.shell("git init -q . && git add . && git commit -qm one")
        # What it wrote is mine from now on, and has secrets.
        cls.ws.devgraph("build", "dotenv")
        for name in ("SUDO_PASSWORD", "API_KEY"):
            cls.ws.edit(".env", f"{name}=", f"{name}={cls.canaries.new(name)}")
        cls.canaries.keep(cls.ws.path(".env"))
        cls.login = ("alice", cls.canaries.new("the password of the registry"))
        cls.first = cls.build_first()

    def in_progress(self):
        """From here on environment a holds what no commit has: its commit tags are dirty tags already."""
        before = self.ws.read("a/requirements.txt")
        self.addCleanup(self.rebuild, run=0, fresh=NODES)
        self.addCleanup(self.ws.write, "a/requirements.txt", before)
        self.ws.write("a/requirements.txt", "# In progress.\n" + before)
        return self.rebuild(nodes=NODES)

    def commit(self, message):
        self.ws.shell(f"git commit -qam '{message}'")
        self.addCleanup(self.rebuild, run=0, fresh=NODES)
        self.addCleanup(self.ws.shell, "git reset -q --hard HEAD~")

    def head(self):
        return self.ws.shell("git rev-parse HEAD")[:12]

    def digest(self, label):
        return self.ws.read(self.paths(label)[1]).strip()

    def config(self, label, *arguments):
        return json.loads(self.ws.shell(f"skopeo inspect --config --raw oci:{self.paths(label, *arguments)[0]}"))

    def tags(self, env):
        """Name = digest, of all layouts that name an image of this environment."""
        found = {}
        for name in glob.glob(f"{self.ws.root}/out/{env}/tags/*/*/tags/index.json"):
            with open(name, encoding="utf-8") as file:
                for one in json.load(file)["manifests"]:
                    found[one["annotations"]["org.opencontainers.image.ref.name"]] = one["digest"]
        return found

    def names(self, env, tag, platform="amd64"):
        return {f"lab/mlenv-{env}:{platform}-cpu-{stage}-{tag}" for stage in STAGES}

    def labels(self, run):
        """What ran, as the lines of a build say it."""
        return set(re.findall(r"^\[ *\d+/\d+\] //:(\S+)", run.err, re.MULTILINE))

    def test_01_the_first_build_makes_every_node_and_the_second_none(self):
        self.expect(self.first, 0)
        counts = self.first.counts()
        # What both environments have alike is made once, and taken from the store the second time.
        self.assertEqual((counts["nodes"], counts["run"] + counts["fresh"]), (NODES, NODES))
        self.rebuild(nodes=NODES, run=0, fresh=NODES)
        self.expect(self.ws.devgraph("check"), 0)
        self.assertEqual(self.ws.shell("git status --porcelain"), "")

    def test_02_the_images_are_what_their_lists_say(self):
        self.assertEqual(self.ws.read(self.paths("b/snapshot")[0]),
                         "lr-events==1.0\nml-stats==1.2\n"
                         "run-engine @ file:///wheels/run_engine-0.3-py3-none-any.whl\ntable-print==3.1\n")
        installed = self.ws.read(self.paths("a/list-env")[0]).split()[::2]
        self.assertEqual(installed, ["lr-events", "ml-arrays", "ml-loss", "ml-metrics", "ml-optim", "plain-editor"])
        config = self.config("a/dev-user")
        me = dict(line.split("=", 1) for line in self.ws.read(".env").splitlines() if re.match(r"\w+=", line))
        self.assertEqual(config["config"]["User"], f"{me['USRID']}:{me['GRPID']}")
        self.assertEqual(config["config"]["Entrypoint"], ["/opt/entrypoints/start.sh"])
        for stage, tools in (("run", 1), ("dev", 0)):
            self.expect(self.ws.devgraph("run", f"a/{stage}-user", "--", "test", "-e", "/usr/bin/tidy-py"), tools)
        listed = self.ws.shell("tar -tf out/rootfs/_layers/rootfs.tar")
        self.assertEqual(re.findall(r"etc/(?:apt|hostname|resolv.conf)\b.*", listed), [])
        # The build packages stayed behind, and what they built is there.
        self.expect(self.ws.devgraph("run", "a/build-apt", "--", "test", "-e", "/usr/bin/mkshim"), 0)
        self.expect(self.ws.devgraph("run", "a/run-root", "--", "sh", "-c",
                                     "! test -e /usr/bin/mkshim && python3 -c 'import accel; accel.is_tuned()'"), 0)

    def test_03_the_experiment_runs(self):
        run = self.expect(self.ws.devgraph("run", "a/dev-user", "--", "python3", "-m", "pkg.exp", "lr=0.1"), 0)
        lines = run.out.splitlines()
        self.assertEqual(lines[0], "lr=0.1 epochs=120 points=400 seed=1 noise=0.8")
        self.assertEqual(lines[2], "accuracy 0.98 on 100 points that it has not seen")
        self.assertRegex(lines[3], r"^python 3\.\d+\.\d+, with shim: lr-events 1\.0, ml-arrays 1\.3, ")
        run = self.expect(self.ws.devgraph("run", "a/dev-user", "--", "python3", "-m", "pkg.exp", "rate=1"), 1)
        self.assertIn("`rate=1` is no setting", run.err)
        self.assertEqual(self.ws.shell("git status --porcelain"), "")

    def test_04_tags_are_layouts_that_strangers_read(self):
        for env in ("a", "b"):
            tags = self.tags(env)
            self.assertEqual(set(tags), self.names(env, "latest") | self.names(env, self.head()))
            for stage in STAGES:
                name = f"lab/mlenv-{env}:amd64-cpu-{stage}-latest"
                self.assertEqual(tags[name], self.digest(f"{env}/{stage}"))
                layout = self.paths(f"{env}/tags@image={stage},tag=latest")[0]
                said = self.ws.shell(f"skopeo inspect --raw oci:{layout}:{name} | sha256sum")
                self.assertEqual("sha256:" + said[:64], tags[name])

    def test_05_the_first_edit_after_a_commit_withdraws_its_names(self):
        self.edited({"a/dependencies/apt-dev.txt": lambda text: "# Another remark.\n" + text}, run=4,
                    look=lambda run: self.assertEqual(
                        self.labels(run), {f"a/tags@image={stage},tag=dirty" for stage in STAGES}))

    def test_06_a_list_runs_what_it_is_for(self):
        self.in_progress()
        self.edited({"a/dependencies/apt-dev.txt": lambda text: text + "ml-threads\n"}, run=6,
                    look=lambda run: self.assertEqual(
                        {label for label in self.labels(run) if "tags" not in label}, {"a/dev-root", "a/dev-user"}))
        self.edited({"a/requirements.txt": lambda text: text + "table-print\n"}, run=15,
                    look=lambda run: self.assertEqual({label[0] for label in self.labels(run)}, {"a"}))
        self.edited({"a/entrypoints/project.sh": lambda text: text + "umask 002\n"}, run=14)

    def test_07_a_build_package_stops_at_the_shim(self):
        self.in_progress()
        self.edited({"a/dependencies/apt-build.txt": lambda text: text + "ccnote\n"}, run=2,
                    look=lambda run: self.assertEqual(self.labels(run), {"a/build-apt", "a/shim"}))

    def test_08_comments_blank_lines_and_line_ends_do_not_count(self):
        def noise(text):
            return "# Another remark.\n\n" + text.replace("\n", "\r\n")
        lists = [f"a/dependencies/apt-{part}.txt" for part in ("build", "runtime", "dev")] + ["a/requirements.txt"]
        self.in_progress()
        for name in lists:
            with self.subTest(name):
                self.edited({name: noise}, run=0, fresh=NODES)
        self.ws.write("b/requirements.txt", "# Also in progress.\n" + self.ws.read("b/requirements.txt"))
        try:
            self.rebuild(nodes=NODES)
            for name in (".dockerignore", "Dockerfile", "Dockerfile-user"):
                with self.subTest(name):
                    self.edited({name: lambda text: "# Another remark.\n" + text}, run=0, fresh=NODES)
        finally:
            self.ws.edit("b/requirements.txt", "# Also in progress.\n", "")

    def test_09_of_my_settings_only_what_is_used_counts(self):
        before = self.ws.read(".env")
        try:
            for old, new in (("API_KEY=", f"API_KEY={self.canaries.new('another API_KEY')}"),
                             ("ACCELERATION=cpu", "ACCELERATION=cuda"), ("SUDO_PASSWORD=", "SUDO_PASSWORD=even ")):
                self.ws.edit(".env", old, new)
                self.rebuild(nodes=NODES, run=0, fresh=NODES)
            user = re.sub(r"USRID=\d+", "USRID=4711", self.ws.read(".env"))
            self.ws.write(".env", user)
            run = self.rebuild(nodes=NODES, run=12)
            self.assertEqual(self.config("b/run-user")["config"]["User"].split(":")[0], "4711")
            self.assertEqual({label for label in self.labels(run) if "tags" not in label},
                             {f"{env}/{stage}-user" for env in "ab" for stage in ("run", "dev")})
        finally:
            self.ws.write(".env", before)
            self.rebuild(nodes=NODES, run=0, fresh=NODES)

    def test_10_names_of_commits_are_for_what_commits_hold(self):
        self.edited({"README.md": lambda text: text + "\nMore.\n"}, run=0, fresh=NODES)
        self.expect(self.ws.devgraph("build", "-D", "require_clean=true"), 0)

        def look(run):
            dirty = {f"a/tags@image={stage},tag=dirty" for stage in STAGES}
            self.assertLessEqual(dirty, self.labels(run))
            tags = self.tags("a")
            self.assertEqual(set(tags), self.names("a", "latest") | {
                f"lab/mlenv-a:amd64-cpu-{stage}-dirty-{self.digest(f'a/{stage}')[7:19]}" for stage in STAGES})
            self.assertEqual(set(self.tags("b")), self.names("b", "latest") | self.names("b", self.head()))
            refused = self.expect(self.ws.devgraph("build", "-D", "require_clean=true"), 2)
            self.assertIn("a: there are changes that no commit has", refused.err)
            self.expect(self.ws.devgraph("run", "a/run-user", "--", "true"), 0)
            self.rebuild("a/list-env", run=0)
        self.edited({"a/requirements.txt": lambda text: text + "table-print\n"}, look=look)

    def test_11_a_commit_of_the_experiment_moves_names_only(self):
        before = {env: self.tags(env) for env in "ab"}
        old = self.head()
        self.ws.edit("src/pkg/config.py", '"epochs": 120', '"epochs": 150')
        self.rebuild(run=0, fresh=NODES)
        self.commit("longer")
        run = self.rebuild(nodes=NODES, run=8)
        self.assertEqual(self.labels(run),
                         {f"{env}/tags@image={stage},tag={self.head()}" for env in "ab" for stage in STAGES})
        for env in "ab":
            after = self.tags(env)
            for stage in STAGES:
                name = f"lab/mlenv-{env}:amd64-cpu-{stage}-"
                self.assertEqual(after[name + self.head()], before[env][name + old])

    def test_12_a_look_at_what_failed(self):
        before = self.ws.read("a/requirements.txt")
        self.ws.edit("a/requirements.txt", "ml-optim==0.9", "ml-optim>=9")
        try:
            run = self.rebuild("a/runtime-deps", code=1, failed=1)
            self.assertIn("No matching distribution found for ml-optim>=9", run.err)

            def look(*words):
                return self.ws.devgraph("run", "--failed", "a/runtime-deps", "--", *words)
            self.assertIn("ml-optim>=9", self.expect(look("cat", "/opt/requirements.txt"), 0).out)
            # What the instruction had done before it failed is gone.
            self.expect(look("test", "-e", "/usr/local/lib/python3.11/dist-packages/ml_loss.py"), 1)
            self.expect(look("sh", "-c", "exit 7"), 7)
        finally:
            self.ws.write("a/requirements.txt", before)
            self.rebuild(nodes=NODES, run=0, fresh=NODES)

    def test_13_another_processor(self):
        # What runs a program needs an emulator; what only has files does not.
        labels = ["rootfs", "a/shell-tools"]
        if os.path.exists("/proc/sys/fs/binfmt_misc/qemu-aarch64"):
            labels.append("a")
        before = self.ws.read("build.devgraph")
        self.ws.write("build.devgraph", before + '\nwrite probe { text = tag_of("a", "run-root", "latest") }\n')
        try:
            self.rebuild("-D", "platform=arm64", "probe", *labels)
            self.assertEqual(self.ws.read(self.paths("probe")[0]), "lab/mlenv-a:arm64-cpu-run-root-latest")
            for label in labels[:2]:
                self.assertEqual(self.config(label)["architecture"], "arm64")
            if "a" in labels:
                self.assertLessEqual(self.names("a", "latest", "arm64"), set(self.tags("a")))
            else:
                run = self.rebuild("-D", "platform=arm64", "a/build-apt", code=1, failed=1)
                self.assertIn("programs of another processor need an emulator", run.err)
        finally:
            self.ws.write("build.devgraph", before)
            self.rebuild(nodes=NODES, run=0, fresh=NODES)
        self.assertEqual(self.config("rootfs")["architecture"], "amd64")

    def test_14_an_image_that_was_deleted_is_there_before_what_stands_on_it(self):
        digest = self.digest("a/run-root")
        folder = os.path.dirname(self.paths("a/run-root")[0])
        for gone, runs in (([folder], 0), ([folder, ".devgraph/cas", ".devgraph/buildah"], None)):
            with self.subTest(gone):
                for name in gone:
                    shutil.rmtree(self.ws.path(name))
                self.expect(self.ws.devgraph("check", "a/run-user"), 3)
                run = self.rebuild("a/run-user")
                if runs is not None:
                    self.assertEqual(run.counts()["run"], runs)
                self.assertEqual(self.digest("a/run-root"), digest)
                self.assertTrue(self.ws.exists(self.paths("a/run-root")[0]))
        self.rebuild(nodes=NODES)
        self.rebuild(nodes=NODES, run=0, fresh=NODES)

    def test_12_b_release_pushes_what_a_commit_holds(self):
        registry = services.Registry(os.path.join(self.folder, "registry"), self.login).start()
        self.addCleanup(registry.stop)
        self.canaries.keep(*services.log_in(self.ws.home, {registry.host: self.login}))
        arguments = ("-D", f"registry={registry.host}/team")

        def pushed(env):
            listed = self.ws.shell("skopeo list-tags --tls-verify=false "
                                   f"docker://{registry.host}/team/lab/mlenv-{env} 2> /dev/null || echo '{{}}'")
            return set(json.loads(listed).get("Tags", []))
        plan = self.expect(self.ws.devgraph("release", "--dry-run", *arguments), 0)
        self.assertIn("8 effects: 8 to do", plan.err)
        self.assertEqual(registry.writes(), [])
        run = self.expect(self.ws.devgraph("release", "--yes", *arguments, timeout=300), 0)
        self.assertIn("8 effects: 8 done", run.err)
        names = {f"amd64-cpu-{stage}-{tag}" for stage in ("run-root", "dev-root") for tag in ("latest", self.head())}
        self.assertEqual((pushed("a"), pushed("b")), (names, names))
        inspected = self.ws.shell(f"skopeo inspect --tls-verify=false --format '{{{{.Digest}}}}' docker://{registry.host}"
                                  "/team/lab/mlenv-a:amd64-cpu-run-root-latest").strip()
        self.assertEqual(inspected, self.digest("a/run-root"))
        writes = registry.writes()
        run = self.expect(self.ws.devgraph("release", "--yes", *arguments), 0)
        self.assertIn("8 effects: 0 done, 8 present", run.err)
        self.assertEqual(registry.writes(), writes)

        def forget():
            registry.wipe()
            os.truncate(registry.log_path, 0)
            self.ws.remove(".devgraph/ledger")

        def state():
            puts = [line for line in registry.writes(done_only=True) if "/manifests/amd64" in line]
            self.assertEqual((len(puts), len(set(puts))), (8, 8))
            return pushed("a"), pushed("b")
        kills = Kills(self, lambda: self.ws.start("release", "--yes", *arguments), forget, state)
        self.assertEqual(kills.lines, 2 * 8 + 2)
        kills.after_each_line(every=5)
        kills.at_random(2)
        # What no commit has gets no name of a commit: environment a has its two names that move.
        self.in_progress()
        run = self.expect(self.ws.devgraph("release", "--dry-run", *arguments), 0)
        self.assertIn("6 effects: 0 to do, 6 present", run.err)

    def test_12_c_what_was_resolved_is_written_down_once(self):
        self.addCleanup(self.rebuild, run=0, fresh=NODES)
        self.addCleanup(self.ws.shell, "git checkout -q a/requirements.txt")
        self.ws.edit("a/requirements.txt", "ml-loss==", "ml-loss>=")
        self.rebuild("a/snapshot")
        self.assertIn("drifted", self.expect(self.ws.devgraph("check"), 3).out)
        self.expect(self.ws.devgraph("freeze", "a"), 0)
        self.assertEqual(self.ws.read("a/requirements.txt"), self.ws.read(self.paths("a/snapshot")[0]))
        self.assertIn("plain-editor==", self.ws.read("a/requirements.txt"))
        stages = {f"a/{stage}" for stage in ("runtime-deps", *STAGES)}
        self.assertLessEqual(self.labels(self.rebuild("a/run-user", "a/dev-user", "a/snapshot")), stages | {
            "a/list-env", "a/snapshot"})
        frozen = self.ws.read("a/requirements.txt")
        self.expect(self.ws.devgraph("freeze", "a"), 0)
        self.assertEqual(self.ws.read("a/requirements.txt"), frozen)
        self.rebuild("a/run-user", "a/dev-user", "a/snapshot", run=0)
        self.expect(self.ws.devgraph("freeze", "b/save"), 0)
        self.addCleanup(self.ws.shell, "git checkout -q b/requirements.txt")
        self.assertIn("run-engine @ file:///wheels/", self.ws.read("b/requirements.txt"))


if __name__ == "__main__":
    harness.main()
