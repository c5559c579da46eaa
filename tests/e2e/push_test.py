#!/usr/bin/python3
"""Images in a registry: pushed by content, looked for, pulled. The registry is Debian's own."""

import base64
import glob
import http.client
import http.server
import json
import os
import random
import threading

import harness
import services

MANIFEST = """devgraph 1
param registry: string
image app { files = {{ "/app/" = ./src/** }} }
push_hashed edge {{ image = app, to = "{{registry}}/alice/app", prefix = "local-" }}
env_file vars {{ vars = {{ IMAGE = text(edge.ref) }} }}
""".replace("{{", "{").replace("}}", "}")


class Case(harness.Case):
    login = None

    def setUp(self):
        super().setUp()
        self.registry = services.Registry(os.path.join(self.folder, "registry"), self.login).start()
        self.addCleanup(self.registry.stop)
        self.ws = self.workspace({"build.devgraph": MANIFEST, "src/a.txt": "one\n"})
        self.define = ("-D", f"registry={self.registry.host}")

    def ref(self):
        return self.ws.read("out/edge/edge.ref").strip()

    def digest(self):
        return self.ws.read("out/app/app.digest").strip()


class Breaks(http.server.BaseHTTPRequestHandler):
    """Before a registry: the first large upload breaks off in its middle."""

    def forward(self, body):
        there = http.client.HTTPConnection(self.server.behind, timeout=60)
        headers = {key: value for key, value in self.headers.items() if key not in ("Content-Length", "Expect")}
        there.request(self.command, self.path, body, headers)
        answer = there.getresponse()
        data = answer.read()
        there.close()
        return answer, data

    def handle_any(self):
        length = int(self.headers.get("Content-Length", "0"))
        if self.command == "PUT" and length > 1_000_000 and not self.server.broken:
            self.server.broken.append(length)
            # The registry has half of it, as after a line that went dead.
            self.rfile.read(length)
            self.command = "PATCH"
            self.path = self.path.partition("&digest")[0]
            answer, _ = self.forward(self.server.content[:length // 2])
            self.server.location = answer.getheader("Location").replace(self.server.behind, self.headers["Host"])
            self.connection.close()
            return
        if self.command == "GET" and "/uploads/" in self.path and self.server.tells:
            self.send_response(204)
            self.send_header("Location", self.server.location)
            self.send_header("Range", f"0-{len(self.server.content) // 2 - 1}")
            self.end_headers()
            return
        body = self.rfile.read(length)
        self.server.asked.append((self.command, len(body), self.headers.get("Content-Range")))
        answer, data = self.forward(body)
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ("transfer-encoding", "connection"):
                self.send_header(key, value.replace(self.server.behind, self.headers["Host"]))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = handle_any  # pylint: disable=invalid-name

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class Push(Case):
    def breaking(self, tells):
        """Pushes by way of a server that breaks the large upload off; what it was asked then."""
        self.ws.write("src/large", random.Random(7).randbytes(3_000_000))
        self.expect(self.ws.devgraph("build", *self.define, "app"), 0)
        layer = max(((os.path.getsize(path), path) for path in
                     glob.glob(f"{self.ws.root}/out/app/app/blobs/sha256/*")))[1]
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Breaks)
        server.behind, server.broken, server.asked, server.tells = self.registry.host, [], [], tells
        with open(layer, "rb") as file:
            server.content = file.read()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        self.expect(self.ws.devgraph("build", "-D", f"registry=localhost:{server.server_port}", "edge"), 0)
        self.assertEqual(server.broken, [len(server.content)])
        raw = self.ws.shell(f"skopeo inspect --tls-verify=false --raw docker://{self.registry.host}/alice/app:"
                            f"{self.ref().rpartition(':')[2]} | sha256sum")
        self.assertEqual("sha256:" + raw[:64], self.digest())
        return len(server.content), server.asked

    def test_an_upload_that_breaks_off_goes_on(self):
        size, asked = self.breaking(True)
        half = size // 2
        self.assertIn(("PATCH", size - half, f"{half}-{size - 1}"), asked)
        self.assertNotIn(("PUT", size, None), asked)

    def test_an_upload_that_the_registry_forgets_begins_anew(self):
        size, asked = self.breaking(False)
        self.assertIn(("PUT", size, None), asked)

    def test_a_layer_that_another_repository_has_is_not_sent(self):
        self.ws.write("build.devgraph", MANIFEST.replace(
            "env_file vars", 'image upper { from = app, files = { "/more" = ./src/a.txt } }\n'
            'push_hashed second { image = upper, to = "{registry}/bob/upper", after = edge }\nenv_file vars'))
        self.expect(self.ws.devgraph("build", "-j1", *self.define, "edge", "second"), 0)
        mounts = [line for line in self.registry.writes() if "mount=" in line]
        self.assertEqual(len(mounts), 1, self.registry.writes())
        self.assertIn("/v2/bob/upper/blobs/uploads/?mount=sha256%3A", mounts[0])
        self.assertIn("&from=alice%2Fapp", mounts[0])
        uploads = [line for line in self.registry.writes() if line.startswith("PUT /v2/bob/upper/blobs/")]
        self.assertEqual(len(uploads), 2)  # The configuration, and the layer of its own.

    def test_what_is_pushed_is_what_was_made(self):
        self.build(self.ws, *self.define, "edge", run=2)
        self.assertEqual(self.ref(),
                         f"{self.registry.host}/alice/app:local-{self.digest()[7:19]}")
        raw = self.ws.shell(f"skopeo inspect --tls-verify=false --raw docker://{self.ref()} "
                            "| sha256sum")
        self.assertEqual("sha256:" + raw[:64], self.digest())

    def test_a_second_build_asks_and_writes_nothing(self):
        self.build(self.ws, *self.define, "edge", run=2)
        before = self.registry.writes()
        self.build(self.ws, *self.define, "edge", run=0)
        self.assertEqual(self.registry.writes(), before)

    def test_the_name_is_exported_for_the_shell(self):
        said = self.ws.shell(f"""
          eval "$({harness.BINARY} export {' '.join(self.define)} vars 2>/dev/null)"
          echo "$IMAGE" """)
        self.assertEqual(said.strip(), self.ref())
        self.registry.stop()
        self.ws.write("src/a.txt", "two\n")
        run = self.expect(self.ws.devgraph("export", *self.define, "vars"), 1)
        self.assertEqual(run.out, "")
        self.registry.start()

    def test_a_reverted_edit_finds_its_tag_again(self):
        self.build(self.ws, *self.define, "edge")
        first = self.ref()
        self.ws.write("src/a.txt", "two\n")
        self.build(self.ws, *self.define, "edge", run=2)
        self.assertNotEqual(self.ref(), first)
        before = self.registry.writes()
        self.ws.write("src/a.txt", "one\n")
        self.build(self.ws, *self.define, "edge", run=0)
        self.assertEqual(self.ref(), first)
        self.assertEqual(self.registry.writes(), before)

    def test_what_is_gone_is_pushed_again(self):
        self.build(self.ws, *self.define)
        self.expect(self.ws.devgraph("check", "--remote", *self.define), 0)
        self.registry.wipe()
        self.expect(self.ws.devgraph("check", *self.define), 0)
        run = self.expect(self.ws.devgraph("check", "--remote", *self.define), 3)
        # Its name is what it was, so nothing that reads it is stale.
        self.assertEqual(run.out, "//:edge  what it made is not there any more\n")
        self.build(self.ws, *self.define, run=1)
        self.build(self.ws, *self.define, run=0)

    def test_without_the_registry_the_last_build_is_trusted(self):
        self.build(self.ws, *self.define, "edge")
        self.registry.stop()
        run = self.build(self.ws, *self.define, "edge", run=0)
        self.assertIn("cannot ask whether what //:edge made is still there", run.err)
        self.expect(self.ws.devgraph("check", "--remote", *self.define, "edge"), 2)

    def test_a_shared_base_is_sent_once(self):
        self.ws.write("base.bin", os.urandom(300000))
        self.ws.write("build.devgraph", MANIFEST.replace(
            "image app {", 'image base { files = { "/base" = ./base.bin } }\n'
            "image app { from = base,"))
        self.build(self.ws, *self.define, "edge")
        before = len(self.registry.writes())
        self.ws.write("src/a.txt", "two\n")
        self.build(self.ws, *self.define, "edge")
        # A layer, a configuration and a manifest by digest and by tag.
        self.assertEqual(len(self.registry.writes()) - before, 2 * 2 + 2)

    def test_a_pulled_image_is_the_base_of_another(self):
        self.build(self.ws, *self.define, "edge")
        self.ws.write("src/a.txt", "upper\n")
        self.ws.write("build.devgraph", MANIFEST.replace("image app {", f"""
image_pull below {{{{ ref = "{{registry}}/alice/app@{self.digest()}" }}}}
image app {{{{ from = below,""".replace("{{", "{").replace("}}", "}")))
        self.build(self.ws, *self.define, "app", run=2)
        layers = json.loads(self.ws.shell("skopeo inspect oci:out/app/app:latest"))["Layers"]
        self.assertEqual(len(layers), 2)

    def test_a_tag_is_pulled_as_the_lock_file_has_it(self):
        self.build(self.ws, *self.define, "edge")
        tag, digest = self.ref().rsplit(":", 1)[1], self.digest()
        self.ws.write("build.devgraph", 'devgraph 1\nparam registry: string\nimage_pull below '
                      f'{{ ref = "{{registry}}/alice/app:{tag}" }}\n')
        self.build(self.ws, *self.define, run=1)
        self.assertIn(f"image {self.registry.host}/alice/app:{tag} "
                      f"{self.registry.host}/alice/app@{digest}\n", self.ws.read("devgraph.lock"))
        self.assertEqual(self.ws.read("out/below/below.digest").strip(), digest)


class Login(Case):
    login = ("alice", "canary-7f3a")

    def write_login(self, password):
        auth = base64.b64encode(f"alice:{password}".encode()).decode()
        os.makedirs(self.ws.home / ".docker", exist_ok=True)
        with open(self.ws.home / ".docker/config.json", "w", encoding="utf-8") as file:
            json.dump({"auths": {self.registry.host: {"auth": auth}}}, file)

    def test_the_login_of_docker_is_used_and_left_nowhere(self):
        self.write_login("canary-7f3a")
        self.build(self.ws, *self.define, "edge", run=2)
        self.assertEqual(self.ws.shell("grep -rlaF canary-7f3a . || true"), "")

    def test_without_a_login_it_says_what_to_type(self):
        run = self.expect(self.ws.devgraph("build", *self.define, "edge"), 2)
        self.assert_text(run.err, f"""error[E916]: `//:edge` would be refused: {self.registry.host} answers 401 to GET: there is no login for {self.registry.host}; run  docker login {self.registry.host}
   = nothing has run
""")
        self.assertFalse(self.ws.exists("out"))
        self.build(self.ws, *self.define, "app", run=1)

    def test_a_wrong_password_is_told_from_none(self):
        self.write_login("wrong")
        run = self.expect(self.ws.devgraph("build", *self.define, "edge"), 2)
        self.assertFalse(self.ws.exists("out"))
        self.assertIn(f"the login for {self.registry.host} may not do this", run.err)
        self.assertNotIn("wrong", run.err.replace("what is wrong", ""))

    def test_a_credential_helper_is_asked(self):
        helper = self.ws.home / "bin/docker-credential-test"
        os.makedirs(helper.parent)
        helper.write_text("#!/bin/sh\nread host\n"
                          'printf \'{"ServerURL":"%s","Username":"alice","Secret":"canary-7f3a"}\' '
                          '"$host"\n', encoding="utf-8")
        helper.chmod(0o755)
        os.makedirs(self.ws.home / ".docker", exist_ok=True)
        (self.ws.home / ".docker/config.json").write_text(
            json.dumps({"credHelpers": {self.registry.host: "test"}}), encoding="utf-8")
        run = self.ws.devgraph("build", *self.define, "edge",
                               env={"PATH": f"{helper.parent}:/usr/bin:/bin"})
        self.expect(run, 0)
        self.assertEqual(self.ws.shell("grep -rlaF canary-7f3a . || true"), "")


if __name__ == "__main__":
    harness.main()
