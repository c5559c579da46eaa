#!/usr/bin/python3
"""What a command does not declare it cannot read, and what it writes elsewhere does not land."""

import os
import socket
import threading

import harness


class Sandbox(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"declared.txt": "declared\n", "secret.txt": "undeclared\n",
                                  "dir/inside.txt": "inside\n"})

    def node(self, script, fields=""):
        self.ws.write("build.devgraph", f"""devgraph 1
param root: string = ""
param port: string = ""
let declared = ./declared.txt
run step {{
  out = "o"
  {fields}
  {script}
}}
""")
        return ("-D", f"root={self.ws.root}")

    def test_a_declared_input_is_read(self):
        self.build(self.ws, *self.node("$ cat {declared} > {out}"), run=1)

    def test_a_folder_of_a_tree_is_read_and_listed(self):
        arguments = self.node("$ ls {part}/inner > {out}")
        self.ws.write("build.devgraph", self.ws.read("build.devgraph") + 'let part = tree / "sub/"\n'
                      'run tree {\n  out = "t/"\n  $ mkdir -p {out}/sub/inner {out}/other\n'
                      "  $ touch {out}/sub/inner/file\n}\n")
        self.build(self.ws, *arguments, run=2)
        self.assertEqual(self.ws.read("out/step/o"), "file\n")

    def test_a_link_in_the_place_of_a_file_opens_no_folder(self):
        arguments = self.node("$ cat {link}/inside.txt > {out}")
        self.ws.write("build.devgraph", self.ws.read("build.devgraph")
                      + 'run link {\n  out = "l"\n  $ ln -s {root}/dir {out}\n}\n')
        self.build(self.ws, *arguments, code=1, failed=1, run=1)

    def test_an_undeclared_one_is_not_and_a_hint_says_so(self):
        arguments = self.node("$ cat {declared} {root}/secret.txt > {out}")
        run = self.build(self.ws, *arguments, code=1, failed=1)
        self.assertIn("secret.txt", run.err)
        self.assertIn("deps", run.err)

    def test_nor_through_a_relative_path_or_a_link(self):
        os.symlink(self.ws.path("secret.txt"), self.ws.path("dir/link"))
        for path in ("dir/../secret.txt", "dir/link"):
            arguments = self.node("$ cat {root}/" + path + " > {out}")
            self.build(self.ws, *arguments, code=1, failed=1)

    def test_nor_outputs_of_nodes_it_does_not_name(self):
        arguments = self.node("$ cat {root}/out/other/o > {out}")
        self.ws.write("build.devgraph", self.ws.read("build.devgraph")
                      + 'run other {\n  out = "o"\n  $ echo > {out}\n}\n')
        self.build(self.ws, "other")
        self.build(self.ws, "step", *arguments, code=1, failed=1)

    def test_writing_to_the_tree_fails(self):
        arguments = self.node("$ echo x > {root}/dir/new.txt; echo > {out}")
        self.build(self.ws, *arguments, code=1, failed=1)
        self.assertFalse(self.ws.exists("dir/new.txt"))

    def test_changing_an_input_fails(self):
        self.build(self.ws, *self.node("$ echo x >> {declared}; echo > {out}"), code=1, failed=1)
        self.assertEqual(self.ws.read("declared.txt"), "declared\n")

    def test_writing_outside_of_the_workspace_fails(self):
        outside = os.path.join(self.folder, "outside")
        os.mkdir(outside)
        arguments = self.node("$ echo x > {root}/../outside/new.txt; echo > {out}")
        self.build(self.ws, *arguments, code=1, failed=1)
        self.assertEqual(os.listdir(outside), [])

    def test_scratch_is_writable_and_gone_afterwards(self):
        run = self.build(self.ws, *self.node("$ mkdir t; echo x > t/y; cp t/y \"$TMPDIR/z\"; cat t/y > {out}"))
        self.assertEqual(run.counts()["run"], 1)
        self.assertEqual(self.ws.shell("find . -name y -o -name z"), "")

    def test_the_environment_starts_empty(self):
        self.node("$ env | cut -d= -f1 | sort > {out}", 'env = { MINE = "1" }')
        self.expect(self.ws.devgraph("build", env={"LEAKED": "1", "PYTHONPATH": "/x"}), 0)
        names = self.ws.read("out/step/o").split()
        self.assertIn("MINE", names)
        self.assertIn("SOURCE_DATE_EPOCH", names)
        self.assertNotIn("LEAKED", names)
        self.assertNotIn("PYTHONPATH", names)

    def test_stdin_is_empty(self):
        self.build(self.ws, *self.node("$ cat > {out}"), run=1)
        self.assertEqual(self.ws.read("out/step/o"), "")

    def test_there_is_no_network_unless_it_is_declared(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        threading.Thread(target=lambda: [server.accept() for _ in range(2)], daemon=True).start()
        port = str(server.getsockname()[1])
        script = "$ echo > /dev/tcp/127.0.0.1/{port}; echo > {out}"
        self.node(script)
        self.build(self.ws, "-D", f"port={port}", code=1, failed=1)
        self.node(script, "network = true")
        self.build(self.ws, "-D", f"port={port}", run=1)

    def test_it_can_be_switched_off(self):
        arguments = self.node("$ cat {root}/secret.txt > {out}", "sandbox = false")
        self.build(self.ws, *arguments, run=1)
        arguments = self.node("$ cat {root}/secret.txt > {out}")
        self.build(self.ws, "--sandbox=off", *arguments, run=1)


DEPFILE = """devgraph 1
let main = ./main.c
run object {
  out     = "main.o"
  depfile = "main.d"
  sandbox = false
  tools   = ["gcc", "as"]
  $ gcc -c -MMD -MF main.d -o {out} {main}
}
"""


class Depfile(harness.Case):
    def test_headers_that_were_used_count(self):
        ws = self.workspace({"build.devgraph": DEPFILE, "a.h": "#define A 1\n", "b.h": "#define B 1\n",
                             "main.c": '#include "a.h"\nint main(void) { return A; }\n'})
        self.build(ws, run=1)
        self.build(ws, run=0, fresh=1)
        ws.write("b.h", "#define B 2\n")
        self.build(ws, run=0, fresh=1)
        ws.write("a.h", "#define A 2\n")
        stale = self.expect(ws.devgraph("check"), 3)
        self.assertIn("a.h", stale.out)
        self.build(ws, run=1)
        ws.write("a.h", "#define A 1\n")
        self.build(ws, run=0, fresh=1)


if __name__ == "__main__":
    harness.main()
