#!/usr/bin/python3
"""What is in an image, as a document of its own and beside the image in a registry."""

import hashlib
import http.client
import http.server
import json
import os
import threading

import harness
import services

STATUS = """Package: bash
Status: install ok installed
Version: 5.2.15-2+b2
Architecture: amd64
Description: a shell
 with a line that says Version: 9

Package: gone
Status: deinstall ok config-files
Version: 1.0
Architecture: amd64
"""
APK = "P:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\n\nP:busybox\nV:1.36.1-r5\nA:x86_64\nL:GPL-2.0-only\n\n"
METADATA = "Metadata-Version: 2.1\nName: Acme.Tools\nVersion: 1.0+x\nLicense: Apache-2.0\n\nVersion: 2\n"
FILES = {
    "root/usr/lib/os-release": 'NAME="Something"\nID="something"\n', "root/var/lib/dpkg/status": STATUS,
    "root/var/lib/dpkg/status.d/libc6": "Package: libc6\nVersion: 2.36-9\nArchitecture: arm64\n",
    "root/var/lib/dpkg/status.d/libc6.md5sums": "Package: nothing\nVersion: 1\n",
    "root/lib/apk/db/installed": APK,
    "root/usr/lib/python3/acme-1.0.dist-info/METADATA": METADATA,
    "root/opt/node_modules/@scope/pack/package.json": '{"name": "@scope/pack", "version": "3.1.0", "license": "MIT"}',
    "root/opt/node_modules/broken/package.json": "{",
    "root/opt/package.json": '{"name": "itself", "version": "1"}',
    "upper/usr/lib/python3/acme-1.0.dist-info/METADATA": METADATA.replace("1.0+x", "1.1"),
}
MANIFEST = """devgraph 1
param registry: string = "localhost:1"
image lower { files = { "/" = ./root/ } }
image app { from = lower, files = { "/" = ./upper/ } }
image_sbom parts { image = app }
push_hashed edge { image = app, to = "{registry}/app", sbom = parts }
"""


class Lists(http.server.BaseHTTPRequestHandler):
    """A registry that lists referrers: another one behind an answer of its own."""

    def handle_any(self):
        if "/referrers/" in self.path:
            body = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.oci.image.index.v1+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        length = int(self.headers.get("Content-Length", "0"))
        there = http.client.HTTPConnection(self.server.behind, timeout=30)
        headers = {key: value for key, value in self.headers.items() if key != "Transfer-Encoding"}
        there.request(self.command, self.path, self.rfile.read(length), headers)
        answer = there.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ("transfer-encoding", "connection"):
                self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)
        there.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = handle_any  # pylint: disable=invalid-name

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class Sbom(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({**FILES, "build.devgraph": MANIFEST})

    def document(self):
        return json.loads(self.ws.read("out/parts/parts.spdx.json"))

    def test_packages(self):
        self.build(self.ws, "parts", nodes=3, run=3)
        made = self.document()
        digest = self.ws.read("out/app/app.digest").strip()
        found = {one["externalRefs"][0]["referenceLocator"]: one for one in made["packages"][1:]}
        self.assertEqual(sorted(found), [
            "pkg:apk/something/busybox@1.36.1-r5?arch=x86_64", "pkg:apk/something/musl@1.2.4-r2?arch=x86_64",
            "pkg:deb/something/bash@5.2.15-2%2Bb2?arch=amd64", "pkg:deb/something/libc6@2.36-9?arch=arm64",
            "pkg:npm/%40scope/pack@3.1.0", "pkg:pypi/acme-tools@1.1"])
        self.assertEqual(found["pkg:pypi/acme-tools@1.1"]["licenseDeclared"], "Apache-2.0")
        self.assertEqual(found["pkg:deb/something/libc6@2.36-9?arch=arm64"]["licenseDeclared"], "NOASSERTION")
        self.assertEqual(made["spdxVersion"], "SPDX-2.3")
        self.assertEqual(made["name"], digest)
        self.assertEqual(made["packages"][0]["checksums"][0]["checksumValue"], digest[7:])
        ids = [one["SPDXID"] for one in made["packages"]]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual([one["relatedSpdxElement"] for one in made["relationships"]], ids)
        # What is taken away by an upper layer is not there, and an equal image has an equal document.
        self.ws.write("root/opt/node_modules/broken/package.json", "[]")
        self.expect(self.ws.devgraph("build", "parts"), 0)
        self.assertEqual(self.document()["packages"][1:], made["packages"][1:])

    def pushed(self, registry, host):
        """Pushes; what the registry holds under the image's tag for what is about it."""
        self.expect(self.ws.devgraph("build", "-D", f"registry={host}", "edge"), 0)
        digest = self.ws.read("out/app/app.digest").strip()
        there = http.client.HTTPConnection(registry.host, timeout=30)

        def get(path, accept):
            there.request("GET", f"/v2/app/{path}", headers={"Accept": accept})
            answer = there.getresponse()
            return answer.status, answer.read()

        oci = "application/vnd.oci.image."
        return digest, get, get(f"manifests/sha256-{digest[7:]}", oci + "index.v1+json")

    def check_manifest(self, digest, get, found):
        status, body = get(f"manifests/{found}", "application/vnd.oci.image.manifest.v1+json")
        self.assertEqual((status, "sha256:" + hashlib.sha256(body).hexdigest()), (200, found))
        manifest = json.loads(body)
        self.assertEqual(manifest["artifactType"], "application/spdx+json")
        self.assertEqual(manifest["subject"]["digest"], digest)
        self.assertEqual(manifest["config"]["mediaType"], "application/vnd.oci.empty.v1+json")
        status, body = get(f"blobs/{manifest['layers'][0]['digest']}", "*/*")
        self.assertEqual((status, body.decode()), (200, self.ws.read("out/parts/parts.spdx.json")))

    def test_it_goes_along_with_the_image(self):
        registry = services.Registry(os.path.join(self.folder, "registry"), None).start()
        self.addCleanup(registry.stop)
        digest, get, (status, body) = self.pushed(registry, registry.host)
        self.assertEqual(status, 200)
        listed = json.loads(body)["manifests"]
        self.assertEqual([one["artifactType"] for one in listed], ["application/spdx+json"])
        self.check_manifest(digest, get, listed[0]["digest"])
        writes = registry.writes()
        self.build(self.ws, "-D", f"registry={registry.host}", "edge", run=0)
        self.build(self.ws, "-D", f"registry={registry.host}", "-B", "edge", run=1)
        self.assertEqual(registry.writes(), writes)  # All is there: nothing is sent again.

    def test_a_registry_that_lists_referrers_gets_no_tag(self):
        registry = services.Registry(os.path.join(self.folder, "registry"), None).start()
        self.addCleanup(registry.stop)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lists)
        server.behind = registry.host
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        _, _, (status, _) = self.pushed(registry, f"127.0.0.1:{server.server_port}")
        self.assertEqual(status, 404)


if __name__ == "__main__":
    harness.main()
