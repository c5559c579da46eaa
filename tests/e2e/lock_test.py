#!/usr/bin/python3
"""The lock file: names outside, portable keys, and both in a clone that has no state."""

import hashlib
import http.server
import os
import pathlib
import shutil
import threading

import harness
import services

HEAD = """devgraph lock 1
# Written by devgraph, to be committed; `devgraph update` moves entries. For git to merge it:
# git config merge.devgraph.driver "devgraph lock merge %O %A %B"
# echo "devgraph.lock merge=devgraph" >> .gitattributes
"""


class Server:
    """Files over HTTP, and what was asked for."""

    def __init__(self, files):
        self.files = files
        self.asked = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                owner.asked.append(self.path)
                data = owner.files.get(self.path)
                self.send_response(404 if data is None else 200)
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                self.wfile.write(data or b"")

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Case(harness.Case):
    def serve(self, files):
        server = Server(files)
        self.addCleanup(server.stop)
        return server

    def clone(self, ws, name="clone"):
        """What somebody else gets: the files that git has, with times of their own."""
        ws.shell("printf '.devgraph/\nout/\n' > .gitignore; git init -q . 2>/dev/null; git add -A;"
                 " git -c user.name=t -c user.email=t@e.org commit -qm x --allow-empty")
        target = os.path.join(self.folder, name)
        ws.shell(f"git clone -q . '{target}'")
        return self.workspace({}, name)

    def lock_lines(self, ws, kind=""):
        lines = ws.read("devgraph.lock").splitlines()[4:]
        return [line for line in lines if line.startswith(kind)]

    def unchanged(self, ws, run):
        """That a call changes nothing in a workspace."""
        def picture():
            found = {}
            for folder, _, names in os.walk(ws.root):
                if ".git" in pathlib.Path(folder).parts:
                    continue
                for name in names:
                    path = os.path.join(folder, name)
                    with open(path, "rb") as file:
                        found[path] = file.read()
            return found
        before = picture()
        result = run()
        self.assertEqual(picture(), before)
        return result


