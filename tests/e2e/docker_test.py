#!/usr/bin/python3
"""Images in a docker daemon, which is started for the test and ended after it."""

import json
import os
import re
import shutil
import signal
import tempfile

import harness
import services

MANIFEST = """devgraph 1
image app {
  files    = { "/bin/busybox" = ./busybox, "/app/" = ./src/** }
  config   = { entrypoint = ["/bin/busybox", "cat", "/app/main.txt"] }
}
docker_load local { image = app, names = ["example.org/app:dev", "example.org/app:latest"] }
"""


BUILDS = """devgraph 1
image root {
  files    = { "/bin/busybox" = ./busybox, "/bin/sh" = ./busybox }
  config   = { env = { A = "1" }, labels = { a = "b" } }
  compress = "gzip"
}
dockerfile app { context = ./app/**, from = root, engine = "docker" }
dockerfile two { context = ./two/**, from = root, engine = "docker" }
"""
LABEL = "dev.devgraph.workspace"


def setUpModule():
    """One daemon for all cases: it takes a while to start."""
    Case.root = tempfile.mkdtemp(prefix="devgraph-dockerd-")
    Case.daemon = services.Dockerd(Case.root).start()
    Case.host = Case.daemon.host


def tearDownModule():
    Case.daemon.stop()
    shutil.rmtree(Case.root, ignore_errors=True)


