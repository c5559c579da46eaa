#!/usr/bin/python3
"""`devgraph gc` and the images that a workspace put into docker and podman: its own go, others stay."""

import json
import os
import re
import shutil
import subprocess
import tempfile

import harness
import services

MANIFEST = """devgraph 1
image app {
  files  = { "/a.txt" = ./a.txt }
  config = { cmd = ["/a"] }
}
docker_load local { image = app, names = ["example.org/app:dev", "app"] }
"""
NO_NODE = MANIFEST.split("docker_load")[0]


class Docker:
    """The engine of a case: dockerd, which is started once and stopped for a while by one of them."""

    program = "docker"

    def __init__(self, folder):
        self.daemon = services.Dockerd(folder).start()
        self.place = f"docker at {self.daemon.host}"

    def environment(self, tools):
        return {"PATH": f"{tools}:/usr/bin:/bin", "DOCKER_HOST": self.daemon.host}

    def call(self, *words):
        return self.daemon.call(*words)

    def away(self):
        self.daemon.stop()
        return f"Cannot connect to the Docker daemon at {self.daemon.host}. Is the docker daemon running?"

    def back(self):
        self.daemon.start()

    def end(self):
        self.daemon.stop()


class Podman:
    """podman with a store of its own, called by a program of that name and nothing beside it."""

    program = "podman"
    place = "podman"

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(f"{folder}/bin", exist_ok=True)
        self.path = f"{folder}/bin/podman"
        self.use("store")

    def use(self, store):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nexport PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME={self.folder}\n"
                       f"exec /usr/bin/podman --root {self.folder}/{store} --runroot {self.folder}/run-{store} "
                       '--storage-driver vfs "$@"\n')
        os.chmod(self.path, 0o755)

    def environment(self, tools):
        return {"PATH": f"{tools}:{self.folder}/bin"}

    def call(self, *words):
        return subprocess.run([self.path, *words], check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)

    def away(self):
        os.rename(self.path, self.path + ".away")
        return "it is not installed"

    def back(self):
        os.rename(self.path + ".away", self.path)

    def end(self):
        pass