class Names(Case):
    """What comes from outside."""

    def fetching(self, server, more=""):
        return self.workspace({"build.devgraph": "devgraph 1\n"
                               f'fetch data {{ url = "{server.url}/a.bin" }}\n{more}'})

    def test_a_file_is_locked_when_it_is_first_met(self):
        server = self.serve({"/a.bin": b"one"})
        ws = self.fetching(server)
        run = self.build(ws, run=1)
        sha = hashlib.sha256(b"one").hexdigest()
        self.assertEqual(ws.read("devgraph.lock"), HEAD + f"file {server.url}/a.bin sha256:{sha}\n")
        self.assertIn(f"locked file {server.url}/a.bin: sha256:{sha}\n", run.err)
        # It came for its hash, and did not come again for the node.
        self.assertEqual(server.asked, ["/a.bin"])
        self.assertEqual(ws.read("out/data/a.bin"), "one")
        self.build(ws, fresh=1, run=0)
        # What is there now does not matter.
        server.files["/a.bin"] = b"two"
        ws.shell("rm -rf out .devgraph")
        run = self.build(ws, code=1, failed=1)
        self.assertIn("its SHA-256 is", run.err)
        self.assertIn("; `devgraph update //:data` moves devgraph.lock to what is there now", run.err)
        self.expect(ws.devgraph("update"), 0)
        self.build(ws, run=1)
        self.assertEqual(ws.read("out/data/a.bin"), "two")

    def test_the_key_is_that_of_what_a_name_stands_for(self):
        server = self.serve({"/a.bin": b"one"})
        ws = self.fetching(server)
        self.build(ws, run=1)
        sha = hashlib.sha256(b"one").hexdigest()
        ws.edit("build.devgraph", '/a.bin" }', f'/a.bin", sha256 = "{sha}" }}')
        self.build(ws, run=0, fresh=1)

    def test_locked_and_check_write_nothing_and_say_what_to_type(self):
        server = self.serve({"/a.bin": b"one"})
        ws = self.fetching(server)
        text = (f"error[E917]: the file `{server.url}/a.bin` is not in devgraph.lock\n"
                "   = `//:data` asks for it, declared at build.devgraph:2\n"
                "   = `devgraph lock //:data` writes what it stands for now\n")
        for words in (("check",), ("build", "-n", "--locked")):
            run = self.unchanged(ws, lambda: self.expect(ws.devgraph(*words), 2))
            self.assertEqual(run.err, text)
        self.assertEqual(self.expect(ws.devgraph("build", "--locked"), 2).err, text)
        self.assertFalse(ws.exists("devgraph.lock"))
        self.assertEqual(server.asked, [])
        run = self.unchanged(ws, lambda: self.expect(ws.devgraph("build", "-n"), 0))
        self.assertIn(f"would be locked first: file {server.url}/a.bin\n", run.err)
        # What asks nobody needs no lock: listing, graph.
        self.expect(ws.devgraph("list"), 0)
        self.expect(ws.devgraph("graph"), 0)
        self.assertEqual(server.asked, [])
        # The command that is named cures it, though the node is not built yet.
        run = self.expect(ws.devgraph("lock", "//:data"), 3)
        self.assertEqual(run.out, "//:data  never built\n")
        self.build(ws, "--locked", run=1)
        self.assertEqual(server.asked, ["/a.bin"])

    def test_with_a_whole_lock_file_nobody_is_asked(self):
        server = self.serve({"/a.bin": b"one"})
        ws = self.fetching(server)
        self.build(ws, run=1)
        server.stop()
        self.build(ws, fresh=1)
        self.build(ws, "--locked", fresh=1)
        ws.shell("rm -rf out")
        self.build(ws, "--locked", fresh=1)
        run = self.expect(ws.devgraph("update"), 1)
        self.assertIn(f"error[E918]: cannot find out what the file `{server.url}/a.bin` is: cannot "
                      "fetch", run.err)
        self.assertIn("0 moved, 0 new, 0 dropped, 0 as before, 1 unknown\n", run.err)
        self.assertEqual(len(self.lock_lines(ws)), 1)

    def test_update_moves_shows_and_drops(self):
        server = self.serve({"/a.bin": b"one", "/b.bin": b"b"})
        ws = self.fetching(server, f'fetch other {{ url = "{server.url}/b.bin" }}\n')
        self.build(ws, run=2)
        server.files = {"/a.bin": b"two", "/b.bin": b"bb"}
        def short(data):
            return hashlib.sha256(data).hexdigest()[:12]
        moves = [f"file {server.url}/a.bin  {short(b'one')} -> {short(b'two')}\n",
                 f"file {server.url}/b.bin  {short(b'b')} -> {short(b'bb')}\n"]
        run = self.unchanged(ws, lambda: self.expect(ws.devgraph("update", "-n"), 0))
        self.assertEqual(run.out, "".join(moves))
        self.assertEqual(run.err, "2 would move, 0 new, 0 dropped, 0 as before\n")
        run = self.expect(ws.devgraph("update", "other"), 0)
        self.assertEqual(run.out, moves[1])
        self.build(ws, run=1, fresh=1)
        self.assertEqual(ws.read("out/data/a.bin"), "one")
        self.assertEqual(ws.read("out/other/b.bin"), "bb")
        ws.write("build.devgraph", f'devgraph 1\nfetch data {{ url = "{server.url}/a.bin" }}\n')
        run = self.expect(ws.devgraph("update"), 0)
        self.assertEqual(run.out, moves[0] +
                         f"file {server.url}/b.bin  dropped, nothing asks for it\n")
        self.assertEqual(len(self.lock_lines(ws, "file")), 1)

    def test_a_login_in_a_url_is_in_no_lock_file(self):
        server = self.serve({"/a.bin": b"one"})
        url = server.url.replace("http://", "http://me:canary@")
        ws = self.workspace({"build.devgraph": f'devgraph 1\nfetch data {{ url = "{url}/a.bin" }}\n'})
        self.build(ws, run=1)
        self.assertNotIn("canary", ws.read("devgraph.lock"))
        self.build(ws, fresh=1)

    def test_branches_tags_and_short_commits(self):
        repo = self.workspace({"a.txt": "one\n"}, "repo")
        repo.shell("git init -q -b main . && git add -A && git commit -qm 1 && git tag -am v v1.0 && "
                   "git branch deep/main")
        first = repo.shell("git rev-parse HEAD").strip()
        repo.write("a.txt", "two\n")
        repo.shell("git commit -qam 2 && git checkout -q deep/main && git commit -qm 3 --allow-empty &&"
                   " git checkout -q main")
        second = repo.shell("git rev-parse main").strip()
        url = os.fsdecode(repo.root)
        ws = self.workspace({"build.devgraph": f"""devgraph 1
git_clone head   {{ url = "{url}" }}
git_clone branch {{ url = "{url}", rev = "main" }}
git_clone tag    {{ url = "{url}", rev = "v1.0" }}
git_clone short  {{ url = "{url}", rev = "{first[:9]}" }}
git_clone full   {{ url = "{url}", rev = "{first}" }}
"""})
        self.build(ws, run=5)
        self.assertEqual(self.lock_lines(ws, "git"),
                         [f"git {url} {rev} {commit}" for rev, commit in
                          sorted([("HEAD", second), ("main", second), ("v1.0", first),
                                  (first[:9], first)])])
        self.assertEqual(ws.read("out/branch/branch/a.txt"), "two\n")
        self.assertEqual(ws.read("out/short/short/a.txt"), "one\n")
        repo.write("a.txt", "three\n")
        repo.shell("git commit -qam 4")
        self.build(ws, fresh=5)
        third = repo.shell("git rev-parse main").strip()
        run = self.expect(ws.devgraph("update"), 0)
        self.assertEqual(run.out, f"git {url} HEAD  {second[:12]} -> {third[:12]}\n"
                                  f"git {url} main  {second[:12]} -> {third[:12]}\n")
        self.build(ws, run=2, fresh=3)
        ws.edit("build.devgraph", '"v1.0"', '"v2.0"')
        run = self.expect(ws.devgraph("build"), 2)
        self.assertEqual(run.err, f"error[E918]: cannot find out what `v2.0` of the repository `{url}` "
                         "is: the repository has no tag, branch or commit `v2.0`\n"
                         "   = `//:tag` asks for it, declared at build.devgraph:4\n")

    def test_why_git_gave_up_is_said(self):
        gone = os.path.join(self.folder, "gone")
        ws = self.workspace({"build.devgraph": f'devgraph 1\ngit_clone x {{ url = "{gone}" }}\n'})
        run = self.expect(ws.devgraph("build"), 2)
        self.assertIn(f"fatal: '{gone}' does not appear to be a git repository\n", run.err)

    def test_only_what_is_built_is_asked_for(self):
        server = self.serve({"/a.bin": b"one"})
        ws = self.fetching(server, f'fetch gone {{ url = "{server.url}/gone" }}\n')
        self.build(ws, "data", run=1)
        self.assertEqual(server.asked, ["/a.bin"])
        run = self.expect(ws.devgraph("build"), 2)
        self.assertIn("the server answers 404", run.err)

    def test_two_builds_at_once_lose_no_entry(self):
        server = self.serve({f"/{n}": str(n).encode() for n in range(8)})
        ws = self.workspace({"build.devgraph": "devgraph 1\n" + "".join(
            f'fetch f{n} {{ url = "{server.url}/{n}" }}\n' for n in range(8))})
        running = [ws.start("build", f"f{n}") for n in range(8)]
        for process in running:
            self.expect(ws.finish(process), 0)
        self.assertEqual(len(self.lock_lines(ws, "file")), 8)

    def test_a_lock_file_that_cannot_be_used(self):
        server = self.serve({"/a.bin": b"one"})
        ws = self.fetching(server)
        ws.write("devgraph.lock", "devgraph lock 1\nfile http://x sha256:12\n")
        text = """error[E423]: the lock file cannot be used: this is no line of a lock file
  --> devgraph.lock:2:1
 2 | file http://x sha256:12
   | ^^^^^^^^^^^^^^^^^^^^^^^
   = delete it; `devgraph lock` writes anew what is missing
"""
        for words in (("build",), ("update",), ("lock",), ("check",)):
            self.assertEqual(self.expect(ws.devgraph(*words), 2).err, text)
        self.assertEqual(server.asked, [])
        ws.write("devgraph.lock", "devgraph lock 9\n")
        self.assertIn("a newer devgraph wrote it: use that one",
                      self.expect(ws.devgraph("build"), 2).err)

    def test_an_interrupt_while_somebody_is_asked(self):
        server = self.serve({})
        blocked = threading.Event()
        started = threading.Event()

        def answer(*arguments):
            started.set()
            blocked.wait(30)
        server.server.RequestHandlerClass.do_GET = answer
        ws = self.fetching(server)
        process = ws.start("build")
        self.assertTrue(started.wait(20))
        process.terminate()
        self.expect(ws.finish(process, ("build",), timeout=10), 143)
        blocked.set()
        self.assertFalse(ws.exists("devgraph.lock"))

    def test_what_takes_long_is_said(self):
        server = self.serve({"/a.bin": b"one"})
        blocked = threading.Event()
        quick = server.server.RequestHandlerClass.do_GET

        def answer(handler):
            blocked.wait(30)
            quick(handler)
        server.server.RequestHandlerClass.do_GET = answer
        ws = self.fetching(server)
        process = ws.start("build")
        said = process.stderr.readline()
        blocked.set()
        run = ws.finish(process)
        self.expect(run, 0)
        self.assertEqual(said.decode(), f"downloading the file `{server.url}/a.bin`\n")


