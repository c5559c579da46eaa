#!/usr/bin/python3
"""Releases on GitHub, at a server that is as strict: drafts, assets that are sent once, names that never move."""

import hashlib
import json
import os
import pathlib
import re
import signal
import sys

import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import github_server  # pylint: disable=wrong-import-position

CANARY = "ghp_canary7f3aZq9"
BIG = bytes(range(256)) * 4096
MANIFEST = """devgraph 1
let release = [page]
copy first { file = ./one.txt, to = "app-1.0+cu118.whl" }
copy second { file = ./big.bin, to = "big.bin" }
github_release page {
  tag    = "v1.0"
  assets = [first, second]
  token  = secret("FORGE")
  repo   = "acme/app"
  notes  = ./NOTES.md
  title  = "App 1.0"
  api    = "API"
}
"""
WHEEL = "app-1.0+cu118.whl"
RELEASES = "/repos/acme/app/releases"


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Case(harness.Case):
    def setUp(self):
        super().setUp()
        self.forge = github_server.Forge(token=CANARY).start()
        self.forge.tags.add("v1.0")
        self.addCleanup(self.forge.shutdown)
        self.ws = self.workspace({"one.txt": "one\n", "big.bin": BIG, "NOTES.md": "# What is new\n\nA café.\n",
                                  "build.devgraph": MANIFEST.replace("API", self.forge.api)})
        self.target = f"{self.forge.url}/acme/app/releases/"

    def start(self, *arguments, env=None):
        return self.ws.start("release", "--yes", *arguments, env={"FORGE": CANARY, **(env or {})})

    def release(self, *arguments, code=0, env=None):
        return self.expect(self.ws.finish(self.start(*arguments, env=env), arguments), code)

    def uploads(self):
        return [line for line in self.forge.log if re.match(r"POST [^/]", line)]

    def assert_released(self):
        found, = self.forge.release("v1.0")
        self.assertFalse(found["draft"])
        self.assertEqual((found["name"], found["body"]), ("App 1.0", "# What is new\n\nA café.\n"))
        self.assertEqual(self.forge.assets("v1.0"), {WHEEL: b"one\n", "big.bin": BIG})


