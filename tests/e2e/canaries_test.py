#!/usr/bin/python3
"""The search for secrets finds them: whatever they are hidden in, and however they are written there."""

import base64
import gzip
import io
import json
import os
import random
import subprocess
import tarfile
import time
import urllib.parse
import zipfile
import zlib

import canaries
import harness


def archive(name, content):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return made.getvalue()


def wheel(content):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a/b.txt", content)
    return made.getvalue()


def zstd(content):
    return subprocess.run(["zstd", "-qc"], input=content, check=True, stdout=subprocess.PIPE).stdout


# A program that says what it was told by a file, for as long as somebody listens.
SPEAKER = "#!/bin/sh\ncat said; echo and >&2; cat said >&2; exec sleep 0.2\n"


class Finds(harness.Case):
    def setUp(self):
        super().setUp()
        self.found = canaries.Canaries()
        self.value = self.found.new("ONE")
        self.found.new("OTHER")

    def only(self, place, form=""):
        """That one thing was found, there, and which secret it was."""
        found, self.found.found = self.found.found, []
        self.assertEqual(len(found), 1, found)
        self.assertRegex(found[0], rf"^{place}: ONE \({form}")

    def put(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def test_however_it_is_written(self):
        value = self.value.encode()
        self.assertTrue(self.found.look("nothing", b"a" * 1000 + value[:10] + value[::-1]))
        self.assertFalse(self.found.look("here", value[:15]))
        self.assertIn("here: a part of a secret (as it is) at byte 0", self.found.found.pop())
        for form, text in (
                ("as it is", value), ("as it is", urllib.parse.quote(value, safe="").encode()),
                ("as it is", json.dumps({"a": self.value}).encode()), ("as it is", b"\0" + value + b"\xff"),
                ("hex", value.hex().encode()), ("HEX", b"xx" + value.hex().upper().encode()),
                *((f"base64, {len(user) % 3} behind", base64.b64encode(user + value)) for user in (
                    b"", b"a", b"ab", b"alice:", b"bob:", b"eve--:")),
                *((f"base64, {len(user) % 3} behind", base64.urlsafe_b64encode(user + value + b"?")) for user in (
                    b"", b"a", b"ab"))):
            with self.subTest(form, text=text):
                self.assertFalse(self.found.look("here", b"before " + text + b" after"))
                self.only("here", form)

    def test_whatever_it_is_in(self):
        # So much of so few letters that packing changes all of them.
        noise = bytes(random.Random(7).choices(b"etaoin srhl", range(11, 0, -1), k=20_000))
        text = noise + self.value.encode() + noise
        tar = archive("etc/passwd", text)
        for where, content in (
                ("", text), ("!unpacked", gzip.compress(text)),
                ("!unpacked", gzip.compress(noise) + gzip.compress(text)),
                ("!unpacked", zstd(text)), ("!unpacked", zstd(noise) + zstd(text)), ("!unpacked", zstd(text * 99)[:-9]),
                ("!unpacked", gzip.compress(text * 99)[:-9]), ("!unpacked", zstd(os.urandom(3_000_000) + text)),
                ("!unpacked", zlib.compress(text)), ("!a/b.txt", wheel(text)), ("", tar),
                ("!unpacked", gzip.compress(tar)), ("!unpacked", zstd(tar)),
                ("!unpacked!a.whl!a/b.txt", gzip.compress(archive("a.whl", wheel(text)))),
                ("!blobs/1!unpacked", archive("blobs/1", zstd(tar)))):
            with self.subTest(where, content=content[:8]):
                self.assertEqual(self.value.encode() in content, not where)
                path = self.put("some/thing", content)
                self.found.look_below(self.folder)
                self.only(path + where)
                self.found.seen.clear()
                os.unlink(path)

    def test_names_and_links(self):
        word = self.value[:27]
        path = self.put(f"a/{word}", b"")
        self.found.look_below(self.folder)
        self.only(f"the name of {path}")
        os.unlink(path)
        os.symlink(word, os.path.join(self.folder, "a", "link"))
        self.found.look_below(self.folder)
        self.only(f"the link {self.folder}/a/link")

    def test_objects_of_git(self):
        ws = self.workspace({"a.txt": "one\n" * 1000})
        ws.shell("git init -q . && git add . && git commit -qm one")
        ws.write("a.txt", "one\n" * 1000 + self.value)
        ws.shell("git commit -qam two && git rm -q a.txt && git commit -qm three")
        name = ws.shell("git rev-parse HEAD^:a.txt").strip()
        self.found.look_below(self.folder)
        self.only(f"{ws.root}/.git/objects/{name[:2]}/{name[2:]}!unpacked")
        ws.shell("git bundle create -q ../bundle HEAD && git gc -q && rm -rf .git/logs")
        pack = ws.shell("echo $PWD/.git/objects/pack/*.pack").strip()
        self.found.look_below(ws.root)
        self.only(f"{pack}!{name}")
        bundle = self.found = canaries.Canaries()
        bundle.head, bundle.needles = self.value[:15], canaries.forms(self.value[:15].encode())
        bundle.named["ONE"] = self.value
        bundle.look_at_file(os.path.join(self.folder, "bundle"))
        self.only(f"{self.folder}/bundle!{name}")

    def test_a_file_that_keeps_it_is_the_only_one(self):
        self.found.keep(self.put(".docker/config.json", self.value.encode()))
        other = self.put("copy/.docker/config.json", self.value.encode())
        self.found.look_below(self.folder)
        self.only(other)

    def watched(self, *words, env=None):
        """What is seen of a process that lives for a moment."""
        self.found.begin()
        process = subprocess.Popen(words, env=env)
        self.wait_for(lambda: self.found.found or process.poll() is not None, "a process")
        process.kill()
        process.wait()
        self.found.end()

    def test_command_lines(self):
        self.watched("sh", "-c", "sleep 2; :", self.value)
        self.only("the command line of the process `sh -c sleep 2; : .*`")
        self.watched("sh", "-c", "sleep 2; :", base64.b64encode(f"alice:{self.value}".encode()))
        self.only("the command line of the process `sh -c sleep 2; : .*`", "base64, 0")

    def test_environments(self):
        environment = {"PATH": "/usr/bin:/bin", "TOKEN": self.value}
        self.watched("sleep", "2", env=environment)
        self.only("the environment, as /.*, of the process `sleep 2 `")
        self.found.programs["ONE"] = ("sleep",)
        self.watched("sleep", "0.2", env=environment)
        self.assertEqual(self.found.found, [])

    def test_streams(self):
        ws = self.workspace({"said": self.value})
        ws.write("speaker", SPEAKER, 0o755)
        self.addCleanup(setattr, harness, "BINARY", harness.BINARY)
        self.addCleanup(setattr, harness.Workspace, "canaries", None)
        harness.BINARY = str(ws.root / "speaker")
        harness.Workspace.canaries = self.found
        ws.devgraph("build", "all")
        self.assertEqual([line.split(": ")[0] for line in self.found.found],
                         ["stdout of `build all`", "stderr of `build all`"])
        self.found.found.clear()
        process = ws.start("release")
        time.sleep(0.1)
        process.kill()
        process.communicate()
        self.assertIn("stdout of `release`", self.found.found[0])
        self.found.found.clear()
        ws.shell("cat said")
        self.only("stdout of `cat said`")


if __name__ == "__main__":
    harness.main()