class Images(Case):
    def setUp(self):
        super().setUp()
        self.registry = services.Registry(os.path.join(self.folder, "registry")).start()
        self.addCleanup(self.registry.stop)
        self.makers = 0

    def push(self, tag, text):
        """Puts an image with one file under a tag; its digest."""
        self.makers += 1
        maker = self.workspace({"build.devgraph": """devgraph 1
image base {
  files    = { "/bin/busybox" = ./busybox, "/bin/sh" = ./busybox, "/note" = ./note }
  config   = { env = { PATH = "/bin" } }
  compress = "gzip"
}
""", "note": text}, f"maker{self.makers}")
        shutil.copy("/bin/busybox", maker.path("busybox"))
        self.build(maker)
        maker.shell(f"skopeo copy -q --preserve-digests --dest-tls-verify=false "
                    f"oci:out/base/base:latest docker://{self.registry.host}/team/base:{tag}")
        return maker.read("out/base/base.digest").strip()

    def dockerfile(self, env=None):
        ws = self.workspace({"build.devgraph": "devgraph 1\n"
                             "dockerfile app { context = ./app/**, compress = \"gzip\" }\n",
                             "app/Dockerfile": f"FROM {self.registry.host}/team/base:1 AS below\n"
                             f"FROM {self.registry.host}/team/base:1\n"
                             "COPY --from=below /note /copied\nRUN busybox cat /note > /made\n"})
        settings = os.path.join(self.folder, "registries.conf")
        with open(settings, "w", encoding="utf-8") as file:
            file.write(f'[[registry]]\nlocation = "{self.registry.host}"\ninsecure = true\n')
        self.env = {"CONTAINERS_REGISTRIES_CONF": settings}
        return ws

    def made(self, ws):
        ws.shell("rm -rf bundle; umoci unpack --rootless --image "
                 "$(\"$DEVGRAPH\" out app | head -1):latest bundle")
        text = ws.read("bundle/rootfs/made")
        ws.remove("bundle")
        return text

    def test_from_a_tag(self):
        old = self.push("1", "old")
        ws = self.dockerfile()
        host = self.registry.host
        run = self.expect(ws.devgraph("build", "--locked", env=self.env), 2)
        self.assertEqual(run.err, f"error[E917]: the image `{host}/team/base:1` is not in devgraph.lock\n"
                         "   = `//:app` asks for it, declared at build.devgraph:2\n"
                         "   = `devgraph lock //:app` writes what it stands for now\n")
        self.expect(ws.devgraph("build", env=self.env, timeout=120), 0)
        self.assertEqual(self.lock_lines(ws), [f"image {host}/team/base:1 {host}/team/base@{old}"])
        self.assertEqual(self.made(ws), "old")
        # The tag moves; nothing is stale before somebody moves the entry.
        new = self.push("1", "new")
        self.assertNotEqual(old, new)
        self.build(ws, fresh=1, run=0)
        self.expect(ws.devgraph("check"), 0)
        run = self.expect(ws.devgraph("update", "-n"), 0)
        self.assertEqual(run.out, f"image {host}/team/base:1  {old[7:19]} -> {new[7:19]}\n")
        self.expect(ws.devgraph("update"), 0)
        run = self.expect(ws.devgraph("check"), 3)
        self.expect(ws.devgraph("build", env=self.env, timeout=120), 0)
        self.assertEqual(self.made(ws), "new")

    def test_a_name_that_is_not_there(self):
        ws = self.dockerfile()
        run = self.expect(ws.devgraph("build", env=self.env), 2)
        self.assertIn(f"cannot find out what the image `{self.registry.host}/team/base:1` is: "
                      f"{self.registry.host} has no image team/base:1\n", run.err)
        self.assertFalse(ws.exists("devgraph.lock"))