class Released(Case):
    def test_a_dry_run_is_a_plan_and_writes_nothing(self):
        run = self.expect(self.ws.devgraph("release", "--dry-run", env={"FORGE": CANARY}), 0)
        rows = [re.split(r" {2,}", line.strip()) for line in run.out.splitlines()[1:]]
        self.assertEqual(rows, [
            ["1", "draft", self.target[:-1] + " v1.0", "draft", "new"],
            ["2", "asset", self.target + "download/v1.0/" + WHEEL, digest(b"one\n")[7:19], "4 B", "new"],
            ["3", "asset", self.target + "download/v1.0/big.bin", digest(BIG)[7:19], "1.0 MiB", "new"],
            ["4", "release", self.target + "tag/v1.0", "published", "new"]])
        self.assertEqual(self.forge.writes(), [])

    def test_a_draft_its_assets_and_then_it_is_published(self):
        run = self.release()
        self.assertIn("4 effects: 4 done", run.err)
        self.assert_released()
        found, = self.forge.release("v1.0")
        self.assertEqual(self.forge.writes(), [f"POST {RELEASES} 201", f"POST {WHEEL} 201", "POST big.bin 201",
                                               f"PATCH {RELEASES}/{found['id']} 200"])
        self.assertEqual({headers["X-GitHub-Api-Version"] for headers in self.forge.headers}, {"2022-11-28"})
        self.assertEqual(self.ws.read("out/page/page.url"), self.target + "tag/v1.0\n")
        before = self.forge.writes()
        self.assertIn("4 effects: 0 done, 4 present", self.release().err)
        self.assertEqual(self.forge.writes(), before)

    def test_a_stranger_finds_it_all_there(self):
        """Another workspace, and a server that tells no digests: what is there is hashed."""
        self.release()
        before = self.forge.writes()
        self.forge.tells_digest = False
        self.ws.remove(".devgraph/ledger")
        self.assertIn("4 effects: 0 done, 4 present", self.release().err)
        self.assertEqual(self.forge.writes(), before)

    def test_other_bytes_are_refused(self):
        self.release()
        before = self.forge.writes()
        self.ws.write("one.txt", "two\n")
        for tells in (True, False):
            self.forge.tells_digest = tells
            run = self.release(code=2)
            self.assert_text(run.err[run.err.index("error["):],
                             f"""error[E942]: asset {self.target}download/v1.0/{WHEEL} is there already, and is something else
   = there: {digest(b"one" + chr(10).encode())}
   = here:  {digest(b"two" + chr(10).encode())}
   = a name that says which version it is refuses to move: release under another one
""")
        self.ws.write("one.txt", "longer\n")
        self.assertIn("   = there: 4 bytes\n", self.release(code=2).err)
        self.assertEqual(self.forge.writes(), before)

    def test_a_draft_that_is_left_over_is_finished(self):
        draft = self.forge.add_release("v1.0", assets={"big.bin": BIG})
        self.forge.add_asset(draft, WHEEL, b"", "starter")
        run = self.release()
        self.assertIn("4 effects: 2 done, 2 present", run.err)
        self.assert_released()
        self.assertEqual(self.uploads(), [f"POST {WHEEL} 201"])

    def test_what_somebody_wrote_stays(self):
        for line in ('  title  = "App 1.0"\n', "  notes  = ./NOTES.md\n"):
            self.ws.edit("build.devgraph", line, "")
        self.forge.add_release("v1.0", name="Mine", body="By hand.")
        self.release()
        found, = self.forge.release("v1.0")
        self.assertEqual((found["name"], found["body"], found["draft"]), ("Mine", "By hand.", False))

    def test_a_prerelease(self):
        self.ws.edit("build.devgraph", "  title ", "  prerelease = true\n  title ")
        self.release()
        found, = self.forge.release("v1.0")
        self.assertTrue(found["prerelease"])

    def test_the_repository_is_that_of_origin(self):
        self.ws.edit("build.devgraph", '  repo   = "acme/app"\n', "")
        run = self.release(code=2)
        self.assertIn("error[E916]: `//:page` would be refused: `repo` is not given, and git has no remote `origin`: "
                      'write  repo = "OWNER/NAME"\n', run.err)
        self.ws.shell("git init -q . && git remote add origin https://me:word-canary@elsewhere.org/acme/app.git")
        run = self.release(code=2)
        self.assertIn("`repo` is not given, and the remote `origin` is no repository of "
                      f"127.0.0.1:{self.forge.server_port}: write  repo = \"OWNER/NAME\"\n", run.err)
        self.assertNotIn("word-canary", run.err)
        self.ws.shell(f"git remote set-url origin ssh://git@127.0.0.1:{self.forge.server_port}/acme/app.git")
        self.release()
        self.assert_released()


class Gh(Case):
    """GitHub's own program, which we never call, as the stranger."""

    def gh(self, words):
        return self.ws.shell(f"env GH_HOST={github_server.GH_HOST} GH_TOKEN={CANARY} http_proxy={self.forge.url} "
                             f"GH_NO_UPDATE_NOTIFIER=1 gh release {words} --repo {github_server.GH_HOST}/acme/app")

    def test_it_reads_what_was_released(self):
        self.release()
        self.assertEqual(json.loads(self.gh("view v1.0 --json name,body,isDraft,tagName")),
                         {"name": "App 1.0", "body": "# What is new\n\nA café.\n", "isDraft": False, "tagName": "v1.0"})
        self.gh("download v1.0 -D got")
        self.ws.shell(f"cmp got/{WHEEL} one.txt && cmp got/big.bin big.bin")

    def test_what_it_began_is_finished(self):
        self.ws.shell(f"cp one.txt {WHEEL}")
        self.gh(f"create v1.0 --verify-tag --draft --notes '' --title x {WHEEL}")
        self.assertIn("4 effects: 2 done, 2 present", self.release().err)
        self.assert_released()
        self.assertEqual(self.uploads(), [f"POST {WHEEL} 201", "POST big.bin 201"])


