"""What the tests of releases share: a workspace with an effect of each kind, and targets of their own. A real
registry, git and folders are the targets; the registry's access log is the witness."""

import os

import harness
import services

MANIFEST = """devgraph 1
param registry: string
param shelf: string
write page { text = read(./page.txt), to = "page.txt" }
image app { files = { "/page.txt" = page } }
test smoke {
  $ grep -q page {page}
}
push images { image = app, to = registry, tags = ["1.4.0", "latest"], after = smoke }
git_tag cut { tag = "v1.4.0", branch = "branch-1.4.0" }
copy_to shelf-copy { files = page, to = shelf }
exec notice {
  deps = [page]
  env  = { SHELF = shelf, TOKEN = secret("TOKEN") }
  probe =
    $ test -e "$SHELF/notice"
  apply =
    $ echo "token $TOKEN"
    $ mkdir -p "$SHELF"
    $ echo done >> "$SHELF/notice"
  revert =
    $ rm "$SHELF/notice"
}
let release = [images, cut, shelf-copy, notice]
"""
CANARY = "canary-7f3a!9"


class Case(harness.Case):
    manifest = MANIFEST

    def setUp(self):
        super().setUp()
        self.registry = services.Registry(os.path.join(self.folder, "registry")).start()
        self.addCleanup(self.registry.stop)
        self.ws = self.workspace({"build.devgraph": self.manifest, "page.txt": "a page\n",
                                  ".gitignore": ".devgraph\nout\n"})
        self.shelf = os.path.join(self.folder, "shelf")
        self.origin = os.path.join(self.folder, "origin.git")
        self.ws.shell(f"git init -q --bare {self.origin} && git init -q -b main . && "
                      f"git config user.name t && git config user.email t@example.org && "
                      f"git remote add origin {self.origin} && git add -A && git commit -qm one")

    def arguments(self, *more):
        return ("release", *more, "-D", f"registry={self.registry.host}/acme/app",
                "-D", f"shelf={self.shelf}")

    def start(self, *more):
        return self.ws.start(*self.arguments(*more), env={"TOKEN": CANARY})

    def release(self, *more, code=0):
        arguments = self.arguments(*more)
        return self.expect(self.ws.finish(self.start(*more), arguments), code)

    def commit(self, message="next"):
        self.ws.shell(f"git add -A && git commit -qm {message}")

    def manifest_puts(self, done_only=False):
        return [line for line in self.registry.writes(done_only)
                if line.startswith("PUT") and "/manifests/" in line]

    def tag(self, name):
        """The digest behind a tag, as a stranger sees it."""
        return self.ws.shell(f"skopeo inspect --tls-verify=false --format '{{{{.Digest}}}}' "
                             f"docker://{self.registry.host}/acme/app:{name}").strip()

    def targets(self):
        """All that a release leaves behind."""
        notice = os.path.join(self.shelf, "notice")
        return {"1.4.0": self.tag("1.4.0"), "latest": self.tag("latest"),
                "git": self.ws.shell(f"git ls-remote {self.origin} | cut -f2 | sort"),  # No lease, too.
                "branch": self.ws.shell(f"git --git-dir {self.origin} rev-parse branch-1.4.0 v1.4.0^{{}}"),
                "page": open(os.path.join(self.shelf, "page.txt"), encoding="utf-8").read(),
                "notice": open(notice, encoding="utf-8").read()}
