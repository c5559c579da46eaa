#!/usr/bin/python3
"""Releases: planned, agreed to, done once, taken back."""

import json
import os
import re

import harness
from release_case import CANARY, Case

DIGEST = re.compile(r"\b[0-9a-f]{12}\b")


class Plans(Case):
    def test_a_dry_run_is_a_plan_and_writes_nothing(self):
        run = self.release("--dry-run")
        out = re.sub(r"1?\d\d B", "<size> B", DIGEST.sub("<digest>    ", run.out.replace(str(self.registry.port), "<port>").replace(
            self.folder, "<folder>")))
        rows = [line.split() for line in out.splitlines()]
        self.assertEqual([" ".join(row[:-1]) for row in rows[1:]], [
            "1 branch origin branch-1.4.0 <digest>", "2 tag origin v1.4.0 <digest>",
            "3 copy <folder>/shelf/page.txt <digest> 7 B", "4 exec //:notice <digest>",
            "5 push localhost:<port>/acme/app:1.4.0 <digest> <size> B",
            "6 push localhost:<port>/acme/app:latest <digest> <size> B"])
        self.assertEqual({row[-1] for row in rows[1:]}, {"new"})
        self.assertTrue(run.err.endswith("6 effects: 6 to do\n"), run.err)
        self.assertEqual(self.registry.writes(), [])
        self.assertEqual(self.ws.shell(f"git ls-remote {self.origin}"), "")
        self.assertFalse(os.path.exists(self.shelf))
        steps = json.loads(self.release("--dry-run", "--json").out)["steps"]
        self.assertEqual([step["state"] for step in steps], ["new"] * 6)
        self.assertEqual(steps[4]["label"], "//:images")

    def test_without_a_terminal_it_wants_to_be_told(self):
        run = self.release(code=2)
        self.assert_text(run.err, """error[E941]: there is no terminal at which to ask whether to go on
   = write  devgraph release --yes  to go on without being asked
   = or  devgraph release --dry-run  to see what would be done
""")
        self.assertFalse(self.ws.exists("out"))

    def test_a_secret_that_is_missing_is_told_before_anything_is_built(self):
        run = self.expect(self.ws.devgraph(*self.arguments("--yes")), 2)
        self.assertIn("error[E922]: the secret `TOKEN`, which //:notice is given, is nowhere\n", run.err)
        self.assertFalse(self.ws.exists("out"))

    def test_a_target_that_nobody_answers_for_is_told_before_anything_is_built(self):
        self.ws.shell("git remote set-url origin /nowhere/x.git")
        run = self.release("--yes", code=2)
        self.assertIn("error[E916]: `//:cut` would be refused: ", run.err)
        self.assertFalse(self.ws.exists("out"))

    def test_a_secret_goes_nowhere_that_the_user_did_not_allow(self):
        self.ws.write("build.devgraph", """devgraph 1
write page { text = "x", to = "page.txt" }
upload there { files = page, to = "https://drop.example.invalid/x/", user = "me", password = secret("TOKEN") }
let release = [there]
""")
        run = self.expect(self.ws.devgraph("release", "--yes", env={"TOKEN": CANARY}), 2)
        home = self.ws.home / ".config/devgraph/secrets.toml"
        self.assert_text(run.err, f"""error[E946]: the secret `TOKEN` would go to drop.example.invalid, and you did not say that it may
   = write into {home}, below [hosts]:  TOKEN = ["drop.example.invalid"]
   = or set  DEVGRAPH_SECRET_HOSTS=TOKEN=drop.example.invalid
""")
        home.parent.mkdir(parents=True)
        home.write_text('[hosts]\nTOKEN = ["drop.example.invalid"]\n', encoding="utf-8")
        home.chmod(0o600)
        for env in ({}, {"DEVGRAPH_SECRET_HOSTS": "A=b TOKEN=drop.example.invalid"}):
            run = self.expect(self.ws.devgraph("release", "--yes", env={"TOKEN": CANARY, **env}), 2)
            self.assertIn("error[E916]: `//:there` would be refused: ", run.err)
            self.assertNotIn(CANARY, run.err)
            home.unlink(missing_ok=True)

    def test_nobody_to_make_a_tag(self):
        self.ws.shell("git config --unset user.email && git config user.useConfigOnly true")
        run = self.release("--yes", code=2)
        self.assertIn("error[E916]: `//:cut` would be refused: git does not know who makes the tag; write  git config",
                      run.err)

    def test_what_plain_release_is(self):
        self.ws.edit("build.devgraph", "let release", "let publish")
        run = self.release("--yes", code=2)
        self.assert_text(run.err, """error[E940]: this project has no `release`
   = for one of its effects, write  devgraph release //:cut
   = or  devgraph release //:images
   = or  devgraph release //:notice
   = or  devgraph release //:shelf-copy
   = for several, write into build.devgraph  let release = [ … ]
""")
        self.assert_text(self.release("app", "--yes", code=2).err, """error[E940]: `//:app` is no effect, so there is nothing to release
  --> build.devgraph:5:7
 5 | image app { files = { "/page.txt" = page } }
   |       ^^^ made in the workspace
   = write  devgraph build //:app
""")
        self.assertIn("2 effects: 2 done", self.release("im*s", "--yes").err)

    def answer(self, word):
        return self.ws.answer(word, *self.arguments(), env={"TOKEN": CANARY})

    def test_it_asks_once(self):
        status, said = self.answer("n")
        self.assertEqual(status, 2, said)
        self.assertIn("6 effects: 6 to do. Go on? [y/N] ", said)
        self.assertIn("error[E941]: not agreed to; nothing was done", said)
        self.assertEqual(self.registry.writes(), [])
        status, said = self.answer("y")
        self.assertEqual(status, 0, said)
        self.assertIn("6 effects: 6 done", said)


