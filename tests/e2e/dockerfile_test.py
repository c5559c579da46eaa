#!/usr/bin/python3
"""Images built from Dockerfiles, with buildah."""

import json
import os
import signal
import time

import harness

MANIFEST = """devgraph 1
image root {
  files    = { "/bin/busybox" = ./busybox, "/bin/sh" = ./busybox }
  config   = { env = { PATH = "/bin" } }
  compress = "gzip"  # For umoci.
}
dockerfile app {
  context = ./app/**
  from    = root
  args    = { WHO = "me" }
  compress = "gzip"
}
"""
DOCKERFILE = """# An app.
ARG UNUSED=1
FROM base AS builder
COPY src/ /src/
RUN busybox cat /src/main.txt > /made

FROM base
ARG WHO=you
COPY --from=builder /made /app/made
COPY etc/*.conf /etc/
ENV WHO=$WHO
HEALTHCHECK --interval=5s CMD ["/bin/busybox", "true"]
CMD ["/bin/busybox", "cat", "/app/made"]
"""


# In docker's place: notes what it is asked for, and gives back the image that it was given.
BUILDX = """#!/usr/bin/python3
import json, os, shutil, sys
words = sys.argv[1:]
with open(os.path.join(os.path.dirname(__file__), "asked"), "a") as file:
    file.write(json.dumps(words) + "\\n")
if words[:1] != ["buildx"] or os.path.exists(os.path.join(os.path.dirname(__file__), "no-buildx")):
    sys.exit(f"docker: '{words[0]}' is not a docker command.")
if words[1] == "build":
    output = next(word for word in words if word.startswith("--output="))
    made = dict(part.split("=", 1) for part in output.partition("=")[2].split(","))["dest"]
    context = next(word for word in words if word.startswith("--build-context="))
    shutil.copytree(context.partition("oci-layout://")[2].partition("@")[0], made)
    print("#1 building")
"""


