#!/usr/bin/python3
"""Images in a docker daemon, which is started for the test and ended after it."""

import shutil
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


class Docker(harness.Case):
    @classmethod
    def setUpClass(cls):
        """One daemon for all cases: it takes a while to start."""
        cls.root = tempfile.mkdtemp(prefix="devgraph-dockerd-")
        cls.daemon = services.Dockerd(cls.root).start()
        cls.host = cls.daemon.host

    @classmethod
    def tearDownClass(cls):
        cls.daemon.stop()
        shutil.rmtree(cls.root, ignore_errors=True)

    def setUp(self):
        super().setUp()
        with open("/bin/busybox", "rb") as file:
            busybox = file.read()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "src/main.txt": "from docker\n"})
        self.ws.write("busybox", busybox, 0o755)

    def build(self, *arguments, **wanted):
        run = self.expect(self.ws.devgraph("build", *arguments, env={"DOCKER_HOST": self.host}), 0)
        counts = run.counts()
        self.assertEqual({word: counts[word] for word in wanted}, wanted, run.err)

    def docker(self, *arguments):
        done = self.daemon.call(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

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

    def test_without_a_daemon_it_says_so(self):
        run = self.expect(self.ws.devgraph("build", "local",
                                           env={"DOCKER_HOST": "unix:///nowhere"}), 1)
        self.assertIn("docker load: Cannot connect to the Docker daemon at unix:///nowhere", run.err)


if __name__ == "__main__":
    harness.main()