class Images:
    """What holds for both engines."""

    make_engine = None

    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="devgraph-engine-")
        cls.engine = cls.make_engine(cls.root)

    @classmethod
    def tearDownClass(cls):
        cls.engine.end()
        shutil.rmtree(cls.root, ignore_errors=True)

    def setUp(self):
        super().setUp()
        self.tools = os.path.join(self.folder, "tools")
        os.mkdir(self.tools)
        self.env = self.engine.environment(self.tools)
        self.addCleanup(self.wipe)
        self.wipe()
        self.ws = self.make("ws")

    def make(self, name, manifest=MANIFEST):
        return self.workspace({"build.devgraph": manifest, "a.txt": "one\n"}, name)

    def call(self, *words):
        done = self.engine.call(*words)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def wipe(self):
        for kind, remove in (("ps", "rm"), ("images", "rmi")):
            ids = sorted(set(self.call(kind, "-aq").split()))
            if ids:
                self.engine.call(remove, "-f", *ids)
        self.assertEqual(self.images(), set())

    def images(self):
        """Everything in the engine: name and id."""
        lines = self.call("image", "ls", "-a", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
        return {(name.removeprefix("localhost/"), found[7:])
                for name, found in (line.split() for line in lines.splitlines())}

    def names(self):
        return {name for name, _ in self.images()}

    def id_of(self, name):
        return self.call("image", "inspect", "--format", "{{.Id}}", name).strip().removeprefix("sha256:")

    def neighbour(self, *names):
        """An image that the project did not make, under these names."""
        self.ws.shell("mkdir -p nb && echo theirs > nb/f && tar -C nb -cf nb.tar . && rm -r nb")
        self.call("import", os.fsdecode(self.ws.path("nb.tar")), names[0])
        for name in names[1:]:
            self.call("tag", names[0], name)
        return self.id_of(names[0])

    def load(self, ws=None, text=None, **wanted):
        ws = ws or self.ws
        if text is not None:
            ws.write("a.txt", text)
        run = self.expect(ws.devgraph("build", env=self.env), 0)
        counts = run.counts()
        self.assertEqual({word: counts[word] for word in wanted}, wanted, run.err)

    def gc(self, *words, ws=None, code=0):
        return self.expect((ws or self.ws).devgraph("gc", *words, env=self.env), code)

    def image_rows(self, run):
        """The lines about images, without sizes: those tell what the engine says."""
        return [re.sub(r"  +", "  ", re.sub(r"^ *\S+ (KiB|B) +", "", line)) for line in run.out.splitlines()
                if f"  {self.engine.program}: " in line]

    def left(self, run):
        """What was said beside the summary."""
        return run.err.splitlines()[:-1]

    def record(self):
        return self.ws.read(".devgraph/engines").splitlines()

    def test_an_earlier_image_goes_and_the_one_of_now_stays(self):
        theirs = self.neighbour("example.org/neighbour:1")
        self.load(run=2)
        old = self.id_of("example.org/app:dev")
        self.assertEqual(self.image_rows(self.gc("-n")), [])
        self.load(text="two\n", run=2)
        now = self.id_of("example.org/app:dev")
        self.assertNotEqual(old, now)
        before = self.images()
        state = self.ws.read(".devgraph/engines")
        dry = self.gc("--dry-run")
        self.assertEqual(self.images(), before)
        self.assertEqual(self.ws.read(".devgraph/engines"), state)
        row = f"//:local  {self.engine.program}: app ({old[:12]}), earlier image"
        self.assertEqual(self.image_rows(dry), [row])
        self.assertRegex(dry.err, r"^\S+ (Ki)?B would be dropped with 1 image, \S+ (Ki)?B of results kept\n$")
        size = int(self.call("image", "inspect", "--format", "{{.Size}}", old))
        rows = [found for found in json.loads(self.gc("-n", "--json").out) if "engine" in found]
        self.assertEqual(rows, [{"label": "//:local", "what": "earlier image", "bytes": size,
                                 "engine": self.engine.program, "name": "app", "image": f"sha256:{old}"}])
        real = self.gc()
        self.assertEqual(real.out, dry.out)
        self.assertRegex(real.err, r"^\S+ (Ki)?B dropped with 1 image, \S+ (Ki)?B of results kept\n$")
        self.assertEqual(self.images(), {("example.org/neighbour:1", theirs), ("example.org/app:dev", now),
                                         ("app:latest", now)})
        self.assertEqual(self.gc().out, "")
        self.load(run=0, fresh=2)
        self.assertEqual(self.expect(self.ws.devgraph("check", env=self.env), 0).out, "")
        # A reverted edit is loaded again; the record tells each image once.
        self.load(text="one\n", run=2)
        self.assertEqual(self.id_of("app"), old)
        self.assertEqual(self.image_rows(self.gc()), [row.replace(old[:12], now[:12])])
        self.assertEqual(self.names(), {"example.org/neighbour:1", "example.org/app:dev", "app:latest"})

    def test_names_of_a_node_that_is_gone_go_and_those_of_others_stay(self):
        self.load(run=2)
        ours = self.id_of("app")
        self.call("tag", "app", "example.org/neighbour:keep")
        self.ws.write("build.devgraph", NO_NODE)
        rows = self.image_rows(self.gc("-n"))
        self.assertEqual(sorted(rows), [
            f"//:local  {self.engine.program}: {name} ({ours[:12]}), image under a name that no node gives"
            for name in ("app", "example.org/app:dev")])
        real = self.gc()
        self.assertRegex(real.out, rf"(?m)^ +\+?0 B  //:local +{self.engine.program}: app \(")
        self.assertEqual(self.left(real), [])
        self.assertEqual(self.images(), {("example.org/neighbour:keep", ours)})
        self.assertEqual(self.gc().out, "")

    def test_a_name_on_an_earlier_image_keeps_it(self):
        self.load(run=2)
        old = self.id_of("app")
        self.call("tag", "app", "example.org/neighbour:keep")
        self.load(text="two\n", run=2)
        run = self.gc()
        self.assertEqual((self.image_rows(run), self.left(run)), ([], []))
        self.assertIn(("example.org/neighbour:keep", old), self.images())
        self.call("image", "inspect", "example.org/neighbour:keep")

    def test_a_name_that_somebody_gave_to_another_image_is_left(self):
        self.load(run=2)
        ours = self.id_of("app")
        theirs = self.neighbour("example.org/neighbour:1", "example.org/app:dev")
        self.ws.write("build.devgraph", NO_NODE)
        for words in (["-n"], []):
            run = self.gc(*words)
            self.assertEqual(self.image_rows(run), [
                f"//:local  {self.engine.program}: app ({ours[:12]}), image under a name that no node gives"])
            self.assertEqual(self.left(run), [
                f"{self.engine.place}: example.org/app:dev ({theirs[:12]}) is left alone: "
                "somebody gave this name to another image"])
        self.assertEqual(self.images(), {("example.org/neighbour:1", theirs), ("example.org/app:dev", theirs)})
        run = self.gc()  # It is theirs now: said once.
        self.assertEqual((run.out, self.left(run)), ("", []))

    def test_an_image_in_use_is_left_and_named(self):
        self.load(run=2)
        old = self.id_of("app")
        self.call("create", "--name", "user", "app", "/a")
        self.load(text="two\n", run=2)
        for words in (["-n"], [], []):
            run = self.gc(*words)
            self.assertEqual((self.image_rows(run), self.left(run)), (
                [], [f"{self.engine.place}: app ({old[:12]}) is left alone: a container uses it"]))
        self.assertIn(old, {found for _, found in self.images()})
        self.call("rm", "user")
        self.assertEqual(len(self.image_rows(self.gc())), 1)
        self.assertNotIn(old, {found for _, found in self.images()})

    def test_an_engine_that_does_not_answer_is_left_alone(self):
        self.load(run=2)
        self.load(text="two\n", run=2)
        record = self.record()
        why = self.engine.away()
        try:
            for words in (["-n"], []):
                run = self.gc(*words)
                self.assertEqual((self.image_rows(run), self.left(run)), (
                    [], [f"{self.engine.place}: 1 image is left alone: {why}"]))
        finally:
            self.engine.back()
        self.assertEqual(self.record(), record)
        self.assertEqual(len(self.image_rows(self.gc())), 1)
        self.assertEqual(self.names(), {"example.org/app:dev", "app:latest"})

    def in_place_of_the_engine(self, script):
        path = os.path.join(self.tools, self.engine.program)
        real = shutil.which(self.engine.program, path=self.env["PATH"])
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nreal={real}\n{script}\nexec $real "$@"\n')
        os.chmod(path, 0o755)

    def test_killed_between_record_and_load(self):
        for how, there in (('[ "$1" = load ] && kill -9 $PPID && exit 1', False),
                           ('[ "$1" = load ] && "$real" "$@" && kill -9 $PPID && exit 1', True)):
            with self.subTest(there=there):
                ws = self.make(f"killed-{there}")
                self.in_place_of_the_engine(how)
                self.assertEqual(ws.devgraph("build", env=self.env).code, -9)
                os.unlink(os.path.join(self.tools, self.engine.program))
                self.wait_for(lambda: there == ("app:latest" in self.names()), "the engine")
                self.assertEqual(len(ws.read(".devgraph/engines").splitlines()), 2)
                self.assertEqual(self.gc(ws=ws, code=0).err.count("left alone"), 0)
                ws.write("build.devgraph", NO_NODE)
                self.assertEqual(len(self.image_rows(self.gc(ws=ws))), 2 if there else 0)
                self.assertEqual(self.images(), set())

    def test_two_workspaces_with_one_image(self):
        other = self.make("other", MANIFEST.replace('"example.org/app:dev", "app"', '"example.org/other:dev"'))
        self.load(run=2)
        self.load(other, run=2)
        found = self.id_of("app")
        self.assertEqual(found, self.id_of("example.org/other:dev"))
        self.ws.write("build.devgraph", NO_NODE)
        self.assertEqual(len(self.image_rows(self.gc())), 2)
        self.assertEqual(self.images(), {("example.org/other:dev", found)})
        self.load(other, run=0, fresh=2)
        self.assertEqual(self.image_rows(self.gc(ws=other)), [])
        other.write("build.devgraph", NO_NODE)
        self.assertEqual(len(self.image_rows(self.gc(ws=other))), 1)
        self.assertEqual(self.images(), set())

    def test_an_image_that_was_deleted_is_missing_and_loaded_again(self):
        self.load(run=2)
        self.call("rmi", "example.org/app:dev", "app")
        run = self.expect(self.ws.devgraph("check", env=self.env), 3)
        self.assertEqual(run.out, "//:local  what it made is not there any more\n")
        self.load(run=1, fresh=1)
        self.expect(self.ws.devgraph("check", env=self.env), 0)
        self.assertEqual(self.names(), {"example.org/app:dev", "app:latest"})

    def test_what_a_damaged_line_told_of_is_left(self):
        self.load(run=2)
        self.load(text="two\n", run=2)
        lines = self.record()
        for number in range(2):
            lines[number] = lines[number][:40]
        self.ws.write(".devgraph/engines", "\n".join(lines) + '\n{"event":"put","pro')
        before = self.images()
        run = self.gc()
        self.assertEqual((self.image_rows(run), self.left(run)), (
            [], ["2 lines of .devgraph/engines cannot be read: what was put there is left alone"]))
        self.assertEqual(self.images(), before)
        self.load(text="three\n", run=2)
        self.assertEqual(len(self.image_rows(self.gc())), 1)
        self.assertEqual(len(self.images()), len(before))


class InDocker(Images, harness.Case):
    make_engine = Docker


class InPodman(Images, harness.Case):
    make_engine = Podman

    def test_what_it_built_by_the_name_of_docker_goes(self):
        self.in_place_of_the_engine("")
        os.rename(os.path.join(self.tools, "podman"), os.path.join(self.tools, "docker"))
        self.env["PATH"] += ":/usr/bin:/bin"
        self.ws.write("app/Dockerfile", "FROM scratch AS s\nCOPY b.txt /b\nFROM base\nCOPY --from=s /b /\n")
        self.ws.write("app/b.txt", "one\n")
        self.ws.write("build.devgraph", NO_NODE + 'dockerfile top { context = ./app/**, from = app, engine = "docker" }\n')
        self.load(run=2)
        self.ws.write("app/b.txt", "two\n")
        self.load(run=1)
        layout = self.expect(self.ws.devgraph("out", "top"), 0).out.splitlines()[0]
        self.assertNotIn("dev.devgraph", self.ws.shell(f"skopeo inspect --config oci:{layout}"))
        theirs = self.neighbour("example.org/neighbour:1")
        before = self.images()
        # Result, stage, and the stage when it was empty: podman does not know what was made upon that.
        self.assertIn("with 3 images", self.gc().err)
        self.assertEqual(len(before - self.images()), 3)
        self.assertEqual(self.gc().out, "")
        self.ws.write("build.devgraph", NO_NODE)
        self.gc()
        self.assertEqual(self.images(), {("example.org/neighbour:1", theirs)})

    def test_another_engine_of_that_name_is_left_alone(self):
        self.load(run=2)
        self.load(text="two\n", run=2)
        self.engine.use("elsewhere")
        try:
            run = self.gc()
        finally:
            self.engine.use("store")
        self.assertEqual((self.image_rows(run), self.left(run)), (
            [], ["podman: 1 image is left alone: another one answers here"]))
        self.assertEqual(len(self.image_rows(self.gc())), 1)


if __name__ == "__main__":
    harness.main()
