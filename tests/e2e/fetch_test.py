#!/usr/bin/python3
"""Fetching over HTTP and HTTPS from a server on this machine."""

import hashlib
import http.server
import os
import ssl
import subprocess
import threading
import time

import harness

DATA = bytes(range(256)) * 1000
SHA = hashlib.sha256(DATA).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/data.bin")
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.send_header("Content-Length", str(10 ** 9))
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x")
                    time.sleep(0.05)
            except OSError:
                pass
        elif self.path == "/data.bin" or self.path == "/short.bin":
            self.send_response(200)
            self.send_header("Content-Length", str(len(DATA)))
            self.end_headers()
            self.wfile.write(DATA if self.path == "/data.bin" else DATA[:1000])
        else:
            self.send_error(404)


class Fetch(harness.Case):
    def serve(self, context=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_address[1]

    def node(self, url, sha=SHA, fields=""):
        return self.workspace({"build.devgraph": f'devgraph 1\nfetch data {{\n  url = "{url}"\n'
                               f'  sha256 = "{sha}"\n  {fields}\n}}\n'})

    def found(self, ws, name):
        with open(ws.path(f"out/data/{name}"), "rb") as file:
            return file.read() == DATA

    def test_what_comes_is_held_against_the_hash(self):
        root = f"http://127.0.0.1:{self.serve()}"
        for name in ("data.bin", "redirect"):
            ws = self.node(f"{root}/{name}")
            self.build(ws, run=1)
            self.assertTrue(self.found(ws, name))
            self.build(ws, run=0, fresh=1)
        for name, sha, words in (("data.bin", "0" * 64, "its SHA-256 is"),
                                 ("absent", SHA, "the server answers 404"),
                                 ("short.bin", SHA, "bytes remaining to read")):
            run = self.build(self.node(f"{root}/{name}", sha), code=1, failed=1)
            self.assertIn(words, run.err)

    def test_a_timeout_holds_for_what_needs_no_command_too(self):
        ws = self.node(f"http://127.0.0.1:{self.serve()}/endless", fields="timeout = 700ms")
        begin = time.monotonic()
        run = self.build(ws, code=1, failed=1)
        self.assertIn("timed out after 0.7s", run.err)
        self.assertLess(time.monotonic() - begin, 10 * harness.PATIENCE)

    def test_a_signal_ends_a_download(self):
        ws = self.node(f"http://127.0.0.1:{self.serve()}/endless")
        process = ws.start("build")
        self.wait_for(lambda: ws.shell("ls .devgraph/scratch/*/out/* 2>/dev/null || true"),
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
        self.assertTrue(self.found(ws, "data.bin"))


if __name__ == "__main__":
    harness.main()
