#!/usr/bin/python3
"""Images made without a daemon, held against the tools that people have: skopeo, umoci, buildah."""

import hashlib
import json
import os

import harness

MANIFEST = """devgraph 1
axis arch = ["amd64", "arm64"]

image base[arch] {
  files    = { "/bin/busybox" = ./busybox, "/bin/sh" = ./sh, "/etc/" = ./etc/** }
  config   = { env = { PATH = "/bin", LEVEL = "base" }, cmd = ["/bin/sh"], labels = { kind = "base" } }
  platform = "linux/{arch}"
  compress = "gzip"
}
image app[arch] {
  from     = base[arch]
  files    = { "/app/" = ./src/** }
  config   = {
    env        = { LEVEL = "app", MODE = "fast" }
    entrypoint = ["/bin/busybox", "cat", "/app/main.txt"]
    workdir    = "/app"
    user       = "1000:1000"
    ports      = ["8080", "53/udp"]
    volumes    = ["/data"]
    labels     = { version = "1.0" }
  }
  platform = "linux/{arch}"
  compress = "gzip"
  annotations = { "org.opencontainers.image.version" = "1.0" }
}
image_index both { images = app }
"""


def sources():
    with open("/bin/busybox", "rb") as file:
        busybox = file.read()
    return {"build.devgraph": MANIFEST, "busybox": busybox, "sh": busybox,
            "etc/passwd": "root:x:0:0::/:/bin/sh\n", "src/main.txt": "hello from an image\n",
            "src/deep/er.txt": "deep\n"}


