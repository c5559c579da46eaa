#!/usr/bin/python3
"""Uploads to a Python package index, held against twine and pip: what is sent, compared, refused."""

import hashlib
import os
import pathlib
import subprocess
import sys

import harness

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import package_index_server  # pylint: disable=wrong-import-position

CANARY = "pypi-canary-7f3a-Zq9"
PYPROJECT = """[project]
name = "Acme.Tools"
version = "1.0"
description = "Tools of Acme"
readme = "README.md"
requires-python = ">=3.8"
license = { text = "MIT" }
authors = [{ name = "Ann", email = "ann@example.org" }]
keywords = ["a", "b"]
classifiers = ["Programming Language :: Python :: 3", "Topic :: Software Development"]
dependencies = ["tomli>=2; python_version < '3.11'", "attrs"]

[project.optional-dependencies]
more = ["numpy"]

[project.urls]
Home = "https://example.org"
"""
MANIFEST = """devgraph 1
let release = [up]
let src = [./pyproject.toml, ./README.md, ./src/**]
wheel app { src }
sdist source { src }
pypi up { files = [app, source], token = secret("PYPI"), to = "URL/legacy/" }
"""
WHEEL = "acme_tools-1.0-py3-none-any.whl"
SDIST = "acme_tools-1.0.tar.gz"
FIRST = "POST " + WHEEL
SECOND = "POST " + SDIST


class Case(harness.Case):
    def setUp(self):
        super().setUp()
        self.index = self.new_index()
        self.env = {"PYPI": CANARY}
        self.ws = self.workspace({"pyproject.toml": PYPROJECT, "README.md": "# Acme\n\nA café.\n",
                                  "src/acme_tools/__init__.py": "A = 1\n",
                                  "build.devgraph": MANIFEST.replace("URL", self.index.url)})

    def new_index(self, login="__token__:" + CANARY):
        index = package_index_server.Index(login=login).start()
        self.addCleanup(index.shutdown)
        return index

    def release(self, *arguments, code=0, env=None):
        return self.expect(self.ws.devgraph("release", "--yes", *arguments, env={**self.env, **(env or {})}), code)

    def made(self):
        """The two files, as paths."""
        return [os.fsdecode(self.ws.path(f"out/app/{WHEEL}")), os.fsdecode(self.ws.path(f"out/source/{SDIST}"))]

    def by_twine(self, index, *paths):
        done = subprocess.run(["twine", "upload", "--non-interactive", "--repository-url", index.url + "/legacy/",
                               "-u", "__token__", "-p", CANARY, *paths], check=False, env=self.ws.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)


