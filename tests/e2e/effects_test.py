#!/usr/bin/python3
"""Effects by themselves: commands, names that are promoted, and what goes along with a release."""

import json
import os
import re

import harness
import services


class Commands(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": """devgraph 1
param word: string
exec notice {
  apply =
    $ echo "to be done"
    $ echo almost; echo {word} >&2; exit 3
}
exec silent {
  apply =
    $ true
}
exec other {
  apply =
    $ true
}
"""})

    def test_a_failure_shows_the_line_of_the_manifest_and_what_it_printed(self):
        run = self.expect(self.ws.devgraph("release", "--yes", "-D", "word=bad", "notice"), 1)
        self.assert_text(re.sub("  [0-9a-f]{12}  ", "  <digest>  ", run.err), """step  effect  target     digest        size  state
   1  exec    //:notice  <digest>        new
[1/1] FAILED exec //:notice 0.0s
    exit status 3
    --> build.devgraph:6
    $ echo almost; echo {word} >&2; exit 3
    | almost
    | bad
    log: .devgraph/log/notice.log
1 effect: 0 done, 1 failed  0.0s
""")
        self.assertIn("\n# build.devgraph:3\n", self.ws.read(".devgraph/log/notice.log"))

    def test_clean_leaves_what_only_a_release_makes(self):
        self.ws.write("build.devgraph", f"""devgraph 1
write page {{ text = "x" }}
copy_to shelf {{ files = page, to = "{self.folder}/shelf" }}
""")
        self.expect(self.ws.devgraph("release", "--yes", "shelf"), 0)
        self.assert_text(self.expect(self.ws.devgraph("clean"), 0).err, "1 output removed\n")
        kept = "kept out/shelf/shelf.ref: a release left it, and no build makes it again\n0 outputs removed, 1 kept\n"
        self.assert_text(self.expect(self.ws.devgraph("clean", "shelf"), 0).err, kept)
        self.assertTrue(self.ws.exists("out/shelf/shelf.ref"))

    def test_a_release_brings_back_what_it_left(self):
        self.ws.write("build.devgraph", f"""devgraph 1
write page {{ text = "x" }}
copy_to shelf {{ files = page, to = "{self.folder}/shelf" }}
env_file told {{ vars = {{ REF = text(shelf.ref) }} }}
let release = told
""")
        self.expect(self.ws.devgraph("release", "--yes"), 0)
        told = self.ws.read("out/told/told.env")
        self.ws.remove("out")
        self.assertIn("2 effects: 1 done, 1 present", self.expect(self.ws.devgraph("release", "--yes"), 0).err)
        self.assertEqual(self.ws.read("out/told/told.env"), told)
        self.assertTrue(self.ws.exists("out/shelf/shelf.ref"))
        self.assertIn("2 effects: 0 done, 2 present", self.expect(self.ws.devgraph("release", "--yes"), 0).err)

    def test_what_is_named_where_another_command_is_meant(self):
        self.ws.write("build.devgraph", """devgraph 1
write page { text = "x" }
copy_to shelf { files = page, to = "/nowhere" }
write told { text = "t", after = shelf }
freeze back { into = ./, files = page }
let release = back
""")
        def said(*words):
            return self.expect(self.ws.devgraph(*words), 2).err
        self.assert_text(said("build", "told", "shelf"), """error[E907]: `//:shelf` is an effect, and `devgraph build` carries none out
  --> build.devgraph:3:9
 3 | copy_to shelf { files = page, to = "/nowhere" }
   |         ^^^^^ changes something outside the workspace
   = to carry it out, write  devgraph release //:shelf
   = to build what it needs, write  devgraph build //:page

error[E907]: `//:told` is an effect, and `devgraph build` carries none out
  --> build.devgraph:4:7
 4 | write told { text = "t", after = shelf }
   |       ^^^^ comes after the effect `//:shelf`
   = to carry it out, write  devgraph release //:told
""")
        self.assert_text(said("release", "--yes", "back"), """error[E940]: `//:back` is no effect, so there is nothing to release
  --> build.devgraph:5:8
 5 | freeze back { into = ./, files = page }
   |        ^^^^ copies into the tree
   = write  devgraph freeze //:back
""")
        self.assert_text(said("release", "--yes"), "error[E940]: `release` of this project holds no effect\n"
                         "   = an effect is a node of `push`, `upload`, `git_tag`, …\n")

    def test_a_terminal_shows_what_goes_on(self):
        arguments = ("release", "-D", "word=x")
        code, screen = self.ws.answer("y", *arguments, "silent", env={"TERM": "xterm"})
        self.assertEqual(code, 0)
        self.assertRegex(screen, r"\n\[1/1\] +0\.\ds exec //:silent\n(\r\x1b\[2K\x1b\[A\x1b\[2K)(\[1/1\] .*\n\1)*"
                                 r"(\x1b\[\d*m)*\[1/1\] exec //:silent \(\w{12}\)  \S+\n1 effect: 1 done  \S+\n\Z")
        self.assertNotIn("\x1b", self.ws.answer("y", *arguments, "other")[1])


PROMOTE = """devgraph 1
param registry: string
param other: string
write page { text = "p", to = "page.txt" }
image app { files = { "/page.txt" = page } }
image_index both { images = [app] }
push dev { image = both, to = registry, tags = ["dev-1.0.0"] }
promote same { ref = dev.ref, to = registry, tags = ["prod-1.0.0", "prod"] }
promote mirror { ref = dev.ref, to = other, tags = ["1.0.0"] }
env_file told { vars = { IMAGE = text(mirror.ref) } }
let release = [same, mirror, told]
"""


class Promotes(harness.Case):
    def test_by_digest_without_a_blob_and_to_another_registry(self):
        first = services.Registry(os.path.join(self.folder, "one")).start()
        self.addCleanup(first.stop)
        second = services.Registry(os.path.join(self.folder, "two")).start()
        self.addCleanup(second.stop)
        ws = self.workspace({"build.devgraph": PROMOTE})
        arguments = ("-D", f"registry={first.host}/acme/app", "-D", f"other={second.host}/mirror/app")
        plan = self.expect(ws.devgraph("release", "--dry-run", *arguments), 0)
        self.assertIn("5 effects: 5 to do", plan.err)
        self.assertEqual(first.writes() + second.writes(), [])
        run = self.expect(ws.devgraph("release", "--yes", *arguments), 0)
        self.assertIn("5 effects: 5 done", run.err)
        seen = {}
        for name in (f"{first.host}/acme/app:dev-1.0.0", f"{first.host}/acme/app:prod-1.0.0",
                     f"{first.host}/acme/app:prod", f"{second.host}/mirror/app:1.0.0"):
            seen[name] = ws.shell(f"skopeo inspect --raw --tls-verify=false docker://{name} | sha256sum")
        self.assertEqual(len(set(seen.values())), 1, seen)
        self.assertIn("manifests", ws.shell(f"skopeo inspect --raw --tls-verify=false docker://{first.host}/acme/app:prod"))
        # Of the promotion in the same repository the registry got two names, and no blob.
        puts = [line for line in first.writes() if line.startswith("PUT")]
        self.assertEqual([line.split("/")[-1] for line in puts if "/manifests/prod" in line], ["prod-1.0.0", "prod"])
        blobs = [line for line in first.writes() if "/blobs/" in line]
        names = [number for number, line in enumerate(first.writes()) if "/manifests/prod" in line]
        self.assertTrue(all(first.writes().index(line) < names[0] for line in blobs))
        self.assertIn(f"{second.host}/mirror/app@sha256:", ws.read("out/told/told.env"))
        again = self.expect(ws.devgraph("release", "--yes", *arguments), 0)
        self.assertIn("5 effects: 0 done, 5 present", again.err)


class Tells(harness.Case):
    def test_checksums_and_where_things_come_from(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
let data = ./data/
run lines {
  out   = "lines.txt"
  tools = ["sort"]
  $ cat {data}/* | grep -v '^#' | sort > {out}
}
image app { files = { "/lines.txt" = lines } }
checksums sums { files = [lines, ./NOTES.md] }
provenance about { of = lines, images = { app }, builder = "https://ci.example.org" }
""", "data/a.txt": "b\n", "data/b.txt": "a\n# not counted\n", "NOTES.md": "notes\n"})
        self.build(ws, nodes=4, run=4)
        self.assertEqual(ws.shell("cd out/lines && cp ../../NOTES.md . && sha256sum -c ../sums/SHA256SUMS"),
                         "NOTES.md: OK\nlines.txt: OK\n")
        statement = json.loads(ws.read("out/about/about.intoto.json"))
        self.assertEqual(statement["_type"], "https://in-toto.io/Statement/v1")
        self.assertEqual(statement["predicateType"], "https://slsa.dev/provenance/v1")
        sha = {name: ws.shell(f"sha256sum < {path}")[:64] for name, path in (
            ("lines.txt", "out/lines/lines.txt"), ("data/a.txt", "data/a.txt"), ("data/b.txt", "data/b.txt"),
            ("build.devgraph", "build.devgraph"), ("tool sort", "$(readlink -f $(command -v sort))"))}
        digest = ws.read("out/app/app.digest").strip().removeprefix("sha256:")
        self.assertEqual(statement["subject"], [{"name": "app", "digest": {"sha256": digest}},
                                                {"name": "lines.txt", "digest": {"sha256": sha.pop("lines.txt")}}])
        definition = statement["predicate"]["buildDefinition"]
        self.assertEqual({one["name"]: one["digest"]["sha256"] for one in definition["resolvedDependencies"]}, sha)
        self.assertEqual(statement["predicate"]["runDetails"]["builder"]["id"], "https://ci.example.org")
        # A comment leaves its mark on no result, but it is what they come from.
        ws.write("data/b.txt", "a\n# still not counted\n")
        self.build(ws, nodes=4, run=2, fresh=2)
        self.assertNotEqual(json.loads(ws.read("out/about/about.intoto.json")), statement)
        ws.write("data/b.txt", "a\n# not counted\n")
        self.build(ws, nodes=4, run=0)
        self.assertEqual(json.loads(ws.read("out/about/about.intoto.json")), statement)
        ws.write("sub/NOTES.md", "others\n")
        ws.edit("build.devgraph", "./NOTES.md]", "./NOTES.md, ./sub/NOTES.md]")
        self.assertIn("two files are called `NOTES.md`", self.build(ws, code=1).err)

    def test_checksums_are_signed_with_a_key_that_stays_a_secret(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
checksums sums { files = ./NOTES.md }
run signature {
  out     = "SHA256SUMS.sig"
  secrets = { key = secret("SIGNING_KEY") }
  tools   = ["openssl"]
  $ openssl pkeyutl -sign -rawin -inkey "$DEVGRAPH_SECRETS/key" -in {sums} -out {out}
}
""", "NOTES.md": "notes\n"})
        key = ws.shell(f"openssl genpkey -algorithm ed25519 -out {self.folder}/key && openssl pkey -in {self.folder}/key "
                       f"-pubout -out {self.folder}/public && cat {self.folder}/key")
        self.assertEqual(self.expect(ws.devgraph("build", env={"SIGNING_KEY": key}), 0).counts()["run"], 2)
        self.assertIn("Verified Successfully", ws.shell(
            f"openssl pkeyutl -verify -rawin -pubin -inkey {self.folder}/public -in out/sums/SHA256SUMS "
            "-sigfile out/signature/SHA256SUMS.sig"))
        self.build(ws, run=0, fresh=2)
        secret = key.splitlines()[1]
        self.assertEqual(ws.shell(f"grep -rlF -e '{secret}' . || true"), "")


if __name__ == "__main__":
    harness.main()