class Case(harness.Case):
    def make(self, files, name="ws"):
        with open("/bin/busybox", "rb") as file:
            busybox = file.read()
        ws = self.workspace(files, name)
        ws.write("busybox", busybox, 0o755)
        return ws

    def docker(self, *arguments):
        done = self.daemon.call(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout


class Docker(Case):
    def setUp(self):
        super().setUp()
        self.ws = self.make({"build.devgraph": MANIFEST, "src/main.txt": "from docker\n"})

    def build(self, *arguments, **wanted):
        run = self.expect(self.ws.devgraph("build", *arguments, env={"DOCKER_HOST": self.host}), 0)
        counts = run.counts()
        self.assertEqual({word: counts[word] for word in wanted}, wanted, run.err)

    def test_what_is_loaded_runs(self):
        for compress in ("gzip", "zstd"):
            with self.subTest(compress):
                self.ws.write("build.devgraph", MANIFEST.replace(
                    "image app {", f'image app {{\n  compress = "{compress}"'))
                self.build("local")
                self.assertEqual(self.docker("run", "--rm", "--network", "none",
                                             "example.org/app:dev"), "from docker\n")

    def test_an_image_that_is_deleted_is_loaded_again(self):
        self.build("local")
        self.build("local", run=0)
        self.docker("rmi", "example.org/app:latest")
        run = self.expect(self.ws.devgraph("check", env={"DOCKER_HOST": self.host}), 3)
        self.assertEqual(run.out, "//:local  what it made is not there any more\n")
        self.build("local", run=1)
        self.docker("image", "inspect", "example.org/app:latest")

    def test_a_dockerfile_is_built_by_docker(self):
        self.ws.write("build.devgraph", MANIFEST.split("docker_load")[0] + """
dockerfile top {
  context = ./top/**
  from    = app
  images  = { tools = app }
  args    = { WHO = "me" }
  engine  = "docker"
}
docker_load local { image = top, names = ["example.org/top:dev"] }
""")
        self.ws.write("top/Dockerfile",
                      "FROM base AS made\nCOPY a.txt /a\nFROM base\nARG WHO\n"
                      "COPY --from=made /a /app/main.txt\n"
                      "COPY --from=tools /bin/busybox /bin/sh\nRUN echo $WHO >> /app/main.txt\n")
        self.ws.write("top/a.txt", "from a file\n")
        self.ws.write("top/unused.txt", "1\n")
        self.build("local")
        self.assertEqual(self.docker("run", "--rm", "--network", "none", "example.org/top:dev"),
                         "from a file\nme\n")
        self.ws.write("top/unused.txt", "2\n")
        self.build("local", run=0)
        layout = self.expect(self.ws.devgraph("out", "top"), 0).out.splitlines()[0]
        config = self.ws.shell(f"skopeo inspect --config oci:{layout}")
        self.assertIn('"created": "1980-01-01T00:00:00Z"', config)
        self.assertNotIn("202", config.split("history")[1])
        self.assertNotIn(LABEL, config)

    def test_without_a_daemon_it_says_so(self):
        run = self.expect(self.ws.devgraph("build", "local",
                                           env={"DOCKER_HOST": "unix:///nowhere"}), 1)
        self.assertIn("docker load: Cannot connect to the Docker daemon at unix:///nowhere", run.err)


class Builds(Case):
    """What builds of Dockerfiles leave in the daemon, and what `devgraph gc` drops of it."""

    def setUp(self):
        super().setUp()
        self.tools = os.path.join(self.folder, "tools")
        os.mkdir(self.tools)
        self.calls = os.path.join(self.folder, "calls")
        with open(os.path.join(self.tools, "docker"), "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\necho "$$ $*" >> {self.calls}\n'
                       f'case "$*" in *--filter*) if [ -e {self.folder}/deaf ]; then echo deaf; exit 1; fi;; esac\n'
                       'exec /usr/bin/docker "$@"\n')
        os.chmod(os.path.join(self.tools, "docker"), 0o755)
        self.env = {"PATH": f"{self.tools}:/usr/bin:/bin", "DOCKER_HOST": self.host}
        self.ws = self.make({
            "build.devgraph": BUILDS, "app/Dockerfile": "FROM base\nCOPY a.txt /a\nRUN cat /a > /b\n",
            "app/a.txt": "one\n", "two/Dockerfile": "FROM scratch AS s\nCOPY a.txt /a\nFROM base\nCOPY --from=s /a /\n", "two/a.txt": "two\n"})
        self.addCleanup(self.wipe)

    def wipe(self):
        self.docker("system", "prune", "-af")
        self.assertEqual(self.images(), set())

    def images(self, *words):
        return set(self.docker("image", "ls", "-aq", "--no-trunc", *words).replace("sha256:", "").split())

    def names(self):
        lines = self.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
        return {line for line in lines if "<none>" not in line}

    def build(self, *words, ws=None, code=0):
        return self.expect((ws or self.ws).devgraph("build", *words, env=self.env), code)

    def gc(self, *words, ws=None):
        """The ids in the list, and what was said beside the summary."""
        run = self.expect((ws or self.ws).devgraph("gc", "--json", *words, env=self.env), 0)
        rows = [row for row in json.loads(run.out) if "engine" in row]
        return {row["image"].removeprefix("sha256:") for row in rows}, run.err.splitlines()[:-1]

    def called(self):
        """The words of each call of docker since the last time."""
        lines = []
        if os.path.exists(self.calls):
            with open(self.calls, encoding="utf-8") as file:
                lines = file.read().splitlines()
            os.unlink(self.calls)
        return [line.split()[1:] for line in lines]

    def neighbour(self):
        """A build of somebody else upon the same base, without a name, and an image that was imported."""
        self.build("root")
        self.ws.shell("skopeo copy -q oci:out/root/root docker-archive:nb.tar:neighbour/root:1 && mkdir -p nb && "
                      'printf "FROM neighbour/root:1\\nCOPY Dockerfile /theirs\\n" > nb/Dockerfile')
        self.docker("load", "-i", os.fsdecode(self.ws.path("nb.tar")))
        self.docker("build", os.fsdecode(self.ws.path("nb")))
        self.docker("import", os.fsdecode(self.ws.path("nb.tar")))
        return self.images()

    def test_the_latest_result_and_its_layers_stay_until_the_node_goes(self):
        theirs = self.neighbour()
        self.build("app")
        for text in ("two\n", "three\n"):
            self.ws.write("app/a.txt", text)
            self.called()
            self.build("app")
            self.assertNotIn("load", [call[0] for call in self.called()])
        latest = self.docker("image", "ls", "-q", "--no-trunc", "devgraph/built").strip().removeprefix("sha256:")
        before = self.images()
        found, notes = self.gc("-n")
        self.assertEqual((len(found), notes, self.images()), (4, [], before))
        self.assertEqual(self.gc(), (found, []))
        self.assertEqual(self.images(), before - found)
        self.assertTrue(theirs < before - found)
        self.assertEqual(len(before - found - theirs), 3)
        self.assertIn(latest, self.images())
        self.assertEqual(self.gc(), (set(), []))
        # The next build goes on from it.
        self.ws.write("app/Dockerfile", "FROM base\nCOPY a.txt /a\nRUN cat /a > /b\nENV B=2\n")
        self.build("app")
        log = self.expect(self.ws.devgraph("log", "app"), 0).out
        self.assertEqual(log.count("Using cache"), 2, log)
        self.assertIn(f"---> {latest[:12]}", log)
        # Without the node all of it goes, with the base.
        self.ws.edit("build.devgraph", "dockerfile app", "#")
        run = self.expect(self.ws.devgraph("gc", "-n", env=self.env), 0)
        rows = [re.sub(r"^ *\S+ (KiB|MiB|B) +", "", line) for line in run.out.splitlines() if " docker: " in line]
        self.assertEqual(len(rows), 4, run.out)
        digits = "[0-9a-f]"
        for name in ("base", "built"):
            self.assertRegex("\n".join(rows), rf"(?m)^//:app +docker: devgraph/{name}:{digits}{{16}}-{digits}{{16}} "
                                              rf"\({digits}{{12}}\), image under a name that no node gives$")
        self.assertRegex("\n".join(rows), rf"(?m)^docker at {self.host} +docker: {latest[:12]}, "
                                          "left by a build of a Dockerfile$")
        self.gc()
        self.assertEqual(self.images(), theirs)
        # The daemon is not asked any more.
        self.called()
        self.assertEqual(self.gc(), (set(), []))
        self.assertEqual(self.called(), [])

    def test_what_failed_and_killed_builds_left_goes(self):
        self.ws.write("app/Dockerfile", "FROM base\nCOPY a.txt /a\nRUN false\n")
        self.build("app", code=1)
        left = self.images()
        self.assertEqual(len(left), 2)
        found, notes = self.gc()
        self.assertEqual((len(found), notes), (1, []))
        base = left - found
        self.ws.write("app/Dockerfile", "FROM base\nCOPY a.txt /a\nENV B=2\nRUN touch /b; sleep 60\n")
        run = self.ws.start("build", "app", env=self.env)
        self.wait_for(lambda: self.docker("ps", "-q"), "the container of RUN")
        os.kill(run.pid, signal.SIGKILL)
        self.ws.finish(run)
        with open(self.calls, encoding="utf-8") as file:
            client = [line.split()[0] for line in file if line.split()[1] == "build"][-1]
        # docker goes on with the build for a while; `gc` would wait for it.
        self.assertEqual(self.gc("-n"), (set(), []))
        os.kill(int(client), signal.SIGKILL)
        self.wait_for(lambda: not self.docker("ps", "-aq"), "the end of the container")
        self.assertEqual(len(self.images()), 3)
        found, notes = self.gc()
        self.assertEqual((len(found), notes, self.images()), (2, [], base))
        self.assertEqual({name.split(":")[0] for name in self.names()}, {"devgraph/base"})

    def test_a_copy_of_the_workspace_has_images_of_its_own(self):
        self.build("-j2")
        here = self.images()
        self.assertEqual(self.images("--filter", f"label={LABEL}"), here)
        for name in ("app", "two"):
            layout = self.expect(self.ws.devgraph("out", name), 0).out.splitlines()[0]
            self.assertNotIn(LABEL, self.ws.shell(f"skopeo inspect --config oci:{layout}"))
        self.assertEqual(self.gc(), (set(), []))
        self.ws.shell("cp -a . ../copy")
        copy = harness.Workspace(os.path.join(self.folder, "copy"), {})
        # Each stage has a name, as long as there is one.
        self.assertEqual(len([name for name in self.names() if name.endswith("-1")]), 1)
        self.ws.write("two/Dockerfile", "FROM base\nCOPY a.txt /a\n")
        self.build("two")
        self.assertEqual([name for name in self.names() if name.endswith("-1")], [])
        self.assertEqual(len(self.gc()[0]), 2)
        here = self.images()
        # The copy has the record of the other one, and no image.
        copy.edit("build.devgraph", "dockerfile app", "#")
        self.assertEqual(self.gc(ws=copy), (set(), []))
        self.build("-B", ws=copy)
        self.assertTrue(here < self.images())
        copy.write("build.devgraph", "devgraph 1\n")
        found, notes = self.gc(ws=copy)
        self.assertEqual((self.images(), notes), (here, []))
        self.assertEqual(self.gc(), (set(), []))

    def test_what_others_hold_is_left(self):
        self.build("app")
        names = self.names()
        layer = self.docker("history", "-q", "--no-trunc", next(name for name in names if "built" in name)).split()[1]
        self.docker("tag", layer, "neighbour/layer:1")
        self.docker("create", "--name", "user", next(name for name in names if "built" in name), "x")
        self.ws.write("build.devgraph", BUILDS.split("dockerfile")[0])
        found, notes = self.gc()
        self.assertEqual(len(found), 1)  # The name of the base.
        self.assertRegex("\n".join(notes), rf"^docker at {self.host}: devgraph/built:\S+ \([0-9a-f]+\) is left alone: "
                                           "a container uses it$")
        self.docker("rm", "user")
        found, notes = self.gc()
        self.assertEqual((len(found), notes, self.names()), (1, [], {"neighbour/layer:1"}))
        host = {**self.env, "DOCKER_HOST": "unix:///nowhere"}
        run = self.expect(self.ws.devgraph("gc", env=host), 0)
        self.assertEqual(run.err.splitlines()[0], (
            f"docker at {self.host}: what builds of Dockerfiles left there is left alone: Cannot connect to the "
            "Docker daemon at unix:///nowhere. Is the docker daemon running?"))
        # What one look does not tell is told by none.
        self.ws.write("build.devgraph", BUILDS + 'docker_load local { image = root, names = ["example.org/root:1"] }\n')
        self.build("local")
        self.ws.write("build.devgraph", BUILDS.split("dockerfile")[0])
        with open(os.path.join(self.folder, "deaf"), "wb"):
            pass
        self.assertEqual(self.gc(), (set(), [f"docker at {self.host}: 1 image is left alone: deaf"]))
        os.unlink(os.path.join(self.folder, "deaf"))
        self.docker("rmi", "neighbour/layer:1", "--no-prune")
        self.gc()
        self.assertEqual(self.images(), set())


if __name__ == "__main__":
    harness.main()