MANIFEST = """devgraph 1
let words  = ./words.txt
let more   = ./more/**
let extra  = maybe(./extra/*)
let lonely = ./lonely.txt
let copied = upper.data / "x"
run sorted {
  out = "sorted.txt"
  env = { MODE = "plain" }
  $ sort {words} {more} {extra} > {out}
}
run upper {
  out = { text = "upper.txt", data = "data/" }
  $ tr a-z A-Z < {sorted} > {out.text}
  $ cp {sorted} {out.data}/x
}
run part {
  out   = "part.txt"
  tools = ["awk", ./tool.sh]
  $ cat {copied} {upper.text} > {out}
}
run alone {
  out = "alone.txt"
  $ cat {lonely} > {out}
}
"""


class Portable(Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "words.txt": "pear\nfig\n",
                                  "more/a": "a\n", "more/b": "b\n", "lonely.txt": "me\n"})
        self.ws.write("tool.sh", "#!/bin/sh\n", 0o755)
        self.build(self.ws, run=4)
        run = self.expect(self.ws.devgraph("lock"), 0)
        self.assertEqual((run.out, run.err),
                         ("", "devgraph.lock: 0 names outside, 4 nodes; 0 not fresh\n"))
        self.copy = self.clone(self.ws)

    def check(self, ws, *lines, words=()):
        run = self.unchanged(ws, lambda: ws.devgraph("check", *words))
        self.expect(run, 3 if lines else 0)
        self.assertEqual(run.out, "".join(line + "\n" for line in lines))
        self.assertEqual(run.err, f"4 nodes: {len(lines)} stale, as devgraph.lock has it\n")
        self.assertFalse(ws.exists(".devgraph") and ws is self.copy)

    def test_a_clone_without_state_is_fresh(self):
        self.check(self.copy)
        # Nothing depends on where it lies, on times, or on whether the tree may be written to.
        moved = self.clone(self.ws, "some where else")
        moved.shell("find . -exec touch -d 2001-01-01 {} +; chmod -R a-w .")
        self.addCleanup(moved.shell, "chmod -R u+w .")
        self.check(moved)

    def test_each_stale_node_is_named_with_what_changed(self):
        upper = ("//:upper  //:sorted is stale", "//:part  //:upper is stale")
        ws = self.copy
        ws.write("words.txt", "plum\n")
        self.check(ws, "//:sorted  ./words.txt changed", *upper)
        ws.shell("git checkout -q .")
        ws.shell("touch words.txt more/a")
        self.check(ws)
        ws.write("more/c", "c\n")
        self.check(ws, "//:sorted  ./more/c is new", *upper)
        ws.remove("more/c")
        ws.remove("more/b")
        self.check(ws, "//:sorted  ./more/b is gone", *upper)
        ws.shell("git checkout -q . && chmod +x more/a")
        self.check(ws, "//:sorted  ./more/a changed", *upper)
        ws.shell("git checkout -q . && mkdir extra && echo x > extra/x")
        self.check(ws, "//:sorted  ./extra/x is new", *upper)
        ws.shell("rm -r extra; mv more/b more/z")
        self.check(ws, "//:sorted  ./more/z is new", *upper)
        ws.shell("rm more/z; git checkout -q .")
        ws.edit("build.devgraph", "plain", "other")
        self.check(ws, "//:sorted  script, values or environment changed", *upper)
        ws.shell("git checkout -q .")
        ws.edit("build.devgraph", "cat {lonely}", "cat {lonely} {sorted}")
        self.check(ws, "//:alone  //:sorted is new")
        ws.shell("git checkout -q .")
        ws.write("tool.sh", "#!/bin/sh\necho\n", 0o755)
        self.check(ws, "//:part  ./tool.sh changed")
        ws.shell("git checkout -q .")
        ws.edit("build.devgraph", "devgraph 1\n", "devgraph 1\n# A comment.\n\n")
        self.check(ws)
        ws.edit("build.devgraph", "run alone", "run other")
        self.check(ws, "//:other  not in devgraph.lock")

    def test_the_keys_are_the_same_wherever_they_are_made(self):
        before = self.ws.read("devgraph.lock")
        self.build(self.copy, run=4)
        self.expect(self.copy.devgraph("lock"), 0)
        self.assertEqual(self.copy.read("devgraph.lock"), before)

    def test_what_is_built_here_decides_unless_the_lock_is_asked_for(self):
        self.copy.write("lonely.txt", "changed\n")
        self.build(self.copy, run=4)
        self.expect(self.copy.devgraph("check"), 0)
        run = self.expect(self.copy.devgraph("check", "--lock"), 3)
        self.assertEqual(run.out, "//:alone  ./lonely.txt changed\n")
        self.expect(self.copy.devgraph("lock"), 0)
        self.expect(self.copy.devgraph("check", "--lock"), 0)

    def test_lock_keeps_what_it_cannot_say_anew(self):
        before = self.ws.read("devgraph.lock")
        self.ws.write("words.txt", "plum\n")
        run = self.expect(self.ws.devgraph("lock"), 3)
        self.assertEqual(run.out.splitlines()[0], "//:sorted  ./words.txt changed")
        self.assertEqual(self.ws.read("devgraph.lock"), before)
        self.build(self.ws, "sorted", run=1)
        run = self.expect(self.ws.devgraph("lock", "sorted"), 0)
        after = self.lock_lines(self.ws, "node")
        self.assertEqual([line for line in after if line not in before.splitlines()],
                         [line for line in after if line.startswith("node //:sorted ")])
        self.build(self.ws, run=2)
        self.ws.edit("build.devgraph", "run alone", "run other")
        self.expect(self.ws.devgraph("lock", "sorted"), 0)
        self.assertNotIn("//:alone", self.ws.read("devgraph.lock"))

    def test_a_name_outside_that_moved_is_named(self):
        server = self.serve({"/a.bin": b"one"})
        url = f"{server.url}/a.bin"
        ws = self.workspace({"build.devgraph": f'devgraph 1\nfetch data {{ url = "{url}" }}\n'}, "moved")
        self.build(ws, run=1)
        self.expect(ws.devgraph("lock"), 0)
        server.files["/a.bin"] = b"two"
        self.expect(ws.devgraph("update"), 0)
        copy = self.clone(ws, "moved2")
        self.assertEqual(self.expect(copy.devgraph("check"), 3).out,
                         f"//:data  file {url} is not what it was built with\n")
        copy.edit("devgraph.lock", " ~", " ~zz")
        self.assertIn("error[E423]", self.expect(copy.devgraph("check"), 2).err)

    def test_other_forms_of_check(self):
        self.copy.write("lonely.txt", "changed\n")
        run = self.expect(self.copy.devgraph("check", "--format", "github"), 3)
        self.assertIn("./lonely.txt changed", run.out)
        run = self.expect(self.copy.devgraph("check", "sorted"), 0)
        self.expect(self.copy.devgraph("check", "--paranoid"), 3)

    def test_a_read_only_workspace_cannot_be_locked(self):
        if os.geteuid() == 0:
            self.ws.shell("rm -f devgraph.lock && mkdir devgraph.lock")
            self.expect(self.ws.devgraph("lock"), 2)
            return
        self.ws.write("lonely.txt", "changed\n")
        self.build(self.ws, run=1)
        self.ws.shell("chmod a-w .")
        self.addCleanup(self.ws.shell, "chmod u+w .")
        self.assertIn("error[E912]", self.expect(self.ws.devgraph("lock"), 2).err)

    def test_inputs_that_a_command_told_of(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
let a = ./a.c
run made {
  out = "made.h"
  $ echo 1 > {out}
}
run obj {
  out     = "a.o"
  deps    = [made]
  depfile = "a.d"
  cwd     = "project"
  sandbox = false
  $ cat {a} inc/x.h > {out}
  $ echo "a.o: a.c inc/x.h /etc/hostname {made}" > a.d
}
""", "a.c": "c\n", "inc/x.h": "x\n"}, "found")
        self.build(ws, run=2)
        self.expect(ws.devgraph("lock"), 0)
        line = self.lock_lines(ws, "node //:obj")[0]
        self.assertIn(" +inc/x.h", line)
        self.assertNotIn("hostname", line)
        copy = self.clone(ws, "found2")
        self.expect(copy.devgraph("check"), 0)
        copy.write("inc/x.h", "y\n")
        self.assertEqual(self.expect(copy.devgraph("check"), 3).out, "//:obj  ./inc/x.h changed\n")
        copy.remove("inc/x.h")
        self.assertEqual(self.expect(copy.devgraph("check"), 3).out, "//:obj  ./inc/x.h is gone\n")

    def test_outputs_among_the_sources(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
seed settings { into = ./.env, text = "A=1\\n" }
let a   = ./a.txt
let env = ./.env
run gen {
  out = ./gen.txt
  $ cat {a} > {out}
}
run both {
  out = "both.txt"
  $ cat {gen} {env} > {out}
}
""", "a.txt": "a\n"}, "tree")
        self.build(ws)
        self.expect(ws.devgraph("lock"), 0)
        copy = self.clone(ws, "tree2")
        self.assertTrue(copy.exists("gen.txt"))
        self.expect(copy.devgraph("check"), 0)
        copy.write("gen.txt", "by hand\n")
        self.assertEqual(self.expect(copy.devgraph("check"), 3).out,
                         "//:gen  output gen.txt was altered\n//:both  //:gen is stale\n")


