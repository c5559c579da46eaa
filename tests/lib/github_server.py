#!/usr/bin/python3
"""The releases of GitHub's REST API for tests (docs.github.com/rest/releases).

  github_server.py PORT     serves until it is ended; any token will do

It is strict where GitHub is: a draft is not found by its tag and seen only with a token, a name of an asset is
never given twice, an upload that fails may leave an asset of state `starter`, an asset is behind a redirect to
another server that takes no token, and publishing makes a missing tag. `Forge.log` is what was asked of it.

devgraph asks at `Forge.api`. gh asks with GH_HOST=github.localhost, through http_proxy=`Forge.url`.
"""

import hashlib
import http.server
import json
import re
import sys
import threading
import urllib.parse

GH_HOST = "github.localhost"
# What GitHub leaves in names of assets; it makes dots of the rest.
OTHER = re.compile(r"[^A-Za-z0-9._+@-]")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """A client that was killed is no fault of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def start(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self


class Forge(Server):
    def __init__(self, port=0, token=None, repo="acme/app"):
        super().__init__(("127.0.0.1", port), Handler)
        self.objects = Server(("127.0.0.1", 0), Objects)
        self.objects.forge = self
        self.token = token
        self.repo = repo
        self.moved_to = None      # Its name of today; who asks for `repo` is told.
        self.tags = set()         # Of the repository.
        self.releases = []        # As the API shows them; an asset also has its `content`.
        self.log = []             # "POST /repos/acme/app/releases 201", "POST a.whl 201"
        self.headers = []         # Of each request to the API.
        self.answers = {}         # "POST a.whl" -> statuses of the next ones; -N: it is done, and N is answered.
        self.tells_digest = True
        self.is_immutable = False
        self.late = 0             # So many questions do not show a draft yet.
        self.on_write = None      # Called with the line of the log, before a write is answered.
        self.next_id = 1
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.api = self.url + "/api/v3"

    def start(self):
        self.objects.start()
        return super().start()

    def shutdown(self):
        self.objects.shutdown()
        super().shutdown()

    def writes(self):
        return [line for line in self.log if not line.startswith(("GET ", "QUERY "))]

    def number(self):
        self.next_id += 1
        return self.next_id

    def release(self, tag):
        """The releases of a tag, newest last."""
        return [one for one in self.releases if one["tag_name"] == tag]

    def add_release(self, tag, draft=True, assets=None, **more):
        """As somebody else would have made it."""
        made = {"id": self.number(), "tag_name": tag, "name": tag, "body": "", "draft": draft, "prerelease": False,
                "target_commitish": "main", "assets": [], **more}
        self.releases.append(made)
        for name, content in (assets or {}).items():
            self.add_asset(made, name, content)
        return made

    def add_asset(self, release, name, content, state="uploaded"):
        made = {"id": self.number(), "name": name, "content": content, "state": state}
        release["assets"].append(made)
        return made

    def assets(self, tag):
        """Names and bytes of what is whole in the only release of a tag."""
        found, = self.release(tag)
        return {one["name"]: one["content"] for one in found["assets"] if one["state"] == "uploaded"}


class Refused(Exception):
    def __init__(self, status, words, errors=None):
        super().__init__(words)
        self.status = status
        self.body = {"message": words, "documentation_url": "https://docs.github.com/rest"}
        if errors:
            self.body["errors"] = [errors]


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def send(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Objects(Quiet):
    """Where the bytes of assets are. A token is too much there, as for the storage behind GitHub."""

    def do_GET(self):
        if self.headers.get("Authorization"):
            self.server.forge.log.append("GET object 400")
            return self.send(400, b"Only one auth mechanism allowed")
        wanted = int(self.path.rpartition("/")[2])
        content = [asset["content"] for one in self.server.forge.releases for asset in one["assets"]
                   if asset["id"] == wanted]
        return self.send(200, content[0], [("Content-Type", "application/octet-stream")])


class Handler(Quiet):
    def dispatch(self):
        forge = self.server
        asked = urllib.parse.urlsplit(self.path)
        by_gh = asked.netloc.endswith(GH_HOST)
        # Behind its host gh finds the API, devgraph behind a folder: as in GitHub Enterprise Server.
        path = asked.path if by_gh else re.sub(r"^/api/(v3|uploads)(?=/)|^/api(?=/graphql)", "", asked.path)
        self.web = "http://" + GH_HOST if by_gh else forge.url
        self.api = "http://api." + GH_HOST if by_gh else forge.api
        self.uploads = "http://uploads." + GH_HOST if by_gh else forge.url + "/api/uploads"
        self.query = dict(urllib.parse.parse_qsl(asked.query))
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        if len(self.body) < length:
            self.close_connection = True  # The caller is gone.
            return
        path = urllib.parse.unquote(path)
        forge.headers.append(dict(self.headers))
        self.what = self.query["name"] if self.command == "POST" and path.endswith("/assets") else path
        try:
            status, body, headers = self.answer_of(path)
        except Refused as refused:
            status, body, headers = refused.status, refused.body, refused_headers(refused, self.api)
        content = b"" if status == 204 else json.dumps(body).encode()
        verb = "QUERY" if path == "/graphql" else self.command
        line = f"{verb} {self.what} {status}"
        with forge.lock:
            forge.log.append(line)
        if self.command != "GET" and verb != "QUERY" and forge.on_write:
            forge.on_write(line)
        self.send(status, content, [("Content-Type", "application/json; charset=utf-8"), *headers])

    do_GET = do_POST = do_PATCH = do_DELETE = dispatch

    def answer_of(self, path):
        forge = self.server
        token = self.headers.get("Authorization", "").partition(" ")[2]
        if not token or forge.token not in (None, token):
            raise Refused(401, "Bad credentials")
        if path == "/graphql":
            return self.graphql()
        found = re.fullmatch(r"/repos/([^/]+/[^/]+)(?:/(.*))?", path)
        if found and forge.moved_to and found[1] == forge.repo:
            raise Refused(301, "Moved Permanently")
        if not found or found[1] != (forge.moved_to or forge.repo):
            raise Refused(404, "Not Found")
        with forge.lock:
            key = f"{self.command} {self.what}"
            status = next(iter(forge.answers.get(key, [])), 0)
            forge.answers[key] = forge.answers.get(key, [])[1:]
        if status > 0:
            if self.what != path:
                # As GitHub does: what was not taken leaves its name behind.
                self.upload(path, state="starter")
            raise Refused(status, "as the test wants it")
        answer = self.routed(found[2] or "", path)
        if status < 0:
            raise Refused(-status, "as the test wants it")
        return answer

    def routed(self, rest, path):
        forge = self.server
        if rest == "":
            return self.ok({"full_name": forge.repo, "default_branch": "main"})
        if found := re.fullmatch(r"git/ref/tags/(.+)", rest):
            if found[1] not in forge.tags:
                raise Refused(404, "Not Found")
            return self.ok({"ref": "refs/tags/" + found[1], "object": {"type": "commit", "sha": "1" * 40}})
        if rest == "releases":
            return self.create() if self.command == "POST" else self.listed(
                [self.show(one) for one in reversed(self.visible())])
        if found := re.fullmatch(r"releases/tags/(.+)", rest):
            return self.ok(self.show(self.one(one for one in forge.release(found[1]) if not one["draft"])))
        if found := re.fullmatch(r"releases/assets/(\d+)", rest):
            return self.asset(int(found[1]))
        if found := re.fullmatch(r"releases/(\d+)(/assets)?", rest):
            release = self.one(one for one in forge.releases if one["id"] == int(found[1]))
            if found[2]:
                return self.upload(path) if self.command == "POST" else self.listed(
                    [self.show_asset(one) for one in release["assets"]])
            return self.change(release)
        raise Refused(404, "Not Found")

    @staticmethod
    def ok(body, status=200):
        return status, body, []

    @staticmethod
    def one(found):
        try:
            return next(iter(found))
        except StopIteration:
            raise Refused(404, "Not Found") from None

    def visible(self):
        forge = self.server
        with forge.lock:
            is_late = forge.late > 0 and any(one["draft"] for one in forge.releases)
            forge.late -= is_late
        return [one for one in forge.releases if not (is_late and one["draft"])]

    def listed(self, items):
        size = int(self.query.get("per_page", "30"))
        page = int(self.query.get("page", "1"))
        more = [("Link", f'<{self.api}/x?page={page + 1}>; rel="next"')] if len(items) > size * page else []
        return 200, items[size * (page - 1):size * page], more

    def show(self, release):
        place = f"{self.api}/repos/{self.server.repo}/releases/{release['id']}"
        return {**release, "url": place, "assets": [self.show_asset(one) for one in release["assets"]],
                "html_url": f"{self.web}/{self.server.repo}/releases/tag/{release['tag_name']}",
                "assets_url": place + "/assets", "author": {"login": "ann"}, "created_at": "2026-11-22T00:00:00Z",
                "published_at": None if release["draft"] else "2026-11-22T00:00:00Z",
                "upload_url": place.replace(self.api, self.uploads) + "/assets{?name,label}"}

    def show_asset(self, asset):
        shown = {key: value for key, value in asset.items() if key != "content"}
        shown["size"] = len(asset["content"]) if asset["state"] == "uploaded" else 0
        shown["url"] = f"{self.api}/repos/{self.server.repo}/releases/assets/{asset['id']}"
        is_told = self.server.tells_digest and asset["state"] == "uploaded"
        shown["digest"] = "sha256:" + hashlib.sha256(asset["content"]).hexdigest() if is_told else None
        return shown

    def create(self):
        forge, wish = self.server, json.loads(self.body)
        with forge.lock:
            if any(not one["draft"] for one in forge.release(wish["tag_name"])):
                raise Refused(422, "Validation Failed", {"resource": "Release", "code": "already_exists",
                                                         "field": "tag_name"})
            made = forge.add_release(wish["tag_name"], wish.get("draft", False), name=wish.get("name"),
                                     body=wish.get("body"), prerelease=wish.get("prerelease", False))
        return self.ok(self.show(made), 201)

    def change(self, release):
        forge = self.server
        if self.command == "DELETE":
            forge.releases.remove(release)
            return 204, None, []
        if self.command == "PATCH":
            wish = json.loads(self.body)
            if forge.is_immutable and not release["draft"] and wish.get("draft"):
                raise Refused(422, "Cannot modify an immutable release")
            taken = [one for one in forge.release(release["tag_name"]) if not one["draft"] and one is not release]
            if taken and wish.get("draft") is False:
                raise Refused(422, "Validation Failed", {"resource": "Release", "code": "already_exists",
                                                         "field": "tag_name"})
            release.update(wish)
            if not release["draft"]:
                forge.tags.add(release["tag_name"])
        return self.ok(self.show(release))

    def asset(self, number):
        forge = self.server
        release = self.one(one for one in forge.releases if any(it["id"] == number for it in one["assets"]))
        asset = next(one for one in release["assets"] if one["id"] == number)
        if self.command == "DELETE":
            if forge.is_immutable and not release["draft"]:
                raise Refused(422, "Cannot delete asset from an immutable release")
            release["assets"].remove(asset)
            return 204, None, []
        if self.headers["Accept"] != "application/octet-stream":
            return self.ok(self.show_asset(asset))
        return 302, None, [("Location", f"http://127.0.0.1:{forge.objects.server_port}/objects/{number}")]

    def upload(self, path, state="uploaded"):
        forge = self.server
        number = int(path.split("/")[-2])
        release = self.one(one for one in forge.releases if one["id"] == number)
        if not self.body:
            raise Refused(400, "Bad Content-Length: 0")
        name = OTHER.sub(".", self.query["name"])
        with forge.lock:
            if any(one["name"] == name for one in release["assets"]):
                raise Refused(422, "Validation Failed", {"resource": "ReleaseAsset", "code": "already_exists",
                                                         "field": "name"})
            if forge.is_immutable and not release["draft"]:
                raise Refused(422, "Cannot upload assets to an immutable release.")
            made = forge.add_asset(release, name, self.body, state)
        return self.ok(self.show_asset(made), 201)

    def graphql(self):
        """The questions of devgraph and gh; GraphQL finds a draft by its tag."""
        asked = json.loads(self.body)
        query, values = asked["query"], asked["variables"]
        owner, _, name = self.server.repo.partition("/")
        found = {"id": "R_1", "name": name, "owner": {"login": owner}, "viewerPermission": "WRITE"}
        if (values["owner"], values["name"]) != (owner, name):
            return self.ok({"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": "no such thing"}]})
        if "release(" in query:
            tag = values.get("tag", values.get("tagName"))
            drafts = [one for one in self.visible() if one["tag_name"] == tag]
            found["release"] = {"databaseId": drafts[0]["id"], "isDraft": drafts[0]["draft"]} if drafts else None
        elif "releases(" in query:
            found["releases"] = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": [
                {"name": one["name"], "tagName": one["tag_name"], "isDraft": one["draft"], "isLatest": False,
                 "isPrerelease": one["prerelease"], "createdAt": "2026-11-22T00:00:00Z",
                 "publishedAt": "2026-11-22T00:00:00Z"} for one in reversed(self.server.releases)]}
        elif "ref(" in query:
            is_there = values["tagName"].removeprefix("refs/tags/") in self.server.tags
            found["ref"] = {"id": "REF_1"} if is_there else None
        return self.ok({"data": {"repository": {key: value for key, value in found.items()
                                                if key in ("release", "releases", "ref")} or found}})


def refused_headers(refused, api):
    return [("Location", api + "/repositories/1")] if refused.status == 301 else []


if __name__ == "__main__":
    Forge(int(sys.argv[1])).start()
    threading.Event().wait()