class Does(Case):
    def test_once_and_no_more(self):
        run = self.release("--yes")
        lines = [line.split("  ")[0] for line in run.err.splitlines() if line.startswith("[")][-6:]
        self.assertEqual([" ".join(line.split()[:2]) for line in lines],
                         ["[1/6] branch", "[2/6] tag", "[3/6] copy", "[4/6] exec", "[5/6] push", "[6/6] push"])
        self.assertIn("6 effects: 6 done", run.err)
        first = self.targets()
        self.assertEqual(first["1.4.0"], first["latest"])
        self.assertEqual(first["notice"], "done\n")
        self.assertEqual(self.ws.read("out/images/images.ref"),
                         f"{self.registry.host}/acme/app@{first['1.4.0']}\n")
        writes = self.registry.writes()
        again = self.release("--yes", "--json")
        self.assertIn("6 effects: 0 done, 6 present", again.err)
        self.assertEqual({step["state"] for step in json.loads(again.out)["steps"]}, {"present"})
        self.assertEqual(self.registry.writes(), writes)
        # Somebody takes a name away: one step.
        self.ws.shell(f"git push -q {self.origin} :refs/heads/branch-1.4.0")
        self.assertIn("6 effects: 1 done, 5 present", self.release("--yes").err)
        self.assertEqual(self.targets(), first)

    def test_names_that_git_would_take_for_options(self):
        self.ws.edit("build.devgraph", 'tag = "v1.4.0"', 'tag = "-x"')
        self.assertIn("`refs/tags/-x` is no name that git takes", self.release("cut", "--yes", code=2).err)
        self.ws.edit("build.devgraph", 'tag = "-x"', 'remote = "--exec=x", tag = "v1.4.0"')
        self.assertIn("`--exec=x` is no remote and no URL", self.release("cut", "--yes", code=2).err)

    def test_a_folder_in_the_workspace_by_a_detour(self):
        self.ws.edit("build.devgraph", "to = shelf", f'to = "{self.ws.root}/../{os.path.basename(self.ws.root)}/x"')
        self.assertIn("which is in the workspace; `freeze`", self.release("shelf-copy", "--yes", code=2).err)

    def test_a_name_as_long_as_names_may_be(self):
        name = "n" * 255
        self.ws.write(name, "long\n")
        self.ws.edit("build.devgraph", "files = page, to = shelf", f"files = [./{name}], to = shelf")
        self.release("shelf-copy", "--yes")
        self.assertEqual(os.listdir(self.shelf), [name])

    def test_secrets_leave_no_trace(self):
        self.release("--yes")
        log = self.ws.read(".devgraph/log/notice.log")
        self.assertIn("token ***", log)
        self.assertEqual(self.ws.shell(f"grep -rlF '{CANARY}' . {self.folder}/registry || true"), "")

    def test_a_failing_test_holds_everything_back(self):
        self.ws.edit("page.txt", "a page", "nothing")
        run = self.release("--yes", "-k", code=1)
        self.assertIn("1 failed", run.err)
        self.assertEqual(self.registry.writes(), [])
        self.assertFalse(os.path.exists(self.shelf))
        self.assertFalse(self.ws.exists(".devgraph/ledger"))

    def test_a_version_refuses_to_move(self):
        self.release("--yes")
        writes = self.registry.writes()
        there = self.tag("1.4.0")
        self.ws.edit("page.txt", "a page", "another page")
        run = self.release("--yes", code=2)
        here = self.ws.read("out/app/app.digest").strip()
        self.assertIn(f"error[E942]: push {self.registry.host}/acme/app:1.4.0 is there already, and is something else\n"
                      f"   = there: {there}\n   = here:  {here}\n", run.err)
        self.assertEqual(self.registry.writes(), writes)
        self.assertEqual(self.release("--dry-run", code=2).out.count("differs: "), 2)

    def test_a_tag_of_git_that_somebody_moved(self):
        self.release("--yes")
        self.ws.write("page2.txt", "x")
        self.commit()
        self.ws.shell(f"git push -q -f {self.origin} HEAD:refs/tags/v1.4.0 && git checkout -q HEAD~1")
        run = self.release("--yes", code=2)
        self.assertIn("error[E942]: tag origin v1.4.0 is there already, and is something else", run.err)

    def test_a_tag_of_this_repository_that_is_in_the_way(self):
        plan = ("--dry-run", "cut")
        self.ws.shell("git tag v1.4.0")
        run = self.release(*plan, code=2)
        self.assert_text(run.err, "error[E944]: no plan: //:cut: the tag `v1.4.0` of this "
                         "repository is not annotated; `git tag -d v1.4.0` drops it\n   = nothing outside was changed\n")
        self.ws.shell("git tag -d v1.4.0 && git tag -a -m other v1.4.0")
        self.ws.write("more.txt", "x")
        self.commit()
        run = self.release("--yes", "cut", code=2)
        self.assertRegex(run.err, r"//:cut: the tag `v1.4.0` of this repository is another commit, \w{40}; "
                                  r"`git tag -d v1.4.0` drops it\n")
        self.assertEqual(self.ws.shell(f"git ls-remote {self.origin}"), "")
        self.ws.shell("git tag -d v1.4.0 && git tag -a -m mine v1.4.0")
        self.release("--yes", "cut")
        self.assertEqual(self.ws.shell(f"git --git-dir {self.origin} tag -l --format='%(contents:subject)'"), "mine\n")

    def test_git_and_its_hooks_get_named_variables_and_no_other_repository(self):
        hook = self.ws.path(".git/hooks/pre-push").decode()
        with open(hook, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\nenv > {self.folder}/seen\n")
        os.chmod(hook, 0o755)
        self.ws.edit("build.devgraph", "git_tag cut {", 'write at { text = git.commit }\ngit_tag cut { after = at,')
        self.commit()
        misleading = {"GIT_DIR": f"{self.folder}/nowhere", "GIT_WORK_TREE": self.folder,
                      "GIT_INDEX_FILE": f"{self.folder}/no-index", "GIT_TRACE": "1", "DEPLOY_TOKEN": CANARY,
                      "GIT_SSH_COMMAND": "ssh -x", "no_proxy": "*"}
        arguments = self.arguments("--yes", "cut")
        run = self.expect(self.ws.devgraph(*arguments, env=misleading), 0)
        self.assertIn("2 effects: 2 done", run.err)
        self.assertEqual(self.ws.read("out/at/at"), self.ws.shell("git rev-parse HEAD").strip())
        with open(f"{self.folder}/seen", encoding="utf-8") as file:
            seen = dict(line.split("=", 1) for line in file.read().splitlines() if "=" in line)
        self.assertNotIn(CANARY, str(seen))
        self.assertNotIn("GIT_TRACE", seen)
        self.assertEqual([seen.get(name) for name in ("GIT_SSH_COMMAND", "no_proxy")], ["ssh -x", "*"])
        self.assertNotIn(self.folder + "/no", seen.get("GIT_DIR", "") + seen.get("GIT_INDEX_FILE", ""))
        self.ws.edit("build.devgraph", "v1.4.0", "v1.4.1")
        self.ws.edit("build.devgraph", "branch-1.4.0", "branch-1.4.1")
        self.commit()
        run = self.ws.devgraph(*arguments, env=misleading | {"DEVGRAPH_GIT_VARIABLES": "OTHER_TOKEN DEPLOY_TOKEN"})
        self.expect(run, 0)
        with open(f"{self.folder}/seen", encoding="utf-8") as file:
            self.assertIn(f"DEPLOY_TOKEN={CANARY}\n", file.read())
        # As in a hook, a look at an earlier commit is one at this repository.
        run = self.ws.devgraph("data", "diff", "HEAD:page", "page", *self.arguments()[1:], env=misleading)
        self.assertIn("no result of //:page for its inputs of then is kept here", run.err)

    def test_what_a_remote_says_of_a_push(self):
        hook = os.path.join(self.origin, "hooks", "pre-receive")
        with open(hook, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nread old new ref\ncase $ref in refs/tags/*) echo 'tags are closed on Sundays' >&2; exit 1;; esac\n")
        os.chmod(hook, 0o755)
        run = self.release("--yes", "cut", code=1)
        self.assertRegex(run.err, r"FAILED tag \S+ v1.4.0 [\d.]+s\n"
                                  r"    \[remote rejected\] v1.4.0 -> v1.4.0 \(pre-receive hook declined\)\n"
                                  r"    remote: tags are closed on Sundays\n")

    def test_what_fails_and_what_goes_on(self):
        self.ws.edit("build.devgraph", '$ echo "token $TOKEN"', "$ exit 3")
        self.ws.edit("build.devgraph", "let release", "exec later {\n  apply =\n    $ true\n  after = notice\n}\nlet release")
        self.ws.edit("build.devgraph", "shelf-copy, notice]", "shelf-copy, later]")
        run = self.release("--yes", "-k", code=1)
        self.assertIn("7 effects: 4 done, 1 failed, 2 blocked", run.err)
        self.assertRegex(run.err, r"FAILED exec //:notice [\d.]+s\n    exit status 3\n    --> build.devgraph:18\n"
                                  r"    \$ exit 3\n    log: .devgraph/log/notice.log\n")
        self.assertIn("blocked exec //:later: //:notice\n", run.err)
        self.assertRegex(run.err, r"blocked push \S+:latest: names move only when all else is done\n")
        self.assertEqual(len(self.manifest_puts()), 2)  # By digest, and 1.4.0.
        self.ws.edit("build.devgraph", "$ exit 3", '$ echo "token $TOKEN"')
        self.assertIn("7 effects: 3 done, 4 present", self.release("--yes").err)
        self.assertEqual(self.targets()["notice"], "done\n")

    def test_without_k_nothing_new_starts(self):
        self.ws.edit("build.devgraph", '$ echo "token $TOKEN"', "$ exit 3")
        run = self.release("--yes", code=1)
        self.assertIn("6 effects: 3 done, 1 failed, 2 not started", run.err)

    def test_a_tag_beside_what_no_commit_has_is_told(self):
        advice = 'assert not git.dirty, "commit first"\n'
        warning = ("warning: there are changes that no commit has; what is built may hold them, and the commit that is "
                   "tagged does not\n   = to refuse this, write into the manifest  " + advice)
        self.assertNotIn(warning, self.release("--dry-run").err)
        self.ws.write("page.txt", "another page\n")
        self.assertIn(warning, self.release("--dry-run").err)
        self.assertNotIn(warning, self.release("--dry-run", "shelf-copy").err)
        self.ws.edit("build.devgraph", "devgraph 1\n", "devgraph 1\n" + advice)
        self.assertIn("commit first", self.release("--dry-run", code=2).err)

    def test_taken_back(self):
        self.release("--yes")
        self.ws.edit("build.devgraph", "1.4.0\", \"latest", "1.5.0\", \"latest")
        self.ws.edit("build.devgraph", "v1.4.0", "v1.5.0")
        self.ws.edit("build.devgraph", "branch-1.4.0", "branch-1.5.0")
        self.ws.edit("build.devgraph", "to = shelf", 'to = "{shelf}/b"')
        self.ws.edit("page.txt", "a page", "b page")
        self.commit()
        before = self.tag("latest")
        run = self.release("--yes")
        self.assertIn("6 effects: 5 done, 1 present", run.err)
        self.assertEqual(self.tag("latest"), self.tag("1.5.0"))
        self.assertNotEqual(self.tag("latest"), before)
        # An unrelated commit later its tag is another one.
        first = self.ws.shell("git rev-parse --short=12 HEAD").strip()
        self.ws.write("later.txt", "later\n")
        self.commit()
        self.assertIn(f"the last release was of commit {first}, and this is ", self.release("--revert", "--dry-run").err)
        self.ws.shell("git reset -q --hard HEAD~")
        plan = self.release("--revert", "--dry-run")
        self.assertNotIn("the last release was", plan.err)
        self.assertIn("4 effects can be taken back; 2 that are there cannot be, or are not ours\n", plan.err)
        steps = json.loads(self.release("--revert", "--dry-run", "--json").out)["steps"]
        self.assertEqual([step["target"] for step in steps], [line.split(" ", 3)[3] for line in plan.err.splitlines()
                                                              if line.startswith("  ")])
        self.assertNotEqual(self.tag("latest"), before)
        run = self.release("--revert", "--yes")
        self.assertIn("4 effects: 4 taken back", run.err)
        self.assertEqual(self.tag("latest"), before)
        self.assertNotIn("1.5.0", self.ws.shell(f"git ls-remote {self.origin}"))
        # 1.5.0 stays, as registries keep what they have, and so does what the first release did.
        self.assertIn("6 effects: 4 done, 2 present", self.release("--yes").err)
        self.release("--revert", "--yes")


if __name__ == "__main__":
    harness.main()