class Merge(Case):
    def repository(self):
        server = self.serve({f"/{name}": name.encode() for name in "abcd"})
        ws = self.workspace({"build.devgraph": "devgraph 1\n" + "".join(
            f'fetch {name} {{ url = "{server.url}/{name}" }}\n' for name in "ab"),
            ".gitattributes": "devgraph.lock merge=devgraph\n", ".gitignore": ".devgraph/\nout/\n"})
        self.build(ws)
        self.expect(ws.devgraph("lock"), 0)
        ws.shell("git init -q -b main . && git config merge.devgraph.driver "
                 "\"$DEVGRAPH lock merge %O %A %B\" && git add -A && git commit -qm base && "
                 "git branch side")
        return ws, server

    def change(self, ws, server, old, new):
        ws.edit("build.devgraph", f'{server.url}/{old}"', f'{server.url}/{new}"')
        self.build(ws)
        self.expect(ws.devgraph("lock"), 0)
        ws.shell("git commit -qam x")

    def test_both_sides_come_together(self):
        ws, server = self.repository()
        self.change(ws, server, "a", "c")
        ws.shell("git checkout -q side")
        self.change(ws, server, "b", "d")
        # The manifest has both lines beside each other; git is told to take them as they are.
        ws.shell("git checkout -q main && git merge -q -X ours side || true")
        lines = self.lock_lines(ws, "file")
        self.assertEqual([line.split()[1][-2:] for line in lines], ["/c", "/d"])

    def test_a_name_that_both_moved_is_a_conflict(self):
        ws, server = self.repository()
        server.files["/a"] = b"ours"
        self.expect(ws.devgraph("update"), 0)
        ws.shell("git commit -qam ours; git checkout -q side")
        server.files["/a"] = b"theirs"
        self.expect(ws.devgraph("update"), 0)
        ws.shell("git commit -qam theirs; git checkout -q main")
        said = ws.shell("git merge side", check=False)
        self.assertIn("CONFLICT", said)
        def short(data):
            return hashlib.sha256(data).hexdigest()[:12]
        self.assertIn(f"conflict: file {server.url}/a  ours {short(b'ours')}, "
                      f"theirs {short(b'theirs')}\n", said)
        text = ws.read("devgraph.lock")
        marks = [line[:7] for line in text.splitlines() if line[0] in "<=>"]
        self.assertEqual(marks, ["<<<<<<<", "=======", ">>>>>>>"])
        run = self.expect(ws.devgraph("build"), 2)
        self.assertIn("error[E423]: the lock file cannot be used: a merge has left a conflict here\n"
                      "  --> devgraph.lock:5:1\n", run.err)
        ws.shell("sed -i -e '/^<<<<<<</d' -e '/^=======/,/^>>>>>>>/d' devgraph.lock")
        self.expect(ws.devgraph("build", "-n"), 0)

    def test_a_node_that_both_built_is_in_no_merge(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
let a = ./a
let b = ./b
run one {
  out = "one"
  $ cat {a} > {out}
}
run two {
  out = "two"
  $ cat {one} {b} > {out}
}
""", "a": "a\n", "b": "b\n", ".gitattributes": "devgraph.lock merge=devgraph\n",
            ".gitignore": ".devgraph/\nout/\n"})
        def lock(message):
            self.build(ws)
            self.expect(ws.devgraph("lock"), 0)
            ws.shell(f"git add -A && git commit -qm {message}")
        ws.shell("git init -q -b main . && git config merge.devgraph.driver "
                 "\"$DEVGRAPH lock merge %O %A %B\"")
        lock("base")
        ws.shell("git checkout -q -b side")
        ws.write("b", "B\n")
        lock("theirs")
        ws.shell("git checkout -q main")
        ws.write("a", "A\n")
        lock("ours")
        said = ws.shell("git merge -q side 2>&1")
        self.assertIn("1 node that both sides built anew: build, then `devgraph lock`", said)
        copy = self.clone(ws)
        self.assertEqual(self.expect(copy.devgraph("check"), 3).out,
                         "//:two  not in devgraph.lock\n")
        self.build(ws)
        self.expect(ws.devgraph("lock"), 0)
        self.expect(self.clone(ws, "again").devgraph("check"), 0)

    def test_how_it_is_called(self):
        ws = self.workspace({"build.devgraph": "devgraph 1\n"})
        run = self.expect(ws.devgraph("lock", "merge"), 2)
        self.assertIn("`devgraph lock merge` needs BASE OURS THEIRS", run.err)
        run = self.expect(ws.devgraph("lock", "merge", "a", "b", "c"), 2)
        self.assertIn("error[E912]", run.err)
        ws.write("good", "devgraph lock 1\n")
        ws.write("bad", "hm\n")
        run = self.expect(ws.devgraph("lock", "merge", "good", "good", "bad"), 2)
        self.assertIn("  --> bad:1:1\n", run.err)
        self.assertEqual(ws.read("good"), "devgraph lock 1\n")


if __name__ == "__main__":
    harness.main()
