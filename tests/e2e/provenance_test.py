#!/usr/bin/python3
"""Where things come from: in-toto statements with SLSA provenance, and what they are made again for."""

import hashlib
import json
import re

import harness

MANIFEST = """devgraph 1
param channel: string = "stable"
param unused:  string = ""

let src = ./src/*.txt

run app {
  out   = "app.txt"
  tools = ["sort"]
  $ cat {src} | sort > {out}
  $ echo {channel} >> {out}
}
provenance about {
  of         = app
  builder    = "https://ci.example.org"
  source     = { uri = "https://me:hunter2@example.org/acme/app.git", commit = git.commit_of(src) }
  parameters = { CI = env("CI") ?? "no" }
  metadata   = { invocation = env("RUN"), started = env("STARTED") }
}
"""

# What slsa.dev/spec/v1.0/provenance and in-toto's spec/v1 know: name -> (type, needed).
DESCRIPTOR = {"uri": (str, False), "digest": (dict, False), "name": (str, False), "content": (str, False),
              "downloadLocation": (str, False), "mediaType": (str, False), "annotations": (dict, False)}
STATEMENT = {"_type": (str, True), "subject": (list, True), "predicateType": (str, True), "predicate": (dict, True)}
PREDICATE = {"buildDefinition": (dict, True), "runDetails": (dict, True)}
DEFINITION = {"buildType": (str, True), "externalParameters": (dict, True), "internalParameters": (dict, False),
              "resolvedDependencies": (list, False)}