class Images(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace(sources())
        for name in ("busybox", "sh"):
            os.chmod(self.ws.path(name), 0o755)

    def layout(self, label):
        return self.expect(self.ws.devgraph("out", label), 0).out.splitlines()[0]

    def digest(self, label):
        path = self.expect(self.ws.devgraph("out", label), 0).out.splitlines()[1]
        return self.ws.read(path).strip()

    def tool(self, script):
        return self.ws.shell(script)

    def test_an_image_is_one_node_to_whoever_builds_it(self):
        # Its layers are nodes too, which only -v and a failure show.
        run = self.build(self.ws, "base", "-j1", run=2)
        self.assert_text(run.err, """[1/2] //:base@arch=amd64  0.0s
[2/2] //:base@arch=arm64  0.0s
2 nodes: 2 run, 0 fresh  0.0s
""")
        self.ws.write("etc/passwd", "changed\n")
        run = self.build(self.ws, "base", "-v", run=2)
        self.assertIn("//:base/_layer@arch=arm64", run.err)

    def test_images_that_come_back_share_their_layers_as_before(self):
        self.ws.write("many/build.devgraph", """
axis n = range(0, 4)
image root   { files = { "/bin/busybox" = //busybox, "/etc/" = //etc/passwd } }
image one[n] { from = root, files = { "/number" = ./sources/{n} } }
""")
        for n in range(4):
            self.ws.write(f"many/sources/{n}", str(n))

        def layers():
            found = {}
            for path in self.ws.root.glob("out/many/one/*/one/blobs/sha256/*"):
                stat = path.stat()
                if stat.st_size > 100_000:
                    found.setdefault((stat.st_ino, stat.st_mode & 0o777), []).append(path)
            return found

        self.build(self.ws, "//many:*", run=5)
        self.assertEqual([(mode, len(paths)) for (_, mode), paths in layers().items()], [(0o444, 4)])
        self.ws.write("etc/passwd", "changed\n")
        self.build(self.ws, "//many:*", run=5)
        self.ws.write("etc/passwd", "root:x:0:0::/:/bin/sh\n")
        self.build(self.ws, "//many:*", run=0)
        self.assertEqual([(mode, len(paths)) for (_, mode), paths in layers().items()], [(0o444, 4)])
        self.build(self.ws, "//many:*", run=0)
        self.expect(self.ws.devgraph("check", "--paranoid", "//many:*"), 0)

    def test_skopeo_reads_the_same_digest_and_configuration(self):
        self.build(self.ws, "app@arch=amd64", run=2)
        layout = self.layout("app@arch=amd64")
        raw = self.tool(f"skopeo inspect --raw oci:{layout}:latest")
        self.assertEqual("sha256:" + hashlib.sha256(raw.encode()).hexdigest(),
                         self.digest("app@arch=amd64"))
        config = json.loads(self.tool(f"skopeo inspect --config oci:{layout}:latest"))
        self.assertEqual(config["config"], {
            "Env": ["PATH=/bin", "LEVEL=app", "MODE=fast"],
            "Entrypoint": ["/bin/busybox", "cat", "/app/main.txt"], "WorkingDir": "/app",
            "User": "1000:1000", "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
            "Volumes": {"/data": {}}, "Labels": {"kind": "base", "version": "1.0"}})
        self.assertEqual(config["architecture"], "amd64")
        self.assertEqual(len(config["rootfs"]["diff_ids"]), 2)

    def test_umoci_unpacks_it(self):
        self.build(self.ws, "app@arch=amd64", run=2)
        self.tool(f"umoci unpack --rootless --image {self.layout('app@arch=amd64')}:latest bundle")
        self.assertEqual(self.ws.read("bundle/rootfs/app/main.txt"), "hello from an image\n")
        self.assertEqual(self.ws.read("bundle/rootfs/app/deep/er.txt"), "deep\n")
        self.assertEqual(os.stat(self.ws.path("bundle/rootfs/bin/busybox")).st_mode & 0o777, 0o755)

    def test_buildah_runs_it(self):
        self.build(self.ws, "app@arch=amd64", run=2)
        said = self.tool(f"""
          export HOME=$PWD/home
          store="--root $PWD/store --runroot $PWD/run --storage-driver vfs"
          c=$(buildah $store from oci:{self.layout('app@arch=amd64')}:latest)
          buildah $store run --isolation chroot --user 0 $c -- /bin/busybox cat /app/main.txt""")
        self.assertTrue(said.endswith("hello from an image\n"), said)

    def test_an_edit_makes_only_its_own_image(self):
        self.build(self.ws, run=5)
        self.ws.shell("find . -name out -prune -o -name .devgraph -prune -o -type f -exec touch {} +")
        self.build(self.ws, run=0)
        self.ws.write("src/main.txt", "hello again\n")
        self.build(self.ws, run=3)
        self.ws.write("src/main.txt", "hello from an image\n")
        self.build(self.ws, run=0)
        self.ws.edit("build.devgraph", 'version = "1.0" }\n  }', 'version = "1.1" }\n  }')
        self.build(self.ws, run=3)

    def test_an_index_holds_both_platforms(self):
        self.build(self.ws, "both")
        index = json.loads(self.tool(f"skopeo inspect --raw oci:{self.layout('both')}:latest"))
        self.assertEqual([one["platform"]["architecture"] for one in index["manifests"]],
                         ["amd64", "arm64"])
        self.assertEqual([one["digest"] for one in index["manifests"]],
                         [self.digest(f"app@arch={arch}") for arch in ("amd64", "arm64")])
        self.tool(f"skopeo copy -q --all --preserve-digests oci:{self.layout('both')}:latest "
                  "oci:copied:latest")
        self.assertEqual(self.tool("skopeo inspect --raw oci:copied:latest | sha256sum")[:64],
                         self.digest("both")[7:])

    def test_another_place_time_and_person_make_the_same_bytes(self):
        self.build(self.ws, "both")
        other = self.workspace(sources(), name="another place/with blanks")
        for name in ("busybox", "sh"):
            os.chmod(other.path(name), 0o775)
        other.shell("find . -type f -exec touch -d 2001-02-03 {} +; chmod -R go-rw .")
        self.expect(other.devgraph("build", "both", "-j1", env={
            "TZ": "Asia/Tokyo", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "7"}), 0)
        here = self.ws.shell("cd out/both && find . -type f | sort | xargs sha256sum")
        there = other.shell("cd out/both && find . -type f | sort | xargs sha256sum")
        self.assertEqual(here, there)

    def test_skopeo_reads_the_archive_in_both_ways(self):
        for compress in ("gzip", "zstd"):
            with self.subTest(compress):
                self.ws.write("build.devgraph", MANIFEST.replace('compress = "gzip"',
                                                                 f'compress = "{compress}"')
                              + 'image_archive tar { image = app[arch = "amd64"], '
                              'names = ["example.org/app:1.0"] }\n')
                self.build(self.ws, "tar")
                path = self.layout("tar")
                self.assertEqual(
                    self.tool(f"skopeo inspect --raw oci-archive:{path}:latest | sha256sum")[:64],
                    self.digest("app@arch=amd64")[7:])
                found = json.loads(self.tool(f"skopeo inspect docker-archive:{path}"))
                self.assertEqual(len(found["Layers"]), 2)
                self.tool(f"skopeo copy -q docker-archive:{path} dir:copied-{compress}")

    def test_names_are_layouts_that_share_the_image(self):
        self.ws.write("build.devgraph", MANIFEST + """
image_tag named { image = both, names = ["example.org:5000/lab/app:1.0", "app:latest"] }
image_tag tried { image = named, names = "app:try-", hashed = true }
""")
        self.build(self.ws, "tried")
        digest = self.digest("both")
        for label in ("named", "tried"):
            self.assertEqual(self.digest(label), digest)
        for label, name in (("named", "example.org:5000/lab/app:1.0"), ("named", "app:latest"),
                            ("tried", "app:try-" + digest[7:19])):
            raw = self.tool(f"skopeo inspect --raw oci:{self.layout(label)}:{name} | sha256sum")
            self.assertEqual(raw[:64], digest[7:])
        self.assertEqual(self.tool("cd out; for f in both/both/blobs/sha256/*; do "
                                   "test $f -ef named/named/blobs/sha256/${f##*/} || echo $f; done"), "")
        for names, said in (("[]", "`names` is empty"), ('"app"', "`app` has no tag; write `app:latest`"),
                            ('"App:1"', "a repository has lower-case letters")):
            with self.subTest(names):
                self.ws.write("build.devgraph", MANIFEST + f"image_tag named {{ image = both, names = {names} }}\n")
                self.assertIn(said, self.expect(self.ws.devgraph("build", "named"), 1).err)

    def test_what_other_tools_save_is_imported(self):
        self.build(self.ws, "app@arch=amd64")
        layout = self.layout("app@arch=amd64")
        self.tool(f"skopeo copy -q oci:{layout}:latest docker-archive:docker.tar:a:1")
        self.tool(f"skopeo copy -q oci:{layout}:latest oci-archive:oci.tar:latest")
        self.ws.write("build.devgraph", MANIFEST + """
image_import saved  { archive = ./docker.tar }
image_import packed { archive = ./oci.tar }
image on-top { from = saved, files = { "/more" = ./etc/passwd } }
""")
        self.build(self.ws, "packed", "on-top")
        self.assertEqual(self.digest("packed"), self.digest("app@arch=amd64"))
        config = json.loads(self.tool(f"skopeo inspect --config oci:{self.layout('on-top')}:latest"))
        self.assertEqual(config["config"]["Env"], ["PATH=/bin", "LEVEL=app", "MODE=fast"])
        self.assertEqual(len(config["rootfs"]["diff_ids"]), 3)

    def test_a_damaged_archive_is_refused(self):
        self.build(self.ws, "app@arch=amd64")
        self.tool(f"skopeo copy -q oci:{self.layout('app@arch=amd64')}:latest "
                  "docker-archive:docker.tar:a:1 && mkdir x && tar -C x -xf docker.tar && "
                  "layer=$(ls x/*.tar | head -n1) && printf more >> $layer && "
                  "tar -C x -cf docker.tar .")
        self.ws.write("build.devgraph", "devgraph 1\nimage_import saved { archive = ./docker.tar }\n")
        run = self.expect(self.ws.devgraph("build"), 1)
        self.assertRegex(run.err, r"its layer \d is sha256:\w+, but its configuration says sha256:")

    def test_the_difference_of_two_images_is_told_path_by_path(self):
        self.build(self.ws, "app@arch=amd64")
        self.ws.shell("cp -r out/app/amd64/app before")
        self.ws.write("src/main.txt", "hello\n", 0o755)
        self.ws.remove("src/deep/er.txt")
        self.ws.write("src/new", "1\n")
        self.ws.edit("build.devgraph", 'MODE = "fast"', 'MODE = "slow"')
        self.build(self.ws, "app@arch=amd64")
        run = self.expect(self.ws.devgraph("image", "diff", "before", "app@arch=amd64"), 0)
        self.assertEqual(run.out, """- /app/deep  folder
- /app/deep/er.txt  5 B, mode 644
~ /app/main.txt  content, 20 B -> 6 B, mode 644 -> 755
+ /app/new  2 B, mode 644
~ config.Env  ["PATH=/bin","LEVEL=app","MODE=fast"] -> ["PATH=/bin","LEVEL=app","MODE=slow"]
""")
        same = self.expect(self.ws.devgraph("image", "diff", "app@arch=amd64", "app@arch=amd64"), 0)
        self.assertEqual(same.out, "")
        self.expect(self.ws.devgraph("image", "show", "a", "b"), 2)
        self.expect(self.ws.devgraph("image", "diff", "app", "before"), 2)

    def test_a_base_for_another_platform_is_refused(self):
        self.ws.edit("build.devgraph", "from     = base[arch]", 'from     = base[arch = "amd64"]')
        run = self.expect(self.ws.devgraph("build", "app@arch=arm64"), 1)
        self.assertIn("the image has nothing for linux/arm64; it is for linux/amd64", run.err)


if __name__ == "__main__":
    harness.main()