class Dockerfiles(harness.Case):
    def setUp(self):
        super().setUp()
        with open("/bin/busybox", "rb") as file:
            self.busybox = file.read()
        self.ws = self.make()

    def make(self, name="ws", manifest=MANIFEST, dockerfile=DOCKERFILE):
        ws = self.workspace({"build.devgraph": manifest, "app/Dockerfile": dockerfile,
                             "app/src/main.txt": "hello\n", "app/etc/a.conf": "a\n",
                             "app/README": "read me\n", "app/.dockerignore": "etc/b.conf\n",
                             "app/etc/b.conf": "ignored\n"}, name)
        ws.write("busybox", self.busybox, 0o755)
        return ws

    def tearDown(self):
        # What a build leaves mounted would outlive the folder.
        self.assertEqual([line for line in open("/proc/mounts", encoding="utf-8")
                          if os.fsdecode(self.folder) in line], [])
        super().tearDown()

    def paths(self, label="app", ws=None):
        return self.expect((ws or self.ws).devgraph("out", label), 0).out.splitlines()

    def digest(self, label="app", ws=None):
        ws = ws or self.ws
        return ws.read(self.paths(label, ws)[1]).strip()

    def content(self, label="app"):
        """What an image holds beside busybox, by path."""
        self.ws.shell(f"rm -rf bundle; umoci unpack --rootless --image "
                      f"{self.paths(label)[0]}:latest bundle")
        root = os.fsdecode(self.ws.path("bundle/rootfs"))
        found = {}
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = file.read()
        # Engines make the places where they mount something.
        for name in ("bin/busybox", "bin/sh", "etc/hosts", "etc/resolv.conf", "etc/hostname"):
            found.pop(name, None)
        return found

    def test_buildkit_is_asked_in_its_own_words(self):
        tools = os.path.join(self.folder, "tools")
        os.mkdir(tools)
        with open(os.path.join(tools, "docker"), "w", encoding="utf-8") as file:
            file.write(BUILDX)
        os.chmod(os.path.join(tools, "docker"), 0o755)
        ws = self.make("buildkit", MANIFEST.replace("args    = {", 'engine = "buildkit"\n  target = "app"\n  args    = {'),
                       "FROM base AS app\nARG WHO\nLABEL who=$WHO\n")
        env = {"PATH": f"{tools}:/usr/bin:/bin"}
        self.expect(ws.devgraph("build", env=env), 0)
        with open(os.path.join(tools, "asked"), encoding="utf-8") as file:
            asked = [json.loads(line) for line in file]
        self.assertEqual(asked[0], ["buildx", "version"])
        scratch = os.path.dirname(asked[1][-1])
        root = self.digest("root", ws)
        self.assertEqual([word.replace(scratch, "SCRATCH") for word in asked[1]], [
            "buildx", "build", "--progress=plain", "--provenance=false", "--sbom=false", "--platform=linux/amd64",
            "--file=SCRATCH/Dockerfile",
            "--output=type=oci,tar=false,dest=SCRATCH/built,rewrite-timestamp=true,compression=uncompressed",
            "--build-arg=WHO=me", "--build-arg=SOURCE_DATE_EPOCH=315532800",
            f"--build-context=base=oci-layout://SCRATCH/{root.partition(':')[2]}@{root}", "SCRATCH/context"])
        self.assertIn("#1 building", self.expect(ws.devgraph("log", "app"), 0).out)
        config = json.loads(ws.shell(f"skopeo inspect --config --raw oci:{self.paths('app', ws)[0]}"))
        self.assertEqual(config["config"]["Env"], ["PATH=/bin"])
        self.expect(ws.devgraph("build", "-B", "app", env=env), 0)
        with open(os.path.join(tools, "asked"), encoding="utf-8") as file:
            self.assertIn("--no-cache", json.loads(file.readlines()[-1]))
        open(os.path.join(tools, "no-buildx"), "w", encoding="utf-8").close()
        self.assertIn("docker has no buildx, through which BuildKit is spoken to (docker: 'buildx' is not a docker "
                      "command.): install that plugin, or leave `engine` to devgraph",
                      self.expect(ws.devgraph("build", "-B", "app", env=env), 1).err)

    def test_what_is_not_the_same_again_is_named(self):
        self.ws.write("app/Dockerfile", "FROM base\nARG WHO\nRUN echo $WHO > /who\n"
                                        "RUN busybox cat /proc/sys/kernel/random/uuid > /id\n")
        run = self.expect(self.ws.devgraph("build", "--twice", "app"), 1)
        text = run.err.partition("not equal when run twice:\n")[2]
        self.assertIn("  //:app: out/app/app: layer 3 of 3: entry id: content\n", text)

    def test_a_look_at_where_an_instruction_failed(self):
        self.build(self.ws, run=2)
        said = self.expect(self.ws.devgraph("run", "--failed", "app", "--", "true"), 2)
        self.assertIn("error[E906]: the last run of `app` did not fail", said.err)
        self.ws.write("app/Dockerfile", "FROM base AS one\nRUN echo one > /one\nFROM base\nARG WHO\nWORKDIR /work\n"
                                        "COPY --from=one /one ./\nRUN echo marker > marker && \\\n  true\n"
                                        "RUN echo gone > /gone && exit 9\nRUN never\n")
        self.expect(self.ws.devgraph("build"), 1)

        def look(*words, code=0):
            return self.expect(self.ws.devgraph("run", "--failed", "app", "--", "busybox", *words), code).out

        self.assertEqual(look("cat", "one", "marker"), "one\nmarker\n")
        self.assertEqual(look("pwd"), "/work\n")
        look("test", "-e", "/gone", code=1)
        self.assertEqual(look("cat", f"{self.ws.root}/app/etc/a.conf"), "a\n")  # The workspace is there.
        self.expect(self.ws.devgraph("check"), 3)  # A look changes nothing.
        self.ws.edit("app/Dockerfile", "exit 9", "true")
        self.ws.edit("app/Dockerfile", "RUN never\n", "")
        self.expect(self.ws.devgraph("build"), 0)
        self.expect(self.ws.devgraph("run", "--failed", "app", "--", "true"), 2)

    def test_it_is_built_with_what_its_dockerfile_says(self):
        self.build(self.ws, run=2)
        self.assertEqual(self.content(),
                         {"app/made": b"hello\n", "etc/a.conf": b"a\n"})
        config = json.loads(self.ws.shell(f"skopeo inspect --config --raw oci:{self.paths()[0]}"))
        self.assertEqual(config["config"]["Env"], ["PATH=/bin", "WHO=me"])
        self.assertEqual(config["config"]["Cmd"], ["/bin/busybox", "cat", "/app/made"])
        self.assertEqual(config["config"]["Healthcheck"],
                         {"Test": ["CMD", "/bin/busybox", "true"], "Interval": 5_000_000_000})
        self.assertEqual(set(config["config"]), {"Env", "Cmd", "Healthcheck"})
        self.assertEqual(config["created"], "1980-01-01T00:00:00Z")
        raw = json.loads(self.ws.shell(f"skopeo inspect --raw oci:{self.paths()[0]}"))
        base = json.loads(self.ws.shell(f"skopeo inspect --raw oci:{self.paths('root')[0]}"))
        # The layers below are those of the image below, and not packed again.
        self.assertEqual(raw["layers"][0], base["layers"][0])
        self.assertNotIn(self.folder, json.dumps([raw, config]))
        self.build(self.ws, run=0)

    def test_buildah_runs_it(self):
        self.build(self.ws, run=2)
        said = self.ws.shell(f"""
          store="--root $PWD/store --runroot $PWD/run --storage-driver vfs"
          c=$(buildah $store from oci:{self.paths()[0]})
          buildah $store run --isolation chroot $c -- busybox cat /app/made""")
        self.assertEqual(said.splitlines()[-1], "hello")

    def test_only_what_is_used_makes_it_stale(self):
        self.build(self.ws, run=2)
        for name, old, new in (
                ("app/README", "read", "do read"), ("app/etc/b.conf", "ignored", "still ignored"),
                ("app/Dockerfile", "# An app.", "# An application.\n\n"),
                ("app/.dockerignore", "etc/b.conf", "# What is not shipped\netc/b.conf"),
                ("app/Dockerfile", "UNUSED=1", "UNUSED=2")):
            with self.subTest(new):
                self.ws.edit(name, old, new)
                self.build(self.ws, run=0)
        before = self.digest()
        self.ws.edit("app/src/main.txt", "hello", "good day")
        self.build(self.ws, run=1)
        self.assertNotEqual(self.digest(), before)
        why = self.expect(self.ws.devgraph("check"), 0)
        self.assertEqual(why.out, "")
        self.ws.edit("app/src/main.txt", "good day", "hello")
        self.build(self.ws, run=0)
        self.assertEqual(self.digest(), before)
        self.ws.write("app/etc/c.conf", "c\n")
        self.build(self.ws, run=1)

    def test_what_a_step_sees_by_a_mount_is_not_taken_from_the_last_build(self):
        for name, dockerfile in (
                ("of the context", "FROM base\nRUN --mount=source=src,target=/src busybox cp /src/main.txt /made\n"),
                ("of a stage", "FROM base AS builder\nCOPY src/ /src/\nFROM base\n"
                 "RUN --mount=type=bind,from=builder,source=/src,target=/src busybox cp /src/main.txt /made\n")):
            with self.subTest(name):
                self.ws = self.make(name, dockerfile=dockerfile + "ARG WHO\n")
                self.build(self.ws, run=2)
                self.assertEqual(self.content()["made"], b"hello\n")
                self.ws.edit("app/src/main.txt", "hello", "good day")
                self.build(self.ws, run=1)
                self.assertEqual(self.content()["made"], b"good day\n")

    def test_a_step_is_given_a_secret_and_leaves_none(self):
        manifest = MANIFEST.replace("  context", '  secrets = { pw = secret("PASSWORD") }\n  context', 1)
        self.assertNotEqual(manifest, MANIFEST)
        step = "RUN --mount=type=secret,id=pw busybox cat /run/secrets/pw | busybox md5sum > /made\n"
        self.ws = self.make("secret", manifest, "FROM base\n" + step + "RUN --mount=type=secret,id=pw "
                            "busybox cat /run/secrets/pw\nARG WHO\n")
        for epoch, value in enumerate(("correct horse", "battery staple"), 2):
            self.ws.edit("build.devgraph", 'secret("PASSWORD"', f'secret("PASSWORD", epoch = {epoch}')
            self.expect(self.ws.devgraph("build", env={"PASSWORD": value}, timeout=120), 0)
            self.assertEqual(self.content()["made"].decode(),
                             self.ws.shell(f"printf '{value}' | md5sum"))
            self.assertIn("***", self.expect(self.ws.devgraph("log", "app"), 0).out)
            self.assertEqual(self.ws.shell(f"grep -rl '{value}' .devgraph out || true"), "")
            self.ws.edit("build.devgraph", f", epoch = {epoch}", "")

    def test_the_same_bytes_elsewhere_and_with_another_umask(self):
        self.build(self.ws, run=2)
        other = self.make("other folder")
        for folder, _, names in os.walk(os.fsdecode(other.path("app"))):
            for name in names:
                path = os.path.join(folder, name)
                os.chmod(path, os.stat(path).st_mode | 0o060)
                os.utime(path, (1, 1))
        other.shell(f"umask 077; {harness.BINARY} build")
        self.assertEqual(self.digest(), self.digest(ws=other))
        # Nothing of the engine's own cache is taken for the second run.
        run = self.expect(self.ws.devgraph("build", "--twice", "-B", "app"), 0)
        self.assertNotIn("not equal", run.err)
        log = self.expect(self.ws.devgraph("log", "app"), 0).out
        self.assertIn("STEP", log)
        self.assertNotIn("Using cache", log)

    def test_stages_are_nodes(self):
        stages = MANIFEST.split("dockerfile", maxsplit=1)[0] + """
axis stage = ["tools", "run", "dev"]
dockerfile made[stage] {
  context = ./app/**
  from    = root
  target  = stage
  compress = "gzip"
}
"""
        dockerfile = ("FROM base AS tools\nRUN busybox touch /tools\nFROM base AS run\n"
                      "COPY --from=0 /tools /tools\nFROM run AS dev\nCOPY src/ /src/\n")
        self.ws = self.make("stages", stages, dockerfile)
        self.build(self.ws, run=4)
        self.ws.write("app/src/main.txt", "other\n")
        self.build(self.ws, run=1)
        self.ws.edit("app/Dockerfile", "touch /tools", "touch /tools /more")
        self.build(self.ws, run=3)
        self.ws.edit("app/Dockerfile", "FROM run AS dev", "FROM run AS dev\nLABEL a=b")
        self.build(self.ws, run=1)
        self.assertIn("tools", self.content("made@stage=run"))

    def test_images_stand_on_images(self):
        self.ws.write("build.devgraph", MANIFEST + """
dockerfile top {
  context    = ./top/**
  images     = { "registry.example/app:1" = app, tools = root }
  compress   = "gzip"
}
""")
        self.ws.write("top/Dockerfile", "FROM registry.example/app:1\n"
                      "COPY --from=tools /bin/busybox /tool\nRUN busybox echo more >> /app/made\n")
        self.build(self.ws, "-j4", run=3)
        self.assertEqual(self.content("top")["app/made"], b"hello\nmore\n")
        self.ws.edit("app/src/main.txt", "hello", "hallo")
        self.build(self.ws, run=2)
        self.assertEqual(self.content("top")["app/made"], b"hallo\nmore\n")

    def test_the_engine_s_cache_knows_the_image_below(self):
        self.build(self.ws, run=2)
        self.ws.edit("build.devgraph", 'PATH = "/bin"', 'PATH = "/bin", MODE = "fast"')
        self.build(self.ws, run=2)
        config = json.loads(self.ws.shell(f"skopeo inspect --config --raw oci:{self.paths()[0]}"))
        self.assertEqual(config["config"]["Env"], ["PATH=/bin", "MODE=fast", "WHO=me"])
        self.assertNotIn("upon", json.dumps(config["history"]))

    def test_what_nodes_make_is_in_the_context_and_may_be_the_dockerfile(self):
        self.ws.write("build.devgraph", MANIFEST.split("dockerfile")[0] + """
write text { text = "made\\n", to = "made.txt" }
write file { text = "FROM base\\nCOPY made.txt /x\\n", to = "Dockerfile" }
dockerfile one { dockerfile = ./one.Dockerfile, extra = text, from = root, compress = "gzip" }
dockerfile two { dockerfile = file, extra = text, from = root, compress = "gzip" }
""")
        self.ws.write("one.Dockerfile", "FROM base\nCOPY made.txt /x\n")
        self.build(self.ws, run=5)
        self.assertEqual(self.content("one"), self.content("two"))
        self.assertEqual(self.content("one")["x"], b"made\n")

    def test_many_at_once(self):
        self.ws.write("build.devgraph", MANIFEST + """
axis n = ["1", "2", "3", "4", "5", "6"]
dockerfile many[n] { dockerfile = ./many.Dockerfile, from = root, args = { N = n }, compress = "gzip" }
""")
        self.ws.write("many.Dockerfile", "FROM base\nARG N\nRUN busybox echo $N > /n\n")
        self.build(self.ws, "-j8", run=8)
        self.assertEqual(self.content("many@n=3")["n"], b"3\n")
        self.assertEqual(self.content("many@n=6")["n"], b"6\n")

    def test_the_layers_of_one_platform_are_not_those_of_another(self):
        self.ws.write("data/Dockerfile", "FROM scratch\nCOPY one /\nCOPY one /two\n")
        self.ws.write("build.devgraph", """devgraph 1
axis arch = ["amd64", "arm64"]
dockerfile data[arch] { context = ./data/**, platform = "linux/{arch}" }
dockerfile upon[arch] { context = ./upon/**, platform = "linux/{arch}", from = data[arch] }
""")
        self.ws.write("upon/Dockerfile", "FROM base\nCOPY Dockerfile /\n")
        for text, order in (("1\n", ("amd64", "arm64")), ("2\n", ("arm64", "amd64"))):
            self.ws.write("data/one", text)
            for arch in order:
                with self.subTest(order=order, arch=arch):
                    self.build(self.ws, f"upon@arch={arch}", run=2)
                    for label in (f"data@arch={arch}", f"upon@arch={arch}"):
                        config = self.ws.shell(f"skopeo inspect --config --raw oci:{self.paths(label)[0]}")
                        self.assertEqual(json.loads(config)["architecture"], arch)

    def test_a_step_that_fails(self):
        self.ws.edit("app/Dockerfile", "FROM base\nARG", "FROM base\nRUN busybox ls /nowhere\nARG")
        run = self.expect(self.ws.devgraph("build"), 1)
        self.assertIn("[2/2] failed //:app: ", run.err)
        self.assertIn("ls: /nowhere: No such file or directory", run.err)
        log = self.expect(self.ws.devgraph("log", "app"), 0).out
        self.assertIn("RUN busybox ls /nowhere", log)
        self.ws.edit("app/Dockerfile", "RUN busybox ls /nowhere\n", "")
        self.build(self.ws, run=1)

    def test_a_context_that_is_too_large_is_refused(self):
        self.ws.write("app/src/large.bin", b"0" * 3_000_000)
        self.ws.write("app/src/small.bin", b"0" * 200_000)
        self.ws.edit("build.devgraph", "from    = root", "from    = root\n  limit   = 1MB")
        run = self.expect(self.ws.devgraph("build"), 1)
        self.assertIn("the context is 3.2 MB, above its limit of 1 MB; the largest: "
                      "src/large.bin 3 MB, src/small.bin 200 kB, src/main.txt 6 B. Name fewer "
                      "files, add them to .dockerignore, or set `limit`", run.err)

    def test_links_are_followed_only_if_that_is_said(self):
        os.symlink("main.txt", self.ws.path("app/src/link.txt"))
        run = self.expect(self.ws.devgraph("build"), 1)
        self.assertIn("`src/link.txt` is a link, which Docker would copy as a link; with "
                      "follow_links = true the image gets the file it leads to", run.err)
        self.ws.edit("build.devgraph", "from    = root", "from    = root\n  follow_links = true")
        self.ws.edit("app/Dockerfile", "COPY etc", "COPY src/link.txt /\nCOPY etc")
        self.build(self.ws, run=1)
        self.assertEqual(self.content()["link.txt"], b"hello\n")

    def test_it_can_be_interrupted_and_goes_on_afterwards(self):
        self.ws.edit("app/Dockerfile", "FROM base\nARG",
                     "FROM base\nRUN busybox touch /begun && busybox sleep 4711\nARG")
        process = self.ws.start("build")
        self.wait_for(lambda: harness.alive("sleep 4711"), "the step")
        process.send_signal(signal.SIGINT)
        begin = time.monotonic()
        process.communicate(timeout=30)
        self.assertLess(time.monotonic() - begin, 20)
        self.wait_for(lambda: not harness.alive("sleep 4711"), "the end of the step")
        self.ws.edit("app/Dockerfile", " && busybox sleep 4711", "")
        self.build(self.ws, run=1)
        self.assertIn("begun", self.content())


if __name__ == "__main__":
    harness.main()
