#!/usr/bin/python3
"""Uploads to WebDAV (nginx) and to object storage that checks signatures: what is sent, compared, refused."""

import base64
import hashlib
import http.server
import os
import pathlib
import sys
import threading
import urllib.parse

import harness
import services

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import s3_server  # pylint: disable=wrong-import-position

CANARY = "canary-7f3a-Zq9"
KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
BIG = os.urandom(1 << 20) * 3


class Case(harness.Case):
    files = {"src/a b.bin": b"one", "src/big.bin": BIG, "src/latest.txt": "1.0\n"}
    arguments = ""
    env = {}

    def manifest(self, to, arguments=""):
        return (f'devgraph 1\nlet release = [up]\nrun made {{\n  out = "made.txt"\n  $ echo made > {{out}}\n}}\n'
                f'upload up {{ files = [./src/*, made], to = "{to}" {arguments} }}\n')

    def release(self, *arguments, code=0, env=None):
        return self.expect(self.ws.devgraph("release", "--yes", *arguments, env={**self.env, **(env or {})}), code)

    def nothing_built(self):
        self.assertFalse(self.ws.exists("out/made"))


class Dav(Case):
    login = f"ann:{CANARY}"
    token = None

    def setUp(self):
        super().setUp()
        self.dav = services.Dav(os.path.join(self.folder, "dav"), self.login, self.token).start()
        self.addCleanup(self.dav.stop)
        self.env = {"DAV": CANARY}
        self.ws = self.workspace({**self.files, "build.devgraph": self.manifest(
            self.dav.url + "new/1.0", ', user = "ann", password = secret("DAV")')})

    def test_files_go_to_folders_that_are_made(self):
        run = self.release()
        self.assertIn("4 effects: 4 done", run.err)
        for name, path in (("a b.bin", "src/a b.bin"), ("big.bin", "src/big.bin"), ("made.txt", "out/made/made.txt")):
            with open(self.dav.path("new/1.0/" + name), "rb") as there, open(self.ws.path(path), "rb") as here:
                self.assertTrue(there.read() == here.read(), name)
        self.assertEqual([line for line in self.dav.writes() if "MKCOL" in line],
                         ["MKCOL /new/1.0/ 409", "MKCOL /new/ 201", "MKCOL /new/1.0/ 201"])
        self.assertEqual(self.ws.read("out/up/up.url").splitlines()[0], self.dav.url + "new/1.0/a%20b.bin")
        self.assertEqual(self.ws.shell(f"grep -rlaF {CANARY} . || true"), "")

    def test_a_second_release_sends_nothing(self):
        self.release()
        before = self.dav.writes()
        self.assertIn("4 present", self.release().err)
        self.assertEqual(self.dav.writes(), before)

    def test_a_dry_run_sends_nothing(self):
        run = self.expect(self.ws.devgraph("release", "--dry-run", env=self.env), 0)
        self.assertEqual(run.out.count("  new\n"), 4, run.out)
        self.assertEqual(self.dav.writes(), [])

    def test_what_is_there_is_never_overwritten(self):
        os.makedirs(self.dav.path("new/1.0"))
        for text in ("two", "longer"):
            with open(self.dav.path("new/1.0/a b.bin"), "w", encoding="utf-8") as file:
                file.write(text)
            run = self.release(code=2)
            self.assertIn("error[E942]: upload " + self.dav.url + "new/1.0/a%20b.bin is there already", run.err)
            there = "sha256:" + hashlib.sha256(b"two").hexdigest() if text == "two" else "6 bytes"
            self.assertIn("there: " + there, run.err)
        self.assertEqual(self.dav.writes(), [])

    def test_a_floating_name_moves(self):
        self.ws.edit("build.devgraph", "password =", 'floating = ["latest.txt"], password =')
        self.release()
        self.ws.write("src/latest.txt", "2.0\n")
        self.assertIn("4 effects: 1 done, 3 present", self.release().err)
        with open(self.dav.path("new/1.0/latest.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "2.0\n")

    def test_a_release_is_taken_back_but_not_what_others_sent(self):
        self.release()
        with open(self.dav.path("new/1.0/made.txt"), "w", encoding="utf-8") as file:
            file.write("mine\n")
        run = self.ws.devgraph("release", "--revert", "--yes", env=self.env)
        self.assertIn("3 effects: 3 taken back", run.err)
        self.assertEqual(os.listdir(self.dav.path("new/1.0")), ["made.txt"])

    def test_a_wrong_password_names_its_secret_and_writes_nothing(self):
        run = self.release(env={"DAV": "wrong-canary"}, code=2)
        self.assertIn(": it does not take the secret DAV", run.err)
        self.assertIn("401", run.err)
        self.assertNotIn("wrong-canary", run.err)
        self.assertEqual(self.dav.writes(), [])

    def test_a_missing_secret_is_told_before_anything_is_built(self):
        run = self.release(env={"DAV": "", "CI": "true"}, code=2)
        self.assertIn("E922", run.err)
        self.nothing_built()

    def test_netrc_has_the_login(self):
        self.ws.write("build.devgraph", self.manifest(self.dav.url))
        run = self.release(code=2)
        self.assertIn("it does not take ~/.netrc, or that has no login for it; give `user` and `password`", run.err)
        self.nothing_built()
        netrc = self.ws.home / ".netrc"
        netrc.write_text(f"machine 127.0.0.1 login ann password {CANARY}\n", encoding="utf-8")
        self.release()
        self.assertTrue(os.path.exists(self.dav.path("big.bin")))

    def test_addresses_that_are_refused(self):
        for to, words in (
                ("http://example.org/x", "http: carries logins in the open, so it is for this machine only; write "
                                         "https:"),
                ("https://ann:pass-canary@example.org/", "holds a login, which does not belong into a URL"),
                ("ftp://example.org/", "is no https: URL"),
                ("https://example.org/?a=b", "it must end before `?` and `#`"),
                ("s3:///x", "is not of the form s3://BUCKET/KEY")):
            self.ws.write("build.devgraph", self.manifest(to, ', user = "ann", password = secret("DAV")'))
            run = self.release(code=2)
            self.assertIn(words, run.err)
            self.assertNotIn("pass-canary@", run.err.split("-->")[0])

    def test_a_server_that_is_away_is_told_before_anything_is_built(self):
        self.dav.stop()
        run = self.release(code=2)
        self.assertIn("E916", run.err)
        self.nothing_built()

    def test_two_files_of_one_name_are_refused(self):
        self.ws.write("other/big.bin", "x")
        self.ws.edit("build.devgraph", "made]", "./other/big.bin]")
        self.assertIn("`files` has two files called big.bin: src/big.bin and other/big.bin", self.release(code=2).err)


class Bearer(Dav):
    """A password without a user is a token."""
    login = None
    token = CANARY

    def setUp(self):
        super().setUp()
        self.ws.edit("build.devgraph", 'user = "ann", ', "")

    def test_netrc_has_the_login(self):
        self.ws.write("build.devgraph", self.manifest(self.dav.url))
        self.release(code=2)
        self.nothing_built()


class S3(Case):
    def setUp(self):
        super().setUp()
        self.s3 = s3_server.Storage({KEY_ID: SECRET}, ["bucket"], "eu-west-9").start()
        self.addCleanup(self.s3.shutdown)
        self.env = {"AWS_ENDPOINT_URL": self.s3.url, "AWS_REGION": "eu-west-9", "AWS_ACCESS_KEY_ID": KEY_ID,
                    "AWS_SECRET_ACCESS_KEY": SECRET}
        self.ws = self.workspace({**self.files, "build.devgraph": self.manifest("s3://bucket/ü+ v/1.0/")})

    def key(self, name):
        return ("bucket", "ü+ v/1.0/" + name)

    def test_objects_are_signed_and_hold_the_bytes(self):
        run = self.release()
        self.assertIn("4 effects: 4 done", run.err)
        self.assertEqual(self.s3.objects[self.key("big.bin")][0], BIG)
        self.assertEqual(self.s3.objects[self.key("a b.bin")],
                         (b"one", {"x-amz-meta-sha256": hashlib.sha256(b"one").hexdigest()}))
        before = list(self.s3.writes())
        self.assertIn("4 present", self.release().err)
        self.assertEqual(self.s3.writes(), before)
        self.assertNotIn("GET /bucket/ü+ v/1.0/big.bin 200", self.s3.log)

    def test_what_others_put_is_compared(self):
        """By MD5 in the ETag, by S3's own checksum, or byte by byte."""
        self.s3.keeps_metadata = False
        for tags, gets in (("md5", 0), ("checksum", 0), ("other", 4)):
            self.s3.tags = tags
            self.s3.log.clear()
            self.s3.objects = {self.key("a b.bin"): (b"one", {}), self.key("big.bin"): (BIG, {}),
                               self.key("latest.txt"): (b"1.0\n", {}), self.key("made.txt"): (b"made\n", {})}
            self.assertIn("4 present", self.release().err)
            self.assertEqual(len([line for line in self.s3.log if line.startswith("GET")]), gets, self.s3.log)
            self.assertEqual(self.s3.writes(), [])
            self.s3.objects[self.key("a b.bin")] = (b"two", {})
            run = self.release(code=2)
            self.assertIn("there: sha256:" + hashlib.sha256(b"two").hexdigest(), run.err)
            self.assertEqual(self.s3.writes(), [])

    def test_an_answer_that_was_lost_is_looked_up(self):
        place = "PUT /bucket/ü+ v/1.0/big.bin"
        self.s3.answers[place] = [-500]
        self.assertIn("4 effects: 4 done", self.release().err)
        self.assertEqual([line for line in self.s3.writes() if "big" in line], [place + " 500", place + " 412"])

    def test_a_server_without_conditions_is_sent_to_without(self):
        self.s3.conditions = "unknown"
        self.assertIn("4 effects: 4 done", self.release().err)
        self.assertEqual(len(self.s3.objects), 4)

    def test_a_quicker_sender_is_not_overwritten(self):
        self.s3.objects[self.key("a b.bin")] = (b"two", {})
        self.s3.answers["HEAD /bucket/ü+ v/1.0/a b.bin"] = [404, 404]
        run = self.release(code=1)
        self.assertIn("s3://bucket/ü+ v/1.0/a b.bin holds sha256:" + hashlib.sha256(b"two").hexdigest(), run.err)
        self.assertIn("someone else sent it meanwhile", run.err)
        self.assertEqual(self.s3.objects[self.key("a b.bin")][0], b"two")

    def test_keys_that_do_not_open_it(self):
        run = self.release(env={"AWS_SECRET_ACCESS_KEY": "wrong-canary"}, code=2)
        self.assertIn("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY do not open it, or have no leave for s3:GetObject "
                      "and s3:ListBucket, which looking needs", run.err)
        self.assertNotIn("wrong-canary", run.err)
        self.nothing_built()
        run = self.release(env={"AWS_SECRET_ACCESS_KEY": ""}, code=2)
        self.assertIn("s3:// needs a key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give `user` and "
                      "`password`", run.err)
        self.ws.edit("build.devgraph", "s3://bucket", "s3://elsewhere")
        self.assertIn("there is no bucket s3://elsewhere", self.release(code=2).err)
        self.nothing_built()
        self.assertEqual(self.s3.writes(), [])

    def test_the_key_may_be_a_secret(self):
        self.ws.edit("build.devgraph", "1.0/\"", f'1.0/", user = "{KEY_ID}", password = secret("S3_KEY")')
        self.release(env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "S3_KEY": SECRET})
        self.assertEqual(len(self.s3.objects), 4)

    def test_objects_are_taken_back(self):
        self.release()
        self.expect(self.ws.devgraph("release", "--revert", "--yes", env=self.env), 0)
        self.assertEqual(self.s3.objects, {})


class Echoes(http.server.BaseHTTPRequestHandler):
    """Has nothing, takes nothing, and repeats the login that it was sent, more often than is shown."""

    def refuse(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        login = base64.b64decode(self.headers["Authorization"].partition(" ")[2]).decode()
        body = f"{login} {urllib.parse.quote(login)} " * 9
        self.send_response(404 if self.command in ("GET", "HEAD") else 400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body.encode())

    do_GET = do_HEAD = do_PUT = refuse  # pylint: disable=invalid-name

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class Echo(Case):
    def test_a_server_that_repeats_a_password(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echoes)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        self.ws = self.workspace({"a": "a", "build.devgraph": f"""devgraph 1
upload up {{
  files    = [./a]
  to       = "http://127.0.0.1:{server.server_port}/"
  user     = "ann"
  password = secret("DAV")
}}
"""})
        password = "canary<1>/?-" + "word" * 6 + "-canary"
        run = self.expect(self.ws.devgraph("release", "--yes", "up", env={"DAV": password}), 1)
        self.assertIn("answers 400 to PUT", run.err)
        self.assertIn("ann:***", run.err)
        for piece in ("canary", "wordword"):
            self.assertNotIn(piece, run.err)
            self.assertEqual(self.ws.shell(f"grep -rl {piece} .devgraph || true"), "")


if __name__ == "__main__":
    harness.main()
