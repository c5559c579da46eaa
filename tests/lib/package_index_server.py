#!/usr/bin/python3
"""A package index for tests: PyPI's upload API and the simple index (PEP 503, PEP 691).

  package_index_server.py PORT     serves until it is ended, without a login

It is strict where PyPI is: a name that was taken is never given again, digests must be right, and what the
form says must be what the file says. `Index.files` is what it holds, `Index.log` what was asked of it.
"""

import base64
import email
import email.policy
import hashlib
import html
import http.server
import io
import json
import re
import sys
import tarfile
import threading
import zipfile


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def parts_of(content_type, body):
    """The fields of a form, in their order: name, file name or none, bytes."""
    message = email.message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body,
                                       policy=email.policy.HTTP)
    if not message.is_multipart():
        raise ValueError("this is no form")
    for part in message.iter_parts():
        yield (part.get_param("name", header="content-disposition"), part.get_filename(),
               part.get_payload(decode=True))


def metadata_of(name, content):
    """METADATA or PKG-INFO of a file."""
    if name.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inner = [path for path in archive.namelist() if path.endswith(".dist-info/METADATA")]
            text = archive.read(inner[0])
    else:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            inner = [path for path in archive.getnames() if re.fullmatch(r"[^/]+/PKG-INFO", path)]
            text = archive.extractfile(inner[0]).read()
    return email.message_from_bytes(text, policy=email.policy.compat32)


class Index(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port=0, login=None):
        super().__init__(("127.0.0.1", port), Handler)
        self.login = login        # USER:PASSWORD, asked of all requests.
        self.files = {}           # name -> bytes
        self.forms = {}           # name -> {field: [values]}
        self.log = []             # "POST acme-1.0.tar.gz 200", "GET /simple/acme/ 404"
        self.answers = {}         # name -> statuses that its next uploads get; -N: it is taken, and N is answered.
        self.hides = set()        # Names that the simple index does not show.
        self.style = "json"       # What it gives who takes both; `html`, `bare` (without digests).
        self.accepts_json = True
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def handle_error(self, request, client_address):
        """A client that was killed is no fault of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def uploads(self):
        return [line for line in self.log if line.startswith("POST ")]


class Refused(Exception):
    def __init__(self, status, words):
        super().__init__(words)
        self.status = status
        self.words = words


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", content_type="text/html", what=None):
        with self.server.lock:
            self.server.log.append(f"{self.command} {what or self.path} {status}")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def is_known(self):
        if self.server.login is None:
            return True
        want = "Basic " + base64.b64encode(self.server.login.encode()).decode()
        return self.headers.get("Authorization") == want

    # --- the simple index

    def do_GET(self):
        if not self.is_known():
            return self.answer(401, b"<html><title>who are you?</title></html>")
        if self.path == "/simple/":
            return self.answer(200, b"<!DOCTYPE html><html></html>")
        if self.path.startswith("/files/"):
            content = self.server.files.get(self.path.removeprefix("/files/"))
            return self.answer(200, content, "application/octet-stream") if content is not None else self.answer(404)
        found = re.fullmatch(r"/simple/([a-z0-9-]+)/", self.path)
        with self.server.lock:
            names = [name for name in sorted(self.server.files) if found and name not in self.server.hides and
                     normal(self.server.forms[name]["name"][0]) == found.group(1)]
        if not names:
            return self.answer(404, b"nothing of that name")
        if self.server.style == "json" and "application/vnd.pypi.simple.v1+json" in self.headers["Accept"]:
            return self.answer(200, self.as_json(found.group(1), names), "application/vnd.pypi.simple.v1+json")
        return self.answer(200, self.as_html(names))

    do_HEAD = do_GET

    def as_json(self, project, names):
        files = [{"filename": name, "url": f"../../files/{name}",
                  "hashes": {"sha256": hashlib.sha256(self.server.files[name]).hexdigest()}} for name in names]
        return json.dumps({"meta": {"api-version": "1.0"}, "name": project, "files": files}).encode()

    def as_html(self, names):
        lines = ["<!DOCTYPE html><html><body>"]
        for name in names:
            digest = "" if self.server.style == "bare" else "#sha256=" + hashlib.sha256(
                self.server.files[name]).hexdigest()
            lines.append(f'<a href="../../files/{html.escape(name)}{digest}">{html.escape(name)}</a><br/>')
        return "\n".join(lines + ["</body></html>"]).encode()

    # --- the upload API

    def do_POST(self):
        length, name = int(self.headers["Content-Length"]), None
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # The caller is gone.
            return None
        try:
            if self.path != "/legacy/":
                raise Refused(404, "no uploads here")
            if not self.is_known():
                raise Refused(403, "Invalid or non-existent authentication information.")
            form, name, content = self.form_of(body)
            self.take(form, name, content)
        except Refused as refused:
            page = f"<html><head><title>{refused.status} {refused.words}</title></head><body>…</body></html>"
            return self.answer(refused.status, page.encode(), what=name)
        return self.answer(200, b"", what=name)

    def form_of(self, body):
        form, name, content = {}, None, None
        try:
            for field, file, value in parts_of(self.headers["Content-Type"], body):
                if field == "content":
                    name, content = file, value
                else:
                    form.setdefault(field, []).append(value.decode())
        except ValueError as error:
            raise Refused(400, str(error)) from error
        if name is None or form.get(":action") != ["file_upload"] or form.get("protocol_version") != ["1"]:
            raise Refused(400, "this is no upload")
        return form, name, content

    def take(self, form, name, content):
        """Held to what the file itself says."""
        digest = hashlib.sha256(content).hexdigest()
        if form.get("sha256_digest") != [digest]:
            raise Refused(400, "The digest supplied does not match a digest calculated from the uploaded file.")
        said = metadata_of(name, content)
        for field, header in (("metadata_version", "Metadata-Version"), ("version", "Version"),
                              ("summary", "Summary"), ("requires_python", "Requires-Python")):
            if form.get(field, [""])[0] not in (said.get(header, ""), "UNKNOWN"):
                raise Refused(400, f"{field} is {form.get(field)}, and {said.get(header)} in the file")
        if normal(form["name"][0]) != normal(said["Name"]):
            raise Refused(400, "the name is another one in the file")
        want = ["bdist_wheel"] if name.endswith(".whl") else ["sdist"]
        if form.get("filetype") != want or not form.get("pyversion"):
            raise Refused(400, "filetype or pyversion is wrong")
        with self.server.lock:
            status = next(iter(self.server.answers.get(name, [])), 200)
            self.server.answers[name] = self.server.answers.get(name, [])[1:]
            if status > 200:
                raise Refused(status, "as the test wants it")
            if name in self.server.files:
                raise Refused(400, f"File already exists ('{name}', with blake2_256 hash '…').")
            self.server.files[name] = content
            self.server.forms[name] = form
        if status < 0:
            raise Refused(-status, "as the test wants it")


if __name__ == "__main__":
    Index(int(sys.argv[1])).serve_forever()