class Pypi(Case):
    def test_both_files_arrive_as_they_are(self):
        run = self.release()
        self.assertIn("2 effects: 2 done", run.err)
        for path in self.made():
            with open(path, "rb") as file:
                self.assertEqual(self.index.files[os.path.basename(path)], file.read())
        self.assertEqual(self.ws.read("out/up/up.url"), self.index.url + "/simple/acme-tools/\n")
        self.assertEqual(self.ws.shell(f"grep -rlaF {CANARY} . || true"), "")

    def test_the_form_is_that_of_twine(self):
        self.release()
        other = self.new_index()
        self.by_twine(other, *self.made())
        self.assertEqual(other.files, self.index.files)
        for name in (WHEEL, SDIST):
            ours, theirs = self.index.forms[name], other.forms[name]
            # Digests that nobody needs beside SHA-256; the name in a form of twine's own; twine 4's
            # name for the extras, which PyPI does not know any more.
            for field in ("md5_digest", "blake2_256_digest", "comment"):
                theirs.pop(field, None)
            self.assertEqual([name.replace(".", "-") for name in theirs.pop("name")],
                             [name.replace(".", "-") for name in ours.pop("name")])
            if theirs["pyversion"] == [""]:  # PyPI takes it for `source`.
                theirs["pyversion"] = ["source"]
            if "provides_extras" in theirs:
                theirs["provides_extra"] = theirs.pop("provides_extras")
            # Every line end is one, and the end of a text is no part of it.
            for form in (ours, theirs):
                form["description"] = [text.strip() for text in form["description"]]
            self.assertEqual({field: values for field, values in theirs.items() if values != [""]}, ours)

    def test_pip_installs_what_was_sent(self):
        self.index = self.new_index(login=None)
        self.ws.write("build.devgraph", MANIFEST.replace("URL", self.index.url))
        self.release()
        self.ws.shell(f"pip download -q --no-deps --no-cache-dir -d got --index-url {self.index.url}/simple/ acme-tools")
        self.assertTrue(self.ws.exists("got/" + WHEEL))

    def test_a_second_release_sends_nothing(self):
        self.release()
        for style in ("json", "html", "bare"):
            self.index.style = style
            run = self.release()
            self.assertIn("2 present", run.err)
        self.assertEqual(self.index.uploads(), [FIRST + " 200", SECOND + " 200"])

    def test_what_twine_sent_is_there(self):
        self.expect(self.ws.devgraph("build"), 0)
        self.by_twine(self.index, *self.made())
        before = self.index.uploads()
        self.assertIn("2 present", self.release().err)
        self.assertEqual(self.index.uploads(), before)

    def test_other_bytes_of_the_same_name_stop_it(self):
        self.release()
        first = hashlib.sha256(self.index.files[WHEEL]).hexdigest()
        self.ws.write("src/acme_tools/__init__.py", "A = 2\n")
        for style in ("json", "html", "bare"):
            self.index.style = style
            run = self.release(code=2)
            self.assertIn(f"error[E942]: pypi {self.index.url}/simple/acme-tools/{WHEEL} is there already", run.err)
            self.assertIn("there: sha256:" + first, run.err)
        self.assertEqual(len(self.index.uploads()), 2)

    def test_one_file_that_fails_is_all_that_is_left(self):
        self.index.answers[WHEEL] = [500] * 9
        run = self.release("-k", code=1)
        self.assertIn(f"{self.index.url}/legacy/ answers 500 (500 as the test wants it)", run.err)
        self.assertIn("1 done, 1 failed", run.err)
        self.index.answers.clear()
        self.assertIn("2 effects: 1 done, 1 present", self.release().err)
        for line in (FIRST, SECOND):
            self.assertEqual(self.index.uploads().count(line + " 200"), 1)

    def test_a_server_that_recovers_is_waited_for(self):
        self.index.answers[WHEEL] = [503, 429]
        self.assertIn("2 effects: 2 done", self.release().err)
        self.assertEqual(self.index.uploads()[:3], [FIRST + " 503", FIRST + " 429", FIRST + " 200"])

    def test_an_answer_that_was_lost_is_looked_up(self):
        self.index.answers[WHEEL] = [-500]
        self.assertIn("2 effects: 2 done", self.release().err)
        self.assertEqual(self.index.uploads()[:2], [FIRST + " 500", FIRST + " 400"])

    def test_a_name_that_was_used_once_is_refused_in_the_words_of_the_index(self):
        self.release()
        self.index.hides = {WHEEL}
        run = self.release(code=1)
        self.assertIn(f"{self.index.url}/legacy/ answers 400 (400 File already exists", run.err)
        self.assertIn(f": {WHEEL} is not taken", run.err)

    def test_a_wrong_token_is_named_and_not_shown(self):
        self.index.login = None
        self.index.answers[WHEEL] = [403] * 3
        run = self.release(code=1)
        self.assertIn("it does not take the secret PYPI for acme-tools: the token may be of another index, of another "
                      "project, or revoked", run.err)
        self.assertNotIn(CANARY, run.err)
        self.assertEqual(self.index.uploads(), [FIRST + " 403"])

    def test_a_token_that_was_refused_is_not_tried_again(self):
        self.index.answers = {WHEEL: [401], SDIST: [401]}
        run = self.release("-k", code=1)
        self.assertEqual(self.index.uploads(), [FIRST + " 401"])
        self.assertIn("it does not take the secret PYPI for ", run.err)
        self.assertRegex(run.err, r"\[2/2\] blocked pypi \S+: the login of //:up was refused, and is not tried again\n"
                                  r"2 effects: 0 done, 1 failed, 1 blocked ")

    def test_an_index_that_asks_for_a_login_is_told_it(self):
        run = self.release(env={"PYPI": "wrong-canary"}, code=2)
        self.assertIn("answers 401 (who are you?): it does not take the secret PYPI", run.err)
        self.assertNotIn("wrong-canary", run.err)
        self.assertEqual(self.index.uploads(), [])

    def test_the_index_of_another_host_gets_no_login(self):
        mirror = self.new_index(login=None)
        self.ws.edit("build.devgraph", 'legacy/"', f'legacy/", index = "{mirror.url}/simple"')
        seen = []
        original = package_index_server.Handler.is_known

        def spy(handler):
            if handler.server is mirror:
                seen.append(handler.headers.get("Authorization"))
            return original(handler)

        package_index_server.Handler.is_known = spy
        self.addCleanup(setattr, package_index_server.Handler, "is_known", original)
        self.expect(self.ws.devgraph("release", "--dry-run", env=self.env), 0)
        self.assertTrue(seen)
        self.assertEqual(set(seen), {None})