class Refused(Case):
    def refused(self, words):
        run = self.release(code=2)
        self.assertIn("error[E916]: `//:page` would be refused: " + words + "\n", run.err)
        self.assertFalse(self.ws.exists("out/first"))
        self.assertEqual(self.forge.writes(), [])

    def test_a_token_that_is_not_taken(self):
        self.forge.token = "other"
        self.refused(f"{self.forge.api}/repos/acme/app answers 401 to GET (Bad credentials): it does not take the "
                     "secret FORGE")

    def test_a_repository_that_is_not_there(self):
        self.ws.edit("build.devgraph", '"acme/app"', '"acme/other"')
        self.refused(f"{self.forge.api}/repos/acme/other answers 404 to GET (Not Found): it is not there, or the "
                     "secret FORGE may not see it")

    def test_a_repository_that_was_renamed(self):
        self.forge.moved_to = "acme/new"
        self.refused(f"{self.forge.api}/repos/acme/app answers 301 to GET (Moved Permanently): acme/app has another "
                     "name by now; write that as `repo`")

    def test_a_repository_that_is_none(self):
        self.ws.edit("build.devgraph", '"acme/app"', '"acme/app/../x"')
        self.refused("`repo` is `acme/app/../x`, and not of the form OWNER/NAME")

    def test_a_host_that_the_user_did_not_allow(self):
        self.ws.edit("build.devgraph", self.forge.api, "https://git.example.invalid/api/v3")
        run = self.release(code=2)
        home = self.ws.home / ".config/devgraph/secrets.toml"
        self.assert_text(run.err, f"""error[E946]: the secret `FORGE` would go to git.example.invalid, and you did not say that it may
   = write into {home}, below [hosts]:  FORGE = ["git.example.invalid"]
   = or set  DEVGRAPH_SECRET_HOSTS=FORGE=git.example.invalid
""")
        self.ws.edit("build.devgraph", "https://git.example.invalid/api/v3", "http://git.example.invalid/api/v3")
        run = self.release(code=2)
        self.assertIn("`api` is `http://git.example.invalid/api/v3`: http: carries logins in the open, so it is for "
                      "this machine only; write https:", run.err)

    def test_files_that_github_would_not_take_as_they_are(self):
        for name, content, words in (
                ("a b.txt", "x", "GitHub would call `a b.txt` otherwise: names of assets have letters, digits and signs "
                                 "of `._+@-`, and no dot at an end"),
                ("empty.txt", "", "`empty.txt` is empty, which GitHub does not take")):
            self.ws.write(name, content)
            pattern = "./" + name.replace(" ", "?")
            self.ws.write("build.devgraph", re.sub(r"assets = .*", f"assets = [{pattern}]",
                                                   self.ws.read("build.devgraph")))
            self.assertIn("//:page: " + words, self.release(code=2).err)
        self.assertEqual(self.forge.writes(), [])

    def test_a_tag_that_is_not_there(self):
        """GitHub would make one at the default branch."""
        self.forge.tags.clear()
        run = self.release(code=1)
        self.assertIn("acme/app has no tag v1.0, and GitHub would make one at its default branch: push the tag first, by "
                      "`git_tag` in `after`\n", run.err)
        self.assertEqual(self.forge.writes(), [])

    def test_the_token_leaves_no_trace(self):
        self.forge.answers["POST big.bin"] = [500]
        process = self.start()
        seen = []
        while process.poll() is None:
            for name in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{process.pid}/{name}", "rb") as file:
                        seen.append((name, CANARY.encode() in file.read()))
                except OSError:
                    pass
        self.expect(self.ws.finish(process), 0)
        self.assertNotIn(("cmdline", True), seen)
        self.assertIn("POST", self.ws.read(".devgraph/log/page.log"))
        self.assertEqual(self.ws.shell(f"grep -rlaF {CANARY} . || true"), "")