RUN = {"builder": (dict, True), "metadata": (dict, False), "byproducts": (list, False)}
BUILDER = {"id": (str, True), "builderDependencies": (list, False), "version": (dict, False)}
METADATA = {"invocationId": (str, False), "startedOn": (str, False), "finishedOn": (str, False)}
DIGESTS = {"sha256": 64, "gitCommit": 40}
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Provenance(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "src/a.txt": "b\n", "src/b.txt": "a\n", "README": "read\n",
                                  ".gitignore": "out/\n.devgraph/\n"})
        self.commit("one")
        self.head = self.ws.shell("git rev-parse HEAD").strip()

    def commit(self, message):
        self.ws.shell(f"git init -q -b main && git add . && git commit -qm {message}")

    def fields(self, what, known):
        self.assertEqual(sorted(set(what) - set(known)), [])
        for name, (kind, needed) in known.items():
            self.assertTrue(name in what or not needed, f"{name} is not in {what}")
            if name in what:
                self.assertIsInstance(what[name], kind)
                self.assertTrue(what[name] or not needed, f"{name} is empty")

    def descriptor(self, one):
        self.fields(one, DESCRIPTOR)
        self.assertTrue({"uri", "digest", "content"} & set(one), one)
        for kind, digest in one.get("digest", {}).items():
            self.assertRegex(digest, f"^[0-9a-f]{{{DIGESTS[kind]}}}$")

    def statement(self):
        """The statement, once it is what the two specifications ask for."""
        statement = json.loads(self.ws.read("out/about/about.intoto.json"))
        self.fields(statement, STATEMENT)
        self.assertEqual(statement["_type"], "https://in-toto.io/Statement/v1")
        self.assertEqual(statement["predicateType"], "https://slsa.dev/provenance/v1")
        for one in statement["subject"]:
            self.descriptor(one)
            self.assertTrue(one["digest"] and one["name"])
        predicate = statement["predicate"]
        self.fields(predicate, PREDICATE)
        self.fields(predicate["buildDefinition"], DEFINITION)
        self.fields(predicate["runDetails"], RUN)
        self.fields(predicate["runDetails"]["builder"], BUILDER)
        metadata = predicate["runDetails"].get("metadata", {})
        self.fields(metadata, METADATA)
        for name in ("startedOn", "finishedOn"):
            self.assertTrue(TIME.fullmatch(metadata.get(name, "1970-01-01T00:00:00Z")))
        for one in predicate["buildDefinition"]["resolvedDependencies"]:
            self.descriptor(one)
        for uri in (predicate["buildDefinition"]["buildType"], predicate["runDetails"]["builder"]["id"]):
            self.assertTrue(URI.fullmatch(uri), uri)
        return statement

    def sha(self, name):
        with open(self.ws.path(name), "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def test_the_whole_statement(self):
        self.build(self.ws, "-D", "channel=beta", nodes=2, run=2)
        sort = self.ws.shell("sha256sum < $(readlink -f $(command -v sort))")[:64]
        self.assertEqual(self.statement(), {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "app.txt", "digest": {"sha256": self.sha("out/app/app.txt")}}],
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": "urn:devgraph:build:1",
                    "externalParameters": {
                        "targets": ["//:app"],
                        "parameters": {"//:channel": "beta", "CI": "no"},
                        "source": "git+https://example.org/acme/app.git",
                    },
                    "resolvedDependencies": [
                        {"name": "build.devgraph", "digest": {"sha256": self.sha("build.devgraph")}},
                        {"uri": "git+https://example.org/acme/app.git", "digest": {"gitCommit": self.head}},
                        {"name": "src/a.txt", "digest": {"sha256": self.sha("src/a.txt")}},
                        {"name": "src/b.txt", "digest": {"sha256": self.sha("src/b.txt")}},
                        {"name": "tool sort", "digest": {"sha256": sort}},
                    ],
                },
                "runDetails": {"builder": {"id": "https://ci.example.org"}},
            },
        })

    def test_it_is_made_again_for_what_it_says_and_for_nothing_else(self):
        self.build(self.ws, nodes=2, run=2)
        first = self.ws.read("out/about/about.intoto.json")
        self.assertEqual(self.statement()["predicate"]["buildDefinition"]["externalParameters"]["parameters"], {"CI": "no"})
        self.ws.write("README", "read me\n")
        self.commit("two")
        self.build(self.ws, nodes=2, run=0)
        self.build(self.ws, "-D", "unused=x", nodes=2, run=0)
        # A parameter that its subjects use, given as it is anyhow: they are the same, what is said of them is not.
        self.build(self.ws, "-D", "channel=stable", nodes=2, run=1)
        self.assertEqual(self.statement()["predicate"]["buildDefinition"]["externalParameters"]["parameters"],
                         {"//:channel": "stable", "CI": "no"})
        self.build(self.ws, nodes=2, run=0)
        self.assertEqual(self.ws.read("out/about/about.intoto.json"), first)
        # A comment in the manifest: made from other bytes, though with the same result.
        self.ws.write("build.devgraph", MANIFEST + "# the end\n")
        self.build(self.ws, nodes=2, run=1)
        self.assertNotEqual(self.ws.read("out/about/about.intoto.json"), first)

    def test_a_tree_that_differs_from_its_commit_has_no_digest(self):
        self.ws.write("src/a.txt", "c\n")
        self.build(self.ws, nodes=2, run=2)
        rows = self.statement()["predicate"]["buildDefinition"]["resolvedDependencies"]
        self.assertIn({"uri": "git+https://example.org/acme/app.git",
                       "annotations": {"commit": self.head + "-dirty"}}, rows)

    def test_about_the_run_and_without_passwords(self):
        run = self.ws.devgraph("build", "-D", "channel=https://me:hunter2@example.org/beta", env={
            "CI": "https://me:hunter2@ci.example.org/", "RUN": "https://ci.example.org/runs/7",
            "STARTED": "2026-01-31T08:30:00Z"})
        self.expect(run, 0)
        predicate = self.statement()["predicate"]
        self.assertEqual(predicate["runDetails"]["metadata"], {
            "invocationId": "https://ci.example.org/runs/7", "startedOn": "2026-01-31T08:30:00Z"})
        self.assertEqual(predicate["buildDefinition"]["externalParameters"]["parameters"],
                         {"//:channel": "https://example.org/beta", "CI": "https://ci.example.org/"})
        self.assertNotIn("hunter2", self.ws.read("out/about/about.intoto.json"))

    def test_secrets_are_no_parameters(self):
        self.ws.edit("build.devgraph", 'CI = env("CI") ?? "no"', 'token = secret("TOKEN")')
        self.assert_text(self.expect(self.ws.devgraph("build"), 2).err, """error[E301]: a secret cannot stand here
  --> build.devgraph:17:26
17 |   parameters = { token = secret("TOKEN") }
   |                          ^^^^^^^^^^^^^^^ secret
   = provenance.parameters is {string}
   = a secret fits env, stdin, secrets and parameters of type secret only
""")

    def test_a_time_that_is_none(self):
        run = self.ws.devgraph("build", env={"STARTED": "yesterday"})
        self.assert_text(self.expect(run, 2).err, """error[E424]: `yesterday` is no time
  --> build.devgraph:18:53
18 |   metadata   = { invocation = env("RUN"), started = env("STARTED") }
   |                                                     ^^^^^^^^^^^^^^ a time in UTC is needed, such as 2026-01-31T08:30:00Z
""")


if __name__ == "__main__":
    harness.main()