class Refused(Case):
    def test_a_file_that_is_no_package_is_refused_before_anything_is_asked(self):
        self.ws.write("notes.txt", "x")
        self.ws.edit("build.devgraph", "[app, source]", "[app, ./notes.txt]")
        run = self.release(code=2)
        self.assertIn("`notes.txt` is neither a wheel nor a source distribution", run.err)
        self.assertEqual(self.index.log, [])

    def test_a_wheel_that_was_renamed_is_refused(self):
        self.expect(self.ws.devgraph("build"), 0)
        self.ws.shell(f"mkdir d && cp out/app/{WHEEL} d/acme_tools-2.0-py3-none-any.whl")
        self.ws.edit("build.devgraph", "[app, source]", "[./d/acme_tools-2.0-py3-none-any.whl]")
        run = self.release(code=2)
        self.assertIn("holds Acme.Tools 1.0; a package keeps the name that it was made with", run.err)
        self.assertEqual(self.index.uploads(), [])

    def test_strays_in_the_output_folder_stay(self):
        self.expect(self.ws.devgraph("build"), 0)
        self.ws.write("out/app/acme_tools-1.0.nightly-py3-none-any.whl", "x")
        self.release()
        self.assertEqual(sorted(self.index.files), [WHEEL, SDIST])

    def test_pypi_without_a_token_is_refused_before_anything_is_built(self):
        self.ws.write("build.devgraph", MANIFEST.replace('to = "URL/legacy/"', "").replace(
            'token = secret("PYPI"),', ""))
        run = self.release(code=2)
        self.assertIn("upload.pypi.org takes files only with a token, and `token` is not given: make one at "
                      "https://pypi.org/manage/account/token/ and write  token = secret(\"PYPI_TOKEN\")", run.err)
        self.assertFalse(self.ws.exists("out/app"))

    def test_a_missing_token_is_told_before_anything_is_built(self):
        run = self.release(env={"PYPI": "", "CI": "true"}, code=2)
        self.assertIn("E922", run.err)
        self.assertFalse(self.ws.exists("out/app"))

    def test_a_place_without_an_index_is_told_before_anything_is_built(self):
        self.ws.edit("build.devgraph", "/legacy/", "/nowhere/")
        self.index.login = None
        run = self.release(code=2)
        self.assertIn(f"{self.index.url}/nowhere/simple/ answers 404, so nobody can tell what", run.err)
        self.assertFalse(self.ws.exists("out/app"))

    def test_a_token_goes_to_no_open_line(self):
        self.ws.edit("build.devgraph", self.index.url, "http://example.org")
        self.assertIn("http: carries logins in the open", self.release(code=2).err)


if __name__ == "__main__":
    harness.main()
