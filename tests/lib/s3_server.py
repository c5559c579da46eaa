#!/usr/bin/python3
"""Object storage for tests: PUT, GET, HEAD and DELETE as S3 answers them.

Each request must be signed. The signature is computed here from AWS's own description ("Create a signed
AWS API request"), not from what any client does. `Storage.objects` is what it holds.
"""

import base64
import email.utils
import hashlib
import hmac
import http.server
import threading
import time
import urllib.parse


def canonical_query(query):
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True)
    quoted = sorted((urllib.parse.quote(name, safe="-_.~"), urllib.parse.quote(value, safe="-_.~"))
                    for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in quoted)


def canonical_path(path):
    """S3 encodes each byte of the key once, and leaves the slashes."""
    return urllib.parse.quote(urllib.parse.unquote_to_bytes(path), safe="/-_.~")


class Refused(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status = status
        self.code = code


class Storage(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, keys, buckets, region="us-east-1"):
        super().__init__(("127.0.0.1", 0), Handler)
        self.keys = keys                   # key id -> secret key
        self.region = region
        self.buckets = set(buckets)
        self.objects = {}                  # (bucket, key) -> (bytes, {metadata})
        self.log = []                      # "PUT /bucket/key 200"
        self.tags = "md5"                  # What an ETag is; `other`: something else of the same form.
        self.keeps_metadata = True
        self.conditions = "kept"           # `ignored`; `unknown`: answered with 501.
        self.answers = {}                  # "PUT /bucket/key" -> statuses of the next ones; -N: done, and N.
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}"

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def writes(self):
        return [line for line in self.log if line.split()[0] in ("PUT", "DELETE", "POST")]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def check_signature(self, body):
        authorization = self.headers.get("Authorization", "")
        if not authorization.startswith("AWS4-HMAC-SHA256 "):
            raise Refused(403, "AccessDenied")
        fields = dict(part.strip().split("=", 1) for part in authorization.split(" ", 1)[1].split(","))
        key_id, day, region, service, end = fields["Credential"].split("/")
        signed = fields["SignedHeaders"].split(";")
        when = self.headers["x-amz-date"]
        now = time.time()
        sent = email.utils.mktime_tz(email.utils.parsedate_tz(
            time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.strptime(when, "%Y%m%dT%H%M%SZ"))))
        if abs(now - sent) > 900 or not when.startswith(day):
            raise Refused(403, "RequestTimeTooSkewed")
        if (region, service, end) != (self.server.region, "s3", "aws4_request"):
            raise Refused(400, "AuthorizationHeaderMalformed")
        if signed != sorted(signed) or "host" not in signed:
            raise Refused(403, "AccessDenied")
        # What S3 demands: all of its own headers are signed.
        own = [name.lower() for name in self.headers if name.lower().startswith("x-amz-")]
        if not set(own) <= set(signed):
            raise Refused(403, "AccessDenied")
        if self.headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            raise Refused(400, "XAmzContentSHA256Mismatch")
        path, _, query = self.path.partition("?")
        headers = "".join(f"{name}:{' '.join((self.headers[name] or '').split())}\n" for name in signed)
        canonical = "\n".join([self.command, canonical_path(path), canonical_query(query), headers,
                               ";".join(signed), self.headers["x-amz-content-sha256"]])
        scope = f"{day}/{region}/{service}/{end}"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", when, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        if key_id not in self.server.keys:
            raise Refused(403, "InvalidAccessKeyId")
        key = ("AWS4" + self.server.keys[key_id]).encode()
        for part in (day, region, service, end):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest(),
                                   fields["Signature"]):
            raise Refused(403, "SignatureDoesNotMatch")

    def answer(self, status, body=b"", headers=(), length=None):
        with self.server.lock:
            self.server.log.append(f"{self.command} {urllib.parse.unquote(self.path)} {status}")
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self.check_signature(body)
            path = urllib.parse.unquote(self.path.split("?")[0]).removeprefix("/")
            bucket, _, key = path.partition("/")
            if bucket not in self.server.buckets:
                raise Refused(404, "NoSuchBucket")
            with self.server.lock:
                place = f"{self.command} /{bucket}/{key}"
                status = next(iter(self.server.answers.get(place, [])), 0)
                self.server.answers[place] = self.server.answers.get(place, [])[1:]
            if status > 0:
                raise Refused(status, "AsTheTestWantsIt")
            if key == "":
                self.answer(200)
            else:
                getattr(self, "key_" + self.command.lower())(bucket, key, body, -status)
        except Refused as refused:
            text = f"<?xml version=\"1.0\"?><Error><Code>{refused.code}</Code></Error>".encode()
            self.answer(refused.status, text)

    do_GET = do_HEAD = do_PUT = do_DELETE = handle_any  # pylint: disable=invalid-name

    def tag_of(self, content):
        made = hashlib.md5(content if self.server.tags == "md5" else b"another" + content)
        return f'"{made.hexdigest()}"'

    def key_put(self, bucket, key, body, status):
        if self.headers.get("If-None-Match"):
            if self.server.conditions == "unknown":
                raise Refused(501, "NotImplemented")
            if self.server.conditions == "kept" and (bucket, key) in self.server.objects:
                raise Refused(412, "PreconditionFailed")
        metadata = {name.lower(): value for name, value in self.headers.items()
                    if name.lower().startswith("x-amz-meta-") and self.server.keeps_metadata}
        self.server.objects[bucket, key] = (body, metadata)
        if status:
            raise Refused(status, "AsTheTestWantsIt")
        self.answer(200, headers=[("ETag", self.tag_of(body))])

    def key_get(self, bucket, key, _body, _status):
        if (bucket, key) not in self.server.objects:
            raise Refused(404, "NoSuchKey")
        content, metadata = self.server.objects[bucket, key]
        headers = [("ETag", self.tag_of(content)), *metadata.items()]
        if self.headers.get("x-amz-checksum-mode") == "ENABLED" and self.server.tags == "checksum":
            headers.append(("x-amz-checksum-sha256", base64.b64encode(hashlib.sha256(content).digest()).decode()))
        self.answer(200, content, headers)

    key_head = key_get

    def key_delete(self, bucket, key, _body, _status):
        self.server.objects.pop((bucket, key), None)
        self.answer(204)