class Interrupted(Case):
    def test_killed_after_each_line_of_the_ledger(self):
        for line in range(1, 10):
            with self.subTest(line=line):
                self.forget()
                path = self.ws.path(".devgraph/ledger")
                process = self.start()
                while process.poll() is None:
                    try:
                        with open(path, "rb") as file:
                            if file.read().count(b"\n") >= line:
                                os.killpg(process.pid, signal.SIGKILL)
                                break
                    except FileNotFoundError:
                        pass
                process.communicate()
                self.ends_equal()

    def test_killed_while_each_write_is_answered(self):
        """The server has done it, and nobody was told."""
        self.release()
        writes = len(self.forge.writes())
        for number in range(1, writes + 1):
            with self.subTest(write=number):
                self.forget()
                process = self.start()

                def kill(_, number=number, process=process):
                    if len(self.forge.writes()) == number:
                        os.killpg(process.pid, signal.SIGKILL)
                self.forge.on_write = kill
                process.communicate()
                self.forge.on_write = None
                self.assertEqual(process.returncode, -signal.SIGKILL)
                self.ends_equal()

    def forget(self):
        self.forge.releases.clear()
        self.forge.log.clear()
        if self.ws.exists(".devgraph/ledger"):
            self.ws.remove(".devgraph/ledger")

    def ends_equal(self):
        self.release()
        self.assert_released()
        self.assertEqual(sorted(self.uploads()), [f"POST {WHEEL} 201", "POST big.bin 201"])

    def test_an_answer_that_was_lost_is_looked_up(self):
        """Also where a new draft is not shown at once."""
        self.forge.late = 1
        self.forge.answers = {f"POST {RELEASES}": [-502], "POST big.bin": [-500]}
        self.release()
        self.assert_released()
        self.assertEqual(self.uploads(), [f"POST {WHEEL} 201", "POST big.bin 500"])

    def test_an_upload_that_failed_is_repeated(self):
        self.forge.answers["POST big.bin"] = [502, 500]
        self.release()
        self.assert_released()
        self.assertEqual(self.uploads(), [f"POST {WHEEL} 201", "POST big.bin 502", "POST big.bin 500", "POST big.bin 201"])

    def test_an_asset_that_fails_holds_back_the_rest_of_it(self):
        self.forge.answers[f"POST {WHEEL}"] = [500, 500, 500]
        run = self.release("-k", code=1)
        self.assertIn("4 effects: 2 done, 1 failed, 1 blocked", run.err)
        draft, = self.forge.release("v1.0")
        where = f"{self.forge.url}/api/uploads{RELEASES}/{draft['id']}/assets"
        self.assertIn(f"    {where} answers 500 to POST (as the test wants it)\n", run.err)
        self.assertIn(f"blocked release {self.target}tag/v1.0: it waits for all of //:page\n", run.err)
        self.assertTrue(draft["draft"])
        self.assertIn("4 effects: 2 done, 2 present", self.release().err)
        self.assert_released()
        self.assertEqual(sorted(line for line in self.uploads() if line.endswith("201")),
                         [f"POST {WHEEL} 201", "POST big.bin 201"])

    def test_a_quicker_sender_is_not_overwritten(self):
        def quicker(line):
            if line == f"POST {RELEASES} 201":
                self.forge.add_asset(self.forge.releases[0], WHEEL, b"two\n")
        self.forge.on_write = quicker
        run = self.release(code=1)
        self.assertIn(f"it stands for {digest(b'two' + bytes([10]))} by now, not for {digest(b'one' + bytes([10]))}; "
                      "nothing is overwritten", run.err)
        self.assertEqual(self.uploads(), [])


class TakenBack(Case):
    def revert(self, code=0):
        return self.expect(self.ws.devgraph("release", "--revert", "--yes", env={"FORGE": CANARY}), code)

    def test_it_is_gone_and_the_tag_is_not(self):
        self.release()
        self.assertIn("4 effects: 4 taken back", self.revert().err)
        self.assertEqual(self.forge.releases, [])
        self.assertEqual(self.forge.tags, {"v1.0"})
        self.assertIn("4 effects: 4 done", self.release().err)

    def test_what_others_added_stays(self):
        self.release()
        self.forge.add_asset(self.forge.releases[0], "theirs.txt", b"x")
        run = self.revert(code=1)
        self.assertIn("the draft holds theirs.txt, which is not ours to delete\n", run.err)
        self.assertEqual(self.forge.assets("v1.0"), {"theirs.txt": b"x"})

    def test_what_was_not_ours_stays(self):
        self.forge.add_release("v1.0", assets={"big.bin": BIG})
        self.release()
        self.assertIn("2 effects: 2 taken back", self.revert().err)
        found, = self.forge.release("v1.0")
        self.assertTrue(found["draft"])
        self.assertEqual(self.forge.assets("v1.0"), {"big.bin": BIG})

    def test_a_release_that_never_changes(self):
        self.release()
        self.forge.is_immutable = True
        number = self.forge.releases[0]["id"]
        run = self.revert(code=1)
        self.assertIn(f"{self.forge.api}{RELEASES}/{number} answers 422 to PATCH (Cannot modify an immutable release)\n",
                      run.err)
        self.assert_released()


if __name__ == "__main__":
    harness.main()
