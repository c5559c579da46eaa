#!/usr/bin/python3
"""Commands within images: what they see, what they leave, and `devgraph run` and `shell`."""

import http.server
import io
import os
import signal
import subprocess
import tarfile
import threading

import harness

IMAGE = """devgraph 1
image root {
  files  = { "/bin/busybox" = ./busybox, "/etc/" = ./etc/** }
  config = { env = { PATH = "/bin", WHO = "image" } }
}
"""


class Within(harness.Case):
    def setUp(self):
        super().setUp()
        with open("/bin/busybox", "rb") as file:
            busybox = file.read()
        self.ws = self.workspace({"build.devgraph": IMAGE, "etc/motd": "welcome\n",
                                  "in.txt": "input\n", "undeclared.txt": "secret\n",
                                  "data/a": "1\n", "data/b": "2\n"})
        self.ws.write("busybox", busybox, 0o755)

    def tearDown(self):
        with open("/proc/mounts", encoding="utf-8") as file:
            self.assertEqual([line for line in file if os.fsdecode(self.folder) in line], [])
        super().tearDown()

    def node(self, text):
        self.ws.write("build.devgraph", IMAGE + text)

    def output(self, label="a"):
        return self.ws.read(self.expect(self.ws.devgraph("out", label), 0).out.splitlines()[0])

    def test_a_command_sees_the_image_and_its_inputs(self):
        self.node("""
run a {
  within = root
  out    = "a.txt"
  deps   = [./in.txt, ./data/]
  env    = { MODE = "fast" }
  $ echo $WHO $MODE $PATH $SOURCE_DATE_EPOCH > {out}
  $ busybox cat /etc/motd {deps[0]} >> {out}
  $ busybox ls "$(busybox dirname {deps[0]})" {deps[1]} | busybox tail -n +2 >> {out}
  $ busybox test ! -e /home && busybox id -u >> {out}
}
""")
        self.build(self.ws, run=2)
        text = self.output()
        self.assertTrue(text.startswith("image fast /bin 315532800\nwelcome\ninput\n"), text)
        self.assertNotIn("undeclared", text)
        self.assertIn("a\nb\n", text)
        self.assertTrue(text.endswith(f"{os.getuid()}\n"), text)
        self.build(self.ws, run=0)
        self.ws.write("etc/motd", "good day\n")
        self.build(self.ws, run=2)
        self.assertIn("good day", self.output())

    def test_what_tar_is_told_by_the_caller_does_not_count(self):
        run = self.ws.devgraph("run", "root", "--", "busybox", "cat", "/etc/motd", env={"TAR_OPTIONS": "--no-such"})
        self.assertEqual((run.code, run.out), (0, "welcome\n"), run.err)

    def test_what_it_may_not_do(self):
        for name, line in (("read a file that is not declared", "busybox cat undeclared"),
                           ("change an input", "echo x > {deps[0]}")):
            with self.subTest(name):
                line = line.replace("undeclared", self.ws_path("undeclared.txt"))
                self.node("\nrun a {\n  within = root\n  deps = ./in.txt\n  out = \"a\"\n"
                          "  $ " + line + "\n  $ echo done > {out}\n}\n")
                run = self.expect(self.ws.devgraph("build"), 1)
                self.assertIn("failed //:a", run.err)
        self.assertEqual(self.ws.read("in.txt"), "input\n")

    def test_the_network_is_there_only_if_asked_for(self):
        server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            for network, code in (("true", 0), ("false", 1)):
                self.node(f"""
run a {{
  within  = root
  out     = "a"
  network = {network}
  $ busybox wget -q -O {{out}} http://127.0.0.1:{server.server_port}/
}}
""")
                self.expect(self.ws.devgraph("build"), code)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def ws_path(self, name):
        return os.fsdecode(self.ws.path(name))

    def test_what_it_writes_into_the_image_is_gone(self):
        self.node("""
axis n = ["1", "2", "3", "4", "5", "6"]
run a[n] {
  within = root
  out    = "a.txt"
  $ busybox test ! -e /bin/mine
  $ echo {n} > /bin/mine
  $ busybox rm /etc/motd
  $ busybox cp /bin/mine {out}
}
""")
        self.build(self.ws, "-j6", run=7)
        self.assertEqual(self.output("a@n=4"), "4\n")
        self.ws.shell("rm -r out; rm -r .devgraph/record .devgraph/cas")
        self.build(self.ws, "-j6", run=7)

    def test_layers_take_files_away(self):
        self.node("""
dockerfile less { dockerfile = ./Dockerfile, from = root }
run a {
  within = less
  out    = "a.txt"
  $ busybox ls /etc /gone >> {out} 2>&1 || true
}
""")
        self.ws.write("Dockerfile", 'FROM base\nRUN ["/bin/busybox", "mkdir", "/gone"]\n'
                      'RUN ["/bin/busybox", "rm", "-r", "/gone", "/etc/motd"]\n'
                      'RUN ["/bin/busybox", "touch", "/etc/new"]\n')
        self.build(self.ws, run=3)
        text = self.output()
        self.assertIn("/gone: No such file or directory", text)
        self.assertIn("new", text)
        self.assertNotIn("motd", text)

    def test_a_layer_may_come_twice(self):
        self.node("""
tar one   { files = { "/etc/one" = ./in.txt } }
tar other { files = { "/etc/other" = ./in.txt } }
oci_image twice { from = root, layers = [one, other, one], config = {} }
run a {
  within = twice
  out    = "a.txt"
  $ /bin/busybox ls /etc > {out}
}
""")
        self.build(self.ws, run=5)
        self.assertEqual(self.output().split(), ["motd", "one", "other"])

    def test_folders_on_the_way_to_the_workspace_are_those_of_the_image(self):
        parts = os.fsdecode(self.folder).split("/")
        top = f"/{parts[1]}"
        self.node("""
axis kind = ["folder", "link"]
dockerfile made[kind] { dockerfile = ./Dockerfile, from = root, target = kind }
run a[kind] {
  within = made[kind]
  out    = "a.txt"
  deps   = ./in.txt
  $ busybox stat -c '%%a %%F' %s > {out}
  $ busybox cat {deps} >> {out}
}
""" % top)
        self.ws.write("Dockerfile", f"""FROM base AS folder
RUN ["/bin/busybox", "mkdir", "-m", "1770", "{top}"]
FROM base AS link
RUN ["/bin/busybox", "mkdir", "/elsewhere"]
RUN ["/bin/busybox", "ln", "-s", "elsewhere", "{top}"]
""")
        self.build(self.ws, run=5)
        self.assertEqual(self.output("a@kind=folder"), "1770 directory\ninput\n")
        self.assertEqual(self.output("a@kind=link"), "777 symbolic link\ninput\n")

    def test_what_it_mounts_leaves_nothing_on_the_disk(self):
        self.node("\nrun a {\n  within = root\n  deps = ./in.txt\n  $ echo x > /etc/mine\n  $ exit 3\n}\n")
        self.expect(self.ws.devgraph("build"), 1)
        upper = list(self.ws.root.glob(".devgraph/failed/**/image/upper"))
        self.assertEqual(len(upper), 1)
        self.assertEqual([str(path.relative_to(upper[0])) for path in upper[0].rglob("*")],
                         ["etc", "etc/mine"])

    def test_a_machine_without_namespaces_is_told_once(self):
        self.node("""
axis n = range(0, 9)
run a[n] {
  within = root
  $ true
}
""")
        said = self.ws.shell("strace -o /dev/null -f -e trace=unshare -e inject=unshare:error=EPERM "
                             '"$DEVGRAPH" build -k 2>&1', check=False)
        self.assertEqual(said.count("does not let us make namespaces"), 1, said)
        self.assertIn("--privileged", said)
        self.build(self.ws, run=9)

    def test_folders_copies_standard_input_and_no_shell(self):
        self.node("""
run tree {
  within = root
  out    = "tree/"
  deps   = [./in.txt, ./data/a]
  cwd    = "inputs"
  stdin  = ./in.txt
  $ busybox cat > {out}/stdin
  $ busybox cp in.txt data/a {out}/
}
run words {
  within = root
  out    = "words.txt"
  argv   = ["busybox", "sh", "-c", 'printf "%s|" "$@" > "$0"', out, "a b", "$(c)", "'", "-n"]
}
""")
        self.build(self.ws, run=3)
        self.assertEqual(sorted(os.listdir(self.ws_path("out/tree/tree"))), ["a", "in.txt", "stdin"])
        self.assertEqual(self.ws.read("out/tree/tree/stdin"), "input\n")
        self.assertEqual(self.output("words"), "a b|$(c)|'|-n|")

    def test_it_starts_as_outside(self):
        line = ("busybox sh -c 'ulimit -n; busybox grep -E \"SigIgn|SigBlk\" /proc/self/status; "
                "busybox pwd'")
        self.node(f"""
run a {{
  within = root
  out    = "a.txt"
  cwd    = "project"
  $ {line} > {{out}}
  $ busybox yes | busybox head -n1 >> {{out}}
}}
run b {{
  out   = "b.txt"
  tools = ["busybox"]
  cwd   = "project"
  $ {line} > {{out}}
  $ busybox yes | busybox head -n1 >> {{out}} || [ $? = 141 ]
}}
""".replace("head -n1 >> {out}\n}\nrun b", "head -n1 >> {out} || [ $? = 141 ]\n}\nrun b"))
        self.build(self.ws, "a", "b", run=3)
        self.assertEqual(self.output("a"), self.output("b"))
        self.assertEqual(self.output("a").splitlines()[3:], [self.ws_path("").rstrip("/"), "y"])

    def hostile(self, name, members, code=1):
        """A node within an image one of whose layers is this archive."""
        path = self.ws_path(f"{name}.tar")
        with tarfile.open(path, "w") as archive:
            for entry, content in members:
                info = tarfile.TarInfo(entry)
                info.mode = 0o755
                for field, value in (content if isinstance(content, dict) else {}).items():
                    setattr(info, field, value)
                data = content if isinstance(content, bytes) else b""
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        self.node(f"\noci_image {name} {{ from = root, layers = [./{name}.tar], config = {{}} }}\n"
                  f"run use-{name} {{\n  within = {name}\n  out = \"x\"\n"
                  "  $ busybox cat /disk > {out} || busybox echo refused > {out}\n}\n")
        return self.expect(self.ws.devgraph("build", f"use-{name}"), code)

    def test_hostile_layers(self):
        outside = os.path.join(self.folder, "outside")
        os.mkdir(outside)
        said = self.hostile("leading", [("../../../escape", b"x")])
        self.assertIn("tar cannot unpack it", said.err)
        # A link that leads out, then a file through it.
        link = {"type": tarfile.SYMTYPE, "linkname": outside}
        self.hostile("linked", [("way", link), ("way/evil", b"x")], 1)
        self.hostile("absolute", [("/absolute-name-of-a-test", b"x")], 0)
        self.assertFalse(os.path.exists("/absolute-name-of-a-test"))
        hard = {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}
        self.hostile("hard", [("passwd", hard)], 1)
        # The disk of this machine under a name of its own: root could read it.
        disk = {"type": tarfile.BLKTYPE, "devmajor": os.major(os.stat("/").st_dev),
                "devminor": os.minor(os.stat("/").st_dev)}
        self.hostile("device", [("disk", disk), ("dev/disk", disk)], 0)
        self.assertEqual(self.output("use-device"), "refused\n")
        self.assertEqual(os.listdir(outside), [])
        # More than 1 GiB of zeros in 100 KB.
        big = tarfile.TarInfo("big")
        big.size = 1100 << 20
        bomb = subprocess.run("{ cat; head -c 1100M /dev/zero; } | zstd -q -1 -c", shell=True, check=True,
                              input=big.tobuf(), stdout=subprocess.PIPE).stdout
        self.ws.write("bomb.tar.zst", bomb)
        self.node("\noci_image bomb { from = root, layers = [./bomb.tar.zst], config = {} }\n"
                  "run use-bomb {\n  within = bomb\n  out = \"x\"\n  $ busybox echo > {out}\n}\n")
        said = self.expect(self.ws.devgraph("build", "use-bomb"), 1)
        self.assertIn("it grows beyond all measure when it is unpacked", said.err)

    def test_a_program_that_the_image_has_not(self):
        self.node("\nrun a {\n  within = root\n  out = \"a\"\n  $ gcc -v\n}\n")
        self.assertIn("hint: the image has no program `gcc`: put it into the image\n",
                      self.expect(self.ws.devgraph("build", "a"), 1).err)

    def test_without_root(self):
        self.node("\nrun a {\n  within = root\n  out = \"a.txt\"\n  deps = ./in.txt\n"
                  "  $ busybox id -u > {out}\n  $ busybox cat {deps} >> {out}\n"
                  "  $ busybox rm -r /etc\n}\n")
        self.ws.shell("chown -R 1234:1234 .; chmod 755 . ..")
        said = self.ws.shell(f"""setpriv --reuid 1234 --regid 1234 --clear-groups \
            env HOME=/nowhere {harness.BINARY} build 2>&1""")
        self.assertIn("2 nodes: 2 run", said)
        self.assertEqual(self.ws.read("out/a/a.txt"), "1234\ninput\n")
        self.ws.shell("setpriv --reuid 1234 --regid 1234 --clear-groups rm -r .devgraph")

    def test_time_and_signals(self):
        self.node("\nrun a {\n  within = root\n  timeout = 1s\n  $ busybox sleep 4712\n  $ true\n}\n")
        run = self.expect(self.ws.devgraph("build"), 1)
        self.assertIn("timed out", run.err)
        self.assertFalse(harness.alive("sleep 4712"))
        self.node("\nrun a {\n  within = root\n  $ busybox sleep 4713\n  $ true\n}\n")
        process = self.ws.start("build")
        self.wait_for(lambda: harness.alive("sleep 4713"), "the command")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.wait_for(lambda: not harness.alive("sleep 4713"), "its end")

    def test_what_is_no_image(self):
        self.node("\nrun tree {\n  out = \"tree/\"\n  $ echo x > {out}/x\n}\n"
                  "run a {\n  within = tree\n  $ true\n}\n")
        self.expect(self.ws.devgraph("build"), 1)
        log = self.expect(self.ws.devgraph("log", "a"), 0).out
        self.assertIn("cannot run within the image: tree is no OCI layout", log)
        self.node("\nrun a {\n  within = root\n  tools = [\"gcc\"]\n  $ gcc\n}\n")
        run = self.expect(self.ws.devgraph("build"), 2)
        self.assert_text(run.err, """error[E308]: `a` runs within an image, whose programs are its tools
  --> build.devgraph:9:11
 9 |   tools = ["gcc"]
   |           ^^^^^^^ no program of this machine
   = leave `tools` out, and put the program into the image
""")

    def test_run_gives_the_command_s_status_and_builds_before(self):
        run = self.ws.devgraph("run", "root", "--", "busybox", "sh", "-c",
                               "cat in.txt /etc/motd; echo $WHO; echo made > made.txt; exit 7")
        self.assertEqual((run.code, run.out), (7, "input\nwelcome\nimage\n"), run.err)
        self.assertIn("1 node: 1 run", run.err)
        self.assertEqual(self.ws.read("made.txt"), "made\n")
        self.ws.write("etc/motd", "good day\n")
        run = self.ws.devgraph("run", "root", "--", "busybox", "cat", "/etc/motd", cwd="data")
        self.assertEqual((run.code, run.out), (0, "good day\n"), run.err)
        run = self.ws.devgraph("run", "root", "--", "nothing")
        self.assertEqual(run.code, 125)
        self.assertIn("devgraph: cannot run within the image: cannot run `nothing` in the image: "
                      "No such file or directory", run.err)
        self.assertEqual([name for name in os.listdir(self.ws_path(".devgraph"))
                          if name.startswith("run-")], [])

    def test_run_within_the_image_of_a_node(self):
        self.node("\nrun a {\n  within = root\n  out = \"a\"\n  $ echo a > {out}\n}\n"
                  "run b {\n  out = \"b\"\n  $ echo b > {out}\n}\n")
        run = self.ws.devgraph("run", "a", "--", "busybox", "cat", "/etc/motd")
        self.assertEqual((run.code, run.out), (0, "welcome\n"), run.err)
        run = self.expect(self.ws.devgraph("run", "b", "--", "true"), 2)
        self.assertIn("error[E906]: `b` makes neither an image nor a Python environment", run.err)
        run = self.expect(self.ws.devgraph("run", "root"), 2)
        self.assertIn("`devgraph run` needs LABEL -- COMMAND…", run.err)

    def test_shell(self):
        done = subprocess.run([harness.BINARY, "shell", "root"], input=b"echo $WHO; busybox cat in.txt; exit 5\n",
                              cwd=self.ws.root, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (5, b"image\ninput\n"), done.stderr)

    def test_a_build_that_fails_runs_nothing(self):
        self.node("\nrun a {\n  out = \"a\"\n  $ exit 3\n}\nimage bad { files = { \"/a\" = a } }\n")
        run = self.expect(self.ws.devgraph("run", "bad", "--", "busybox", "true"), 1)
        self.assertEqual(run.out, "")


if __name__ == "__main__":
    harness.main()
