#!/usr/bin/python3
"""Fetching from a server on this machine: HTTP, HTTPS and S3, whole, in parts and with faults."""

import datetime
import hashlib
import hmac
import http.server
import os
import signal
import ssl
import subprocess
import threading
import time
import urllib.parse

import harness

DATA = bytes(range(256)) * 1000
SHA = hashlib.sha256(DATA).hexdigest()
BIG = os.urandom(1 << 20) * 6
BIG_SHA = hashlib.sha256(BIG).hexdigest()
KEY_ID, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "session/token=="


def signature(handler, secret):
    """The signature that AWS would compute for this request, from its documentation."""
    fields = dict(part.strip().split("=", 1)
                  for part in handler.headers["Authorization"].split(" ", 1)[1].split(","))
    _, day, region, service, _ = fields["Credential"].split("/")
    signed = fields["SignedHeaders"].split(";")
    canonical = "\n".join(
        [handler.command, handler.path.split("?")[0], ""]
        + [f"{name}:{handler.headers[name].strip()}" for name in signed]
        + ["", ";".join(signed), handler.headers["x-amz-content-sha256"]])
    text = "\n".join(["AWS4-HMAC-SHA256", handler.headers["x-amz-date"],
                      f"{day}/{region}/{service}/aws4_request",
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), fields, signed


class Handler(http.server.BaseHTTPRequestHandler):
    """The path says how the server behaves; `server.seen` is what was asked of it."""

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Range"), self.headers.get("If-Range")))
        name = self.path.strip("/").split("/")[0]
        times = sum(path == self.path for path, _, _ in self.server.seen)
        getattr(self, "get_" + name.split(".")[0].replace("-", "_"), self.get_absent)(times)

    def get_absent(self, _times):
        self.send_error(404)

    def get_data(self, _times):
        self.answer(200, DATA)

    get_moved = get_data

    def get_short(self, _times):
        self.answer(200, DATA[:1000], length=len(DATA))

    def get_evil(self, _times):
        self.answer(200, b"evil")

    def get_redirect(self, _times):
        self.answer(302, headers=[("Location", "/data.bin")])

    def get_busy(self, times):
        """Refuses twice, then gives it."""
        if times == 1:
            self.answer(429, headers=[("Retry-After", "1")])
        elif times == 2:
            self.answer(503)
        else:
            self.answer(200, DATA)

    def get_endless(self, _times):
        self.drip(10 ** 9, 0.05)

    def get_slow(self, _times):
        self.drip(len(DATA), 1.3 / 10, len(DATA) // 10, DATA)

    def drip(self, length, pause, size=1, data=None):
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        try:
            for at in range(0, length, size):
                self.wfile.write(data[at:at + size] if data else b"x")
                time.sleep(pause)
        except OSError:
            pass

    def part(self, tag, broken_at):
        """As RFC 9110 says, and breaks off after so many bytes."""
        asked = self.headers.get("Range")
        start = 0
        headers = [("ETag", tag), ("Accept-Ranges", "bytes")]
        if asked and self.headers.get("If-Range") == tag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            headers.append(("Content-Range", f"bytes {start}-{len(BIG) - 1}/{len(BIG)}"))
        self.answer(206 if start else 200, BIG[start:start + broken_at], headers, len(BIG) - start)

    def get_parts(self, _times):
        self.part('"one"', 2 << 20)

    def get_other(self, times):
        """Another file of the same length stands there by the second time."""
        self.part(f'"{times}"', 2 << 20 if times == 1 else len(BIG))

    def get_plain(self, times):
        """Knows no ranges."""
        self.answer(200, BIG[:2 << 20] if times == 1 else BIG, length=len(BIG))

    def get_lies(self, times):
        """Goes on with bytes that do not belong there."""
        if self.headers.get("Range"):
            self.answer(206, bytes(len(BIG) - (2 << 20)),
                        [("Content-Range", f"bytes {2 << 20}-{len(BIG) - 1}/{len(BIG)}")])
        else:
            self.answer(200, BIG[:2 << 20] if times == 1 else BIG, length=len(BIG))

    def get_halted(self, times):
        """Hangs in the middle, the first time."""
        if times > 1:
            return self.part('"h"', len(BIG))
        self.send_response(200)
        self.send_header("ETag", '"h"')
        self.send_header("Content-Length", str(len(BIG)))
        self.end_headers()
        self.wfile.write(BIG[:3 << 20])
        self.server.halted.set()
        self.server.go_on.wait()

    def get_bucket(self, _times):
        if "Authorization" not in self.headers:
            return self.answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        want, fields, signed = signature(self, SECRET)
        asked = {"host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"}
        if fields["Signature"] != want or not asked <= set(signed):
            return self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        if self.headers["x-amz-security-token"] != TOKEN:
            return self.answer(403, b"<Error><Code>InvalidToken</Code></Error>")
        made = datetime.datetime.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        self.server.signed.append((fields["Credential"].split("/", 1)[0], fields["Credential"]
                                   .split("/")[2], urllib.parse.unquote(self.path), made))
        return self.answer(200, DATA)

    def get_locked(self, _times):
        self.answer(401)

    def get_public(self, _times):
        self.answer(400 if "Authorization" in self.headers else 200, DATA)

    def get_elsewhere(self, _times):
        self.answer(301, b"<Error><Code>PermanentRedirect</Code></Error>",
                    [("x-amz-bucket-region", "eu-north-1")])


class Served(harness.Case):
    """With a server, and nodes that fetch from it."""

    def serve(self, context=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.seen, server.signed = [], []
        server.halted, server.go_on = threading.Event(), threading.Event()
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(server.go_on.set)
        self.server = server
        return server.server_address[1]

    def node(self, *urls, sha=SHA, fields=""):
        text = ", ".join(f'"{url}"' for url in urls)
        return self.workspace({"build.devgraph": f'devgraph 1\nfetch data {{\n  url = [{text}]\n'
                               f'  sha256 = "{sha}"\n  {fields}\n}}\n'})

    def content(self, ws, name):
        with open(ws.path(f"out/data/{name}"), "rb") as file:
            return file.read()

    def log(self, ws):
        return self.expect(ws.devgraph("log", "data"), 0).out


class Fetch(Served):
    def test_what_comes_is_held_against_the_hash(self):
        root = f"http://127.0.0.1:{self.serve()}"
        for name in ("data.bin", "redirect"):
            ws = self.node(f"{root}/{name}")
            self.build(ws, run=1)
            self.assertEqual(self.content(ws, name), DATA)
            self.build(ws, run=0, fresh=1)
        for name, sha, words in (("data.bin", "0" * 64, "its SHA-256 is"),
                                 ("absent", SHA, "the server answers 404"),
                                 ("short.bin", SHA, "bytes remaining to read")):
            run = self.build(self.node(f"{root}/{name}", sha=sha), code=1, failed=1)
            self.assertIn(words, run.err)

    def test_a_refused_login_is_not_tried_again(self):
        root = f"http://127.0.0.1:{self.serve()}"
        run = self.build(self.node(f"{root}/locked", fields='retries = 3, retry_on = "401", backoff = 1ms'), code=1)
        self.assertEqual([path for path, _, _ in self.server.seen], ["/locked"])
        self.assert_text(run.err, f"""[1/1] failed //:data: cannot fetch {root}/locked: the server answers 401  0.0s
  --> build.devgraph:2
  | {root}/locked: the server answers 401
  = log: .devgraph/log/data.log
  = hint: a refused login is not tried again: that could lock the account
1 node: 0 run, 0 fresh, 1 failed  0.0s
  failed   //:data  cannot fetch {root}/locked: the server answers 401
""")

    def test_a_local_file_is_fetched_too(self):
        ws = self.node(f"file://{self.folder}/there")
        with open(os.path.join(self.folder, "there"), "wb") as file:
            file.write(DATA)
        self.build(ws, run=1)
        self.assertEqual(self.content(ws, "there"), DATA)
        ws = self.node(f"file://{self.folder}/absent")
        self.assertIn("Couldn't open file", self.build(ws, code=1, failed=1).err)

    def test_the_next_mirror_is_asked_when_one_is_wrong(self):
        root = f"http://127.0.0.1:{self.serve()}"
        ws = self.node(f"{root}/absent", f"{root}/evil", f"{root}/data.bin")
        self.build(ws, run=1)
        self.assertEqual([path for path, _, _ in self.server.seen], ["/absent", "/evil", "/data.bin"])
        evil = hashlib.sha256(b"evil").hexdigest()
        self.assertIn(f"{root}/absent: the server answers 404\n"
                      f"{root}/evil: its SHA-256 is {evil}, not {SHA}\n", self.log(ws))
        self.assertEqual(os.listdir(ws.path(".devgraph/fetch")), [])

    def test_a_changed_url_is_held_against_the_old_hash(self):
        root = f"http://127.0.0.1:{self.serve()}"
        ws = self.node(f"{root}/data.bin")
        ws.edit("build.devgraph", "fetch data", 'copy user { file = data, to = "copy" }\nfetch data')
        self.build(ws, run=2)
        ws.edit("build.devgraph", "/data.bin", "/evil")
        run = self.build(ws, code=1, failed=1)
        self.assertIn("its SHA-256 is", run.err)
        ws.edit("build.devgraph", "/evil", "/data.bin")
        self.build(ws, run=0, fresh=2)
        ws.edit("build.devgraph", "/data.bin", "/moved/data.bin")
        self.build(ws, run=1, fresh=1)
        self.assertEqual([path for path, _, _ in self.server.seen],
                         ["/data.bin", "/evil", "/moved/data.bin"])

    def test_a_busy_server_is_asked_again_when_it_says(self):
        ws = self.node(f"http://127.0.0.1:{self.serve()}/busy")
        begin = time.monotonic()
        self.build(ws, run=1)
        self.assertGreater(time.monotonic() - begin, 1.9)  # One second as asked, then one.
        self.assertIn("the server answers 429\n", self.log(ws))

    def test_what_broke_off_goes_on(self):
        root = f"http://127.0.0.1:{self.serve()}"
        ws = self.node(f"{root}/parts", sha=BIG_SHA)
        self.build(ws, run=1)
        self.assertEqual(self.content(ws, "parts"), BIG)
        self.assertEqual(self.server.seen, [("/parts", None, None),
                                            ("/parts", f"bytes={2 << 20}-", '"one"'),
                                            ("/parts", f"bytes={4 << 20}-", '"one"')])
        self.assertIn(f"{root}/parts: goes on at 2.0 MiB\n", self.log(ws))
        self.assertEqual(os.listdir(ws.path(".devgraph/fetch")), [])
        for name in ("other", "plain", "lies"):
            ws = self.node(f"{root}/{name}", sha=BIG_SHA)
            self.build(ws, run=1)
            self.assertEqual(self.content(ws, name), BIG)

    def test_what_was_killed_goes_on_in_the_next_build(self):
        for end in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(end=end):
                ws = self.node(f"http://127.0.0.1:{self.serve()}/halted", sha=BIG_SHA)
                ws.shell("rm -rf out .devgraph")
                process = ws.start("build")
                self.assertTrue(self.server.halted.wait(20))
                self.wait_for(lambda: int(ws.shell("cat .devgraph/fetch/* 2>/dev/null | wc -c"))
                              > 2 << 20, "two blocks on disk")
                process.send_signal(end)
                ws.finish(process, ("build",))
                self.server.go_on.set()
                self.build(ws, run=1)
                self.assertEqual(self.content(ws, "halted"), BIG)
                asked = self.server.seen[1][1]
                self.assertRegex(asked or "none", r"^bytes=[23]\d{6}-$")
                self.assertEqual(self.server.seen[1][2], '"h"')

    def test_the_log_says_how_far_it_is(self):
        ws = self.node(f"http://127.0.0.1:{self.serve()}/slow")
        self.build(ws, run=1)
        self.assertRegex(self.log(ws), r"\d+\.\d KiB of 250\.0 KiB\n")

    def test_a_timeout_holds_for_what_needs_no_command_too(self):
        ws = self.node(f"http://127.0.0.1:{self.serve()}/endless", fields="timeout = 700ms")
        begin = time.monotonic()
        run = self.build(ws, code=1, failed=1)
        self.assertIn("timed out after 0.7s", run.err)
        self.assertLess(time.monotonic() - begin, 10 * harness.PATIENCE)

    def test_a_signal_ends_a_download(self):
        ws = self.node(f"http://127.0.0.1:{self.serve()}/endless")
        process = ws.start("build")
        self.wait_for(lambda: ws.shell("ls .devgraph/fetch/*.from 2>/dev/null || true"),
                      "the download to begin")
        process.terminate()
        self.expect(ws.finish(process, ("build",), timeout=10), 143)

    def test_an_authority_of_ones_own_is_named_by_the_environment(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(os.path.join(self.folder, "names"), "w", encoding="utf-8") as file:
            file.write("subjectAltName=DNS:localhost")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                "-keyout", "ca.key", "-out", "ca.pem")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
                "-keyout", "own.key", "-out", "own.csr")
        openssl("x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "own.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, "own.pem"),
                                os.path.join(self.folder, "own.key"))
        ws = self.node(f"https://localhost:{self.serve(context)}/data.bin")
        self.assertIn("certificate", self.build(ws, code=1, failed=1).err)
        authority = {"SSL_CERT_FILE": os.path.join(self.folder, "ca.pem")}
        self.expect(ws.devgraph("build", env=authority), 0)
        self.assertEqual(self.content(ws, "data.bin"), DATA)


class S3(Served):
    """`s3://` against a server that checks signatures by itself."""

    def setUp(self):
        super().setUp()
        self.env = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.serve()}/"}
        self.login = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
                      "AWS_SESSION_TOKEN": TOKEN, "AWS_REGION": "eu-west-3"}

    def failure(self, url, env):
        ws = self.node(url)
        run = self.expect(ws.devgraph("build", env=env), 1)
        return run.err

    def test_a_private_object_is_signed_for(self):
        ws = self.node("s3://bucket/a folder/ü+b.bin")
        self.expect(ws.devgraph("build", env={**self.env, **self.login}), 0)
        self.assertEqual(self.content(ws, "ü+b.bin"), DATA)
        (key_id, region, path, made), = self.server.signed
        self.assertEqual((key_id, region, path), (KEY_ID, "eu-west-3", "/bucket/a folder/ü+b.bin"))
        age = datetime.datetime.utcnow() - made
        self.assertLess(abs(age.total_seconds()), 600)
        left = ws.shell("grep -rlaF -e wJalr -e session/token .devgraph out || true")
        self.assertEqual(left, "")

    def test_a_public_object_is_not(self):
        ws = self.node("s3://public/x.bin")
        self.expect(ws.devgraph("build", env=self.env), 0)
        self.assertEqual(self.content(ws, "x.bin"), DATA)

    def test_a_refusal_says_what_to_do(self):
        self.assertIn("cannot fetch s3://bucket/x: the server answers 403 (AccessDenied); "
                      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set\n",
                      self.failure("s3://bucket/x", self.env))
        wrong = {**self.env, **self.login, "AWS_SECRET_ACCESS_KEY": "another"}
        self.assertIn("cannot fetch s3://bucket/x: the server answers 403 (SignatureDoesNotMatch); "
                      "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY do not open it\n",
                      self.failure("s3://bucket/x", wrong))
        self.assertIn("cannot fetch s3://elsewhere/x: the server answers 301 (PermanentRedirect); "
                      "the bucket is in eu-north-1: set AWS_REGION=eu-north-1\n",
                      self.failure("s3://elsewhere/x", self.env))
        self.assertIn("cannot fetch s3://bucket: `s3://bucket` is not of the form s3://BUCKET/KEY\n",
                      self.failure("s3://bucket", self.env))
        self.assertIn("AWS_ENDPOINT_URL is `localhost`, which is no http: or https: URL\n",
                      self.failure("s3://bucket/x", {"AWS_ENDPOINT_URL": "localhost"}))


if __name__ == "__main__":
    harness.main()
