#!/usr/bin/python3
"""`check --remote` and releases: what was released is asked for where it went, and nothing is changed there."""

import json
import os
import urllib.request

import harness
from release_case import CANARY, Case


class Drift(Case):
    def check(self, *words, code, env=None):
        environment = {"TOKEN": CANARY} if env is None else env
        where = self.arguments()[1:]  # Without the name of the command.
        before = self.registry.writes()
        run = self.expect(self.ws.devgraph("check", *words, *where, env=environment), code)
        self.assertEqual(self.registry.writes(), before)
        self.assertEqual(self.ws.shell("ls .devgraph | grep ^run- || true"), "")
        return run

    def build(self):
        self.expect(self.ws.devgraph("build", *self.arguments()[1:]), 0)

    def move(self, tag):
        """Somebody gives the name to another image, of the same layers."""
        url = f"http://{self.registry.host}/v2/acme/app/manifests/{tag}"
        kind = "application/vnd.oci.image.manifest.v1+json"
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept": kind})) as answer:
            manifest = json.load(answer)
        manifest["annotations"] = {"by": "somebody"}
        urllib.request.urlopen(urllib.request.Request(url, json.dumps(manifest).encode(), {"Content-Type": kind},
                                                      method="PUT")).close()

    def test_what_was_never_released_is_told_to_those_who_ask(self):
        self.build()
        self.assertEqual(self.check("--remote", code=0).out, "")
        host = self.registry.host
        self.assertEqual(self.check("--remote", "images", code=3).out,
                         f"//:images  push {host}/acme/app:1.4.0 is not there\n"
                         f"//:images  push {host}/acme/app:latest is not there\n")
        run = self.check("--remote", "release", code=3)
        self.assertIn("//:notice  exec //:notice is not there\n", run.out)
        self.assertEqual(run.out.count("is not there\n"), 6)
        self.assertIn("6 stale\n", run.err)
        self.assertIn("error[", self.check("images", code=2).err)

    def test_what_was_released_and_is_another_thing_now(self):
        self.release("--yes")
        for words in ((), ("release",), ("images",)):
            self.assertEqual(self.check("--remote", *words, code=0).out, "")
        self.ws.shell(f"git push -q {self.origin} :v1.4.0")
        host = self.registry.host
        self.registry.forget_tag("acme/app", "1.4.0")
        self.move("latest")
        with open(os.path.join(self.shelf, "page.txt"), "w", encoding="utf-8") as file:
            file.write("another page\n")
        os.remove(os.path.join(self.shelf, "notice"))
        run = self.check("--remote", code=3)
        self.assertRegex(run.out, rf"(?m)^//:images  push {host}/acme/app:1.4.0 is gone$")
        self.assertRegex(run.out, rf"(?m)^//:images  push {host}/acme/app:latest stands for \w{{12}}, not for \w{{12}}$")
        self.assertRegex(run.out, r"(?m)^//:cut  tag \S+ v1.4.0 is gone$")
        self.assertRegex(run.out, r"(?m)^//:shelf-copy  copy \S+page.txt stands for \w{12}, not for \w{12}$")
        self.assertRegex(run.out, r"(?m)^//:notice  exec //:notice is gone$")
        self.assertIn("0 stale, 5 drifted", run.err)
        rows = json.loads(self.check("--remote", "--format=json", code=3).out)
        self.assertEqual(run.out.count("\n"), 5, rows)
        # Only of what is asked.
        self.assertEqual(self.check("--remote", "cut", code=3).out.count("\n"), 1)
        self.assertEqual(self.check(code=0).out, "")

    def test_what_is_not_built_is_not_compared(self):
        self.release("--yes")
        self.ws.write("page.txt", "another page\n")
        run = self.check("--remote", code=3)
        self.assertIn("//:page  argument text changed\n", run.out)
        self.assertNotIn("push", run.out)
        self.assertNotIn("notice", run.out)
        # Built, it is another thing than what was released, and that is told of each name.
        self.build()
        out = self.check("--remote", code=3).out
        self.assertRegex(out, r"//:images  push \S+:1.4.0 stands for \w{12}, not for \w{12}\n")

    def test_a_way_back_that_was_gone_is_no_drift(self):
        self.ws.edit("build.devgraph", "let release", """push older { image = old, to = registry, tags = ["1.3.0"] }
image old { files = { "/old.txt" = page } }
write earlier { text = "{registry}:1.3.0" }
promote back { ref = earlier, to = registry, tags = ["latest"] }
let release""")
        self.commit()
        for effect in ("older", "images", "back"):
            self.release("--yes", effect)
        self.assertEqual(self.tag("latest"), self.tag("1.3.0"))
        self.assertEqual(self.check("--remote", code=0).out, "")
        self.release("--yes", "images")
        self.assertEqual(self.check("--remote", code=0).out, "")
        self.move("latest")
        self.assertRegex(self.check("--remote", code=3).out, r"^//:images  push \S+:latest stands for .*\n$")
        run = self.release("--yes", "images", "back", code=2)
        self.assertRegex(run.err, r"E944\]: no plan: //:images and //:back give one name, \S+:latest, to two things; "
                                  "release one of them\n")

    def test_what_cannot_be_asked(self):
        self.release("--yes")
        self.assertIn("error[E922]: the secret `TOKEN`", self.check("--remote", code=2, env={}).err)
        self.registry.stop()
        self.addCleanup(self.registry.start)
        run = self.check("--remote", code=2)
        self.assertIn("error[E944]: no plan: //:images: ", run.err)
        self.assertIn("= what was released cannot be compared\n", run.err)


if __name__ == "__main__":
    harness.main()
