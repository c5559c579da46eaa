#!/usr/bin/python3
"""Every kind of artifact, made twice from nothing: other folder, time zone, locale, umask, user, jobs, file times."""

import hashlib
import json
import os
import subprocess

import harness

MANIFEST = """devgraph 1

let src = [./pkg/pyproject.toml, ./pkg/README.md, ./pkg/acme/**]

wheel         app     { src }
wheel         code    { src = [...src, ./pkg/native/**], platform = "linux_x86_64" }
sdist         source  { src }
wheel_by_backend built { src = ./own/**, backend = tools }
venv          tools   {}
venv          env     { wheels = app }
package_index index   { files = [app, source] }
tar           packed  { files = { "data/" = ./data/** } }
compress      zst     { file = packed }
compress      gz      { file = packed, with = "gzip" }
image root {
  files    = { "/bin/busybox" = ./busybox, "/bin/sh" = ./busybox, "/data/" = ./data/** }
  config   = { env = { PATH = "/bin" }, cmd = ["/bin/sh"] }
  compress = "gzip"
}
image         arm     { files = { "/data/" = ./data/** }, platform = "linux/arm64" }
image_index   both    { images = [root, arm] }
image_archive saved   { image = root, names = ["acme:1"] }
image_import  again   { archive = saved }
env_file      vars    { vars = { ONE = "1", DIGEST = text(root.digest) } }
merge_json    merged  { parts = [./a.json, ./b.json] }
run made {
  within = root
  out    = "made/"
  $ busybox cp -r /data {out}/copy
  $ busybox env | busybox sort | busybox grep -v -e HOME -e TMPDIR -e PWD -e MAKEFLAGS > {out}/env
}
"""
DOCKERFILE = """FROM base AS first
COPY data/ /copied/
RUN busybox echo made > /made
FROM base
COPY --from=first /made /copied /all/
RUN busybox mkdir -p /a/b && busybox touch /a/b/c
"""
BACKEND = """import os, time, zipfile


def build_wheel(folder, settings=None, metadata=None):
    with zipfile.ZipFile(os.path.join(folder, "acme-1.0-py3-none-any.whl"), "w") as made:
        for name, text in (("acme-1.0.dist-info/RECORD", ""), ("acme-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\n"),
                           ("acme-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: acme\\nVersion: 1.0\\n"),
                           ("acme/__init__.py", "X = 1\\n")):
            made.writestr(zipfile.ZipInfo(name, time.localtime()[:6]), text)
    return "acme-1.0-py3-none-any.whl"
"""
FILES = {
    "own/pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["backend"]\n'
                          '[project]\nname = "acme"\nversion = "1.0"\n',
    "own/backend/own.py": BACKEND,
    "pkg/pyproject.toml": '[project]\nname = "acme"\nversion = "1.0"\nreadme = "README.md"\n'
                          '[project.scripts]\nacme = "acme:main"\n',
    "pkg/README.md": "# Acme, with é\n", "pkg/acme/__init__.py": "def main():\n    pass\n",
    "pkg/acme/names/naïve é.txt": "é\n", "pkg/native/acme/lib.so": b"\x7fELF no code",
    "data/b.txt": "b\n", "data/a/deep/c.txt": "c\n", "data/Z": "", "a.json": '{"a": 1}', "b.json": '{"b": [2]}',
    "Dockerfile": DOCKERFILE,
}


def digests(root):
    """Path = digest of each output; of a folder those of its files, links and modes."""
    found = {}
    for folder, folders, names in os.walk(os.path.join(root, "out")):
        if folder.endswith("/_packed/made"):
            continue  # What a build backend makes has its own times; it is written anew.
        for name in names + [one for one in folders if os.path.islink(os.path.join(folder, one))]:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                content = os.readlink(path).encode()
            else:
                with open(path, "rb") as file:
                    content = file.read()
            mode = "" if os.path.islink(path) else oct(os.stat(path).st_mode & 0o100)
            found[os.path.relpath(path, root)] = hashlib.sha256(content).hexdigest() + mode
    return found


class Reproducible(harness.Case):
    def make(self, name, manifest):
        ws = self.workspace({**FILES, "build.devgraph": manifest}, name)
        with open("/bin/busybox", "rb") as file:
            ws.write("busybox", file.read(), 0o755)
        return ws

    def compare(self, one, other):
        a, b = digests(one.root), digests(other.root)
        self.assertGreater(len(a), 20)
        self.assertEqual(a, b)

    def other_place(self, manifest):
        """A deeper folder, with other times and modes of its files."""
        ws = self.make("another/and/deeper place", manifest)
        for folder, _, names in os.walk(ws.root):
            for name in names:
                path = os.path.join(folder, name)
                os.utime(path, (1_234_567_890, 1_234_567_890))
                os.chmod(path, 0o700 if os.stat(path).st_mode & 0o100 else 0o600)
        return ws

    def test_another_place_time_and_person(self):
        one = self.make("one", MANIFEST)
        self.expect(one.devgraph("build", "-j1", timeout=300), 0)
        other = self.other_place(MANIFEST)
        subprocess.run(["chown", "-R", "1234:1234", os.path.join(self.folder, "another")], check=True)
        os.chmod(self.folder, 0o755)
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "tr_TR.UTF-8"}
        said = subprocess.run(["setpriv", "--reuid", "1234", "--regid", "1234", "--clear-groups", "sh", "-c",
                               'umask 077; exec "$0" build -j8', harness.BINARY], cwd=other.root, env=env, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        self.assertEqual(said.returncode, 0, said.stdout)
        self.compare(one, other)
        # And once more on top of what is there.
        twice = self.expect(one.devgraph("build", "-B", "--twice", "--except", "built", timeout=300), 0)
        self.assertNotIn("differ", twice.err)

    def test_dockerfiles(self):
        manifest = MANIFEST.split("wheel         app")[0].replace("let src", "let _src").split("let _src")[0] + (
            'image root {\n  files = { "/bin/busybox" = ./busybox, "/bin/sh" = ./busybox }\n'
            '  config = { env = { PATH = "/bin" } }\n}\n'
            "dockerfile app { context = [./Dockerfile, ./data/**], from = root }\n"
            "dockerfile gz { context = [./Dockerfile, ./data/**], from = root, compress = \"gzip\" }\n")
        one = self.make("one", manifest)
        self.expect(one.devgraph("build", "-j1", timeout=300), 0)
        other = self.other_place(manifest)
        env = {"TZ": "Asia/Kathmandu", "LC_ALL": "C"}
        old = os.umask(0o077)
        self.addCleanup(os.umask, old)
        self.expect(other.devgraph("build", "-j4", env=env, timeout=300), 0)
        a, b = digests(one.root), digests(other.root)
        self.assertEqual(a, b)
        with open(one.path("out/app/app.digest"), encoding="utf-8") as file:
            digest = file.read().strip().partition(":")[2]
        with open(os.path.join(one.root, "out/app/app/blobs/sha256", digest), encoding="utf-8") as file:
            self.assertEqual(len(json.load(file)["layers"]), 3)


if __name__ == "__main__":
    harness.main()
