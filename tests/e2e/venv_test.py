#!/usr/bin/python3
"""Python environments: what pip and the interpreter say of them, and what makes them stale."""

import base64
import hashlib
import os
import shutil
import subprocess
import zipfile

import harness


def package(name, code="", needs=(), version="1.0", more=""):
    """The files of a project with one module."""
    listed = ", ".join(f'"{need}"' for need in needs)
    return {
        f"{name}/pyproject.toml": f'[project]\nname = "{name}"\nversion = "{version}"\n'
                                  f'dependencies = [{listed}]\n{more}',
        f"{name}/src/{name}.py": code or f"NAME = '{name}'\n",
    }


def manifest(names, rest):
    """A wheel for each package, and what else there is."""
    return "devgraph 1\n" + "".join(f"wheel {name} {{ src = ./{name}/** }}\n" for name in names) + rest


def made_wheel(path, files, record=None):
    """A wheel by hand: for what no good tool makes."""
    info = next(name.split("/")[0] for name in files if ".dist-info/" in name)
    if record is None:
        record = "".join(
            f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')}"
            f",{len(text)}\n" for name, text in files.items()) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", record)


def described(name, version="1.0", **more):
    """METADATA and WHEEL of a package."""
    info = f"{name}-{version}.dist-info"
    lines = "".join(f"{key.replace('_', '-')}: {value}\n" for key, value in more.items())
    return {f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}


def tree_digest(root):
    """Of names, contents, modes and links."""
    digest = hashlib.sha256()
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names + [one for one in folders if os.path.islink(os.path.join(folder, one))]):
            path = os.path.join(folder, name)
            digest.update(os.fsencode(os.path.relpath(path, root)) + b"\0" + oct(os.lstat(path).st_mode).encode())
            if os.path.islink(path):
                digest.update(os.fsencode(os.readlink(path)))
            else:
                with open(path, "rb") as file:
                    digest.update(file.read())
    return digest.hexdigest()


TALK = "import sys\n\n\ndef main():\n    print('talking', *sys.argv[1:])\n    return 7\n"
SCRIPTS = '[project.scripts]\ntalk = "talk:main"\n'


class Venvs(harness.Case):
    def run_in(self, ws, node, *words, code=0, env=None):
        """A program of an environment, with nothing else on PATH than the basics."""
        program = os.path.join(ws.root, "out", node, node, "bin", words[0])
        done = subprocess.run([program, *words[1:]], env={"PATH": "/usr/bin:/bin", "HOME": self.folder, **(env or {})},
                              cwd="/", check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def said_by(self, files, node="env", env=None):
        """What the one failing node says."""
        self.faults = getattr(self, "faults", 0) + 1
        ws = self.workspace(files, f"fault{self.faults}")
        said = self.expect(ws.devgraph("build", env=env), 1)
        lines = [line for line in said.err.splitlines() if f"failed //:{node}:" in line]
        self.assertEqual(len(lines), 1, said.err)
        return lines[0].split(f"failed //:{node}: ")[1].rsplit("  ", 1)[0]

    def by_hand(self, files, name="acme-1.0-py3-none-any.whl", record=None):
        """A workspace that installs a wheel made by hand."""
        path = os.path.join(self.folder, name)
        made_wheel(path, files, record)
        with open(path, "rb") as wheel:
            return {name: wheel.read(), "build.devgraph": f"devgraph 1\nvenv env {{ wheels = [./{name}] }}\n"}

    def test_programs_modules_and_metadata(self):
        ws = self.workspace({**package("talk", TALK, needs=("words>=1",), more=SCRIPTS), **package("words"),
                             "build.devgraph": manifest(["talk", "words"], "venv env { wheels = [talk, words] }\n")})
        self.build(ws, nodes=3, run=3)
        self.assertEqual(self.run_in(ws, "env", "talk", "a b", code=7), "talking a b\n")
        self.assertEqual(self.run_in(ws, "env", "python", "-c", "import words, sys; print(words.NAME, sys.prefix)"),
                         f"words {ws.root}/out/env/env\n")
        # A stranger's view: pip takes it for an environment with two sound packages.
        pip = ["/usr/bin/python3", "-m", "pip", "--python", ws.path("out/env/env/bin/python")]
        env = {"PATH": "/usr/bin:/bin", "HOME": self.folder, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        listed = subprocess.run([*pip, "list", "--format=freeze"], env=env, check=True, stdout=subprocess.PIPE, text=True)
        self.assertEqual(listed.stdout, "talk==1.0\nwords==1.0\n")
        checked = subprocess.run([*pip, "check"], env=env, check=True, stdout=subprocess.PIPE, text=True)
        self.assertEqual(checked.stdout, "No broken requirements found.\n")
        # Whoever imports writes nothing into it.
        self.build(ws, nodes=3, run=0)
        self.expect(ws.devgraph("check"), 0)

    def test_it_may_be_moved_and_is_the_same_everywhere(self):
        files = {**package("talk", TALK, more=SCRIPTS),
                 "build.devgraph": manifest(["talk"], "venv env { wheels = talk }\n")}
        one = self.workspace(files, "one")
        other = self.workspace(files, "a/longer/way")
        self.build(one, nodes=2, run=2)
        self.expect(other.devgraph("build", env={"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7"}), 0)
        self.assertEqual(tree_digest(one.path("out/env")), tree_digest(other.path("out/env")))
        moved = os.path.join(self.folder, "moved")
        shutil.copytree(os.path.join(one.root, "out", "env", "env"), moved, symlinks=True)
        shutil.rmtree(one.path("out"))
        self.assertEqual(subprocess.run([moved + "/bin/talk"], check=False, stdout=subprocess.PIPE).stdout, b"talking\n")
        # It comes back out of the store, links and all.
        self.build(one, nodes=2, run=0)
        self.assertEqual(self.run_in(one, "env", "talk", code=7), "talking\n")

    def test_activate(self):
        ws = self.workspace({**package("talk", TALK, more=SCRIPTS),
                             "build.devgraph": manifest(["talk"], "venv env { wheels = talk }\n")})
        self.build(ws, nodes=2, run=2)
        script = (". out/env/env/bin/activate; talk x; echo $VIRTUAL_ENV; deactivate; "
                  "command -v talk; echo ${VIRTUAL_ENV-none}")
        said = subprocess.run(["bash", "-uc", script], cwd=ws.root, env={"PATH": "/usr/bin:/bin"}, check=False,
                              stdout=subprocess.PIPE, text=True)
        self.assertEqual(said.stdout, f"talking x\n{ws.root}/out/env/env\nnone\n")

    def test_development_mode(self):
        ws = self.workspace({
            "client/pyproject.toml": '[project]\nname = "my-client"\nversion = "2.0"\n' + SCRIPTS,
            "client/src/my_client/__init__.py": "", "client/src/talk.py": TALK,
            "build.devgraph": "devgraph 1\nvenv env { editable = ./client }\n"
                              "test works {\n  within = env\n  deps = ./client/src/**\n  ok = 7\n  $ talk from a test\n}\n"})
        self.build(ws, nodes=2, run=2)
        self.assertEqual(self.run_in(ws, "env", "talk", code=7), "talking\n")
        # An edit holds at once, and only what says that it uses the sources runs again.
        ws.write("client/src/talk.py", TALK.replace("talking", "SHOUTING"))
        self.assertEqual(self.run_in(ws, "env", "talk", code=7), "SHOUTING\n")
        self.build(ws, nodes=2, run=1)
        self.assertIn("SHOUTING from a test", self.expect(ws.devgraph("log", "works"), 0).out)
        ws.write("client/pyproject.toml", ws.read("client/pyproject.toml").replace("2.0", "2.1"))
        self.build(ws, nodes=2, run=2)
        self.assertEqual(self.run_in(ws, "env", "python", "-c",
                                     "import importlib.metadata as m; print(m.version('my-client'))"), "2.1\n")
        ws.write("client/README.md", "a project\n")
        self.build(ws, nodes=2, run=0)

    def test_commands_within(self):
        ws = self.workspace({**package("talk", TALK, more=SCRIPTS),
                             "build.devgraph": manifest(["talk"], "venv env { wheels = talk }\n"
                                                        "run said {\n  within = env\n  out = \"said\"\n  ok = [0, 7]\n"
                                                        "  $ talk to {out} > {out} || test $? = 7\n}\n"
                                                        "run place {\n  within = env\n  out = \"where\"\n"
                                                        "  argv = [\"python\", \"-c\", \"import sys; open(sys.argv[1], 'w')"
                                                        ".write(sys.prefix)\", \"where\"]\n  cwd = \"scratch\"\n}\n")})
        said = ws.devgraph("build", "said")
        self.expect(said, 0)
        self.assertTrue(ws.read("out/said/said").startswith("talking to "), ws.read("out/said/said"))
        # A new version of what is in the environment makes stale what runs within it.
        ws.write("talk/src/talk.py", TALK.replace("talking", "SHOUTING"))
        self.expect(ws.devgraph("build", "said"), 0)
        self.assertTrue(ws.read("out/said/said").startswith("SHOUTING to "))

    def test_run_and_shell(self):
        ws = self.workspace({**package("talk", TALK, more=SCRIPTS),
                             "build.devgraph": manifest(["talk"], "venv env { wheels = talk }\n"
                                                        "run used {\n  within = env\n  $ echo left > here\n  $ talk\n}\n"
                                                        "run plain {\n  $ echo kept > here\n  $ exit 3\n}\n")})
        said = ws.devgraph("run", "env", "--", "talk", "x")  # Builds it first.
        self.assertEqual((said.code, said.out), (7, "talking x\n"), said.err)
        said = ws.devgraph("run", "used", "--", "python", "-c", "import sys; print(sys.prefix)")
        self.assertEqual((said.code, said.out), (1, ""), said.err)  # What runs within it fails.
        said = ws.devgraph("run", "--failed", "used", "--", "sh", "-c", "cat here; talk again")
        self.assertEqual((said.code, said.out), (7, "left\ntalking again\n"), said.err)
        said = ws.devgraph("run", "env", "--", "no-such-program")
        self.assertEqual(said.code, 127)
        self.assertTrue(said.err.endswith("devgraph: cannot run `no-such-program`: No such file or directory\n"), said.err)
        self.expect(ws.devgraph("build", "plain"), 1)
        said = ws.devgraph("run", "--failed", "plain", "--", "cat", "here")
        self.assertEqual((said.code, said.out), (0, "kept\n"), said.err)
        done = subprocess.run([harness.BINARY, "shell", "env"], input=b"talk to a shell\n", cwd=ws.root, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (7, b"talking to a shell\n"), done.stderr)

    def test_wheel_test(self):
        ws = self.workspace({**package("talk", TALK, needs=("words",)), **package("words", "X = 1\n"),
                             "build.devgraph": manifest(["talk", "words"], "wheel_test tried { wheel = talk, wheels = words }\n"
                                                        "wheel_test named { wheel = words, imports = [\"words\", \"json\"] }\n")})
        self.expect(ws.devgraph("build"), 0)
        self.assertIn("imported talk\n", self.expect(ws.devgraph("log", "tried"), 0).out)
        self.assertIn("imported words\nimported json\n", self.expect(ws.devgraph("log", "named"), 0).out)
        ws.write("words/src/words.py", "import nothing_of_this_name\n")
        failed = self.expect(ws.devgraph("build", "-k"), 1)
        self.assertIn("No module named 'nothing_of_this_name'", failed.err)

    def test_what_is_missing_is_told_before_anything_imports(self):
        rest = "venv env { wheels = [talk, words] }\n"
        self.assertEqual(
            self.said_by({**package("talk", needs=("words>=2", "absent[x]>1,<3; python_version > '3'",
                                                  "never; sys_platform == 'win32'")), **package("words"),
                          "build.devgraph": manifest(["talk", "words"], rest)}),
            "talk 1.0 needs absent>1,<3, which is not there (and 1 more, in the log)")
        self.assertEqual(
            self.said_by({**package("talk", more='requires-python = ">=3.99"\n'), **package("words"),
                          "build.devgraph": manifest(["talk", "words"], rest)}).split(", and this")[0],
            "talk 1.0 needs Python >=3.99")

    def test_extras(self):
        more = '[project.optional-dependencies]\nloud = ["words[deep]"]\n'
        deep = '[project.optional-dependencies]\ndeep = ["ground"]\n'
        files = {**package("talk", more=more), **package("words", more=deep), **package("ground")}
        rest = "venv env { wheels = [talk, words], extras = [\"Loud\"] }\n"
        self.assertEqual(self.said_by({**files, "build.devgraph": manifest(["talk", "words"], rest)}),
                         "words 1.0 needs ground, which is not there")
        self.assertEqual(
            self.said_by({**files, "build.devgraph": manifest(["talk", "words"], rest.replace("Loud", "quiet"))}),
            "talk 1.0 has no extra `quiet`; it has loud")
        ws = self.workspace({**files, "build.devgraph": manifest(
            ["talk", "words", "ground"], rest.replace("[talk, words]", "[talk, words, ground]"))}, "whole")
        self.build(ws, nodes=4, run=4)

    def test_wheels_for_others_are_refused(self):
        for name in ("acme-1.0-cp27-cp27mu-manylinux1_x86_64.whl", "acme-1.0-py3-none-win_amd64.whl",
                     "acme-1.0-cp399-cp399-linux_x86_64.whl", "acme-1.0-py3-none-manylinux_2_999_x86_64.whl",
                     "acme-1.0-py3-none-musllinux_1_1_x86_64.whl", "acme-1.0-py2-none-any.whl"):
            said = self.said_by(self.by_hand({**described("acme"), "acme.py": ""}, name))
            self.assertTrue(said.startswith(f"{name} is not for Python 3."), said)

    def test_damaged_and_hostile_wheels_are_refused(self):
        good = {"acme.py": "X = 1\n", **described("acme")}
        whl = "acme-1.0-py3-none-any.whl: "
        info = "acme-1.0.dist-info/"
        self.assertEqual(self.said_by(self.by_hand(good, record="acme.py,,\n")),
                         f"{whl}its RECORD does not name `{info}METADATA`")
        wrong = "".join(f"{name},sha256=AAAA,1\n" for name in good)
        self.assertEqual(self.said_by(self.by_hand(good, record=wrong)),
                         f"{whl}`acme-1.0.dist-info/METADATA` has another hash than its RECORD says")
        self.assertEqual(self.said_by(self.by_hand({**good, "../../escape.py": "X = 1\n"})),
                         f"{whl}the archive holds `lib/python3.11/site-packages/../../escape.py`, "
                         "a name that leads out of the folder")
        self.assertEqual(self.said_by(self.by_hand({**good, "acme-1.0.data/scripts/python3": "#!/bin/sh\n"})),
                         f"{whl[:-2]} has a program `python3`, which is the interpreter's name")
        self.assertEqual(self.said_by(self.by_hand({**good, "acme-1.0.data/etc/passwd": "root\n"})),
                         f"{whl}`acme-1.0.data/etc/passwd`: there is no `etc` to install into")
        self.assertEqual(self.said_by(self.by_hand({**good, info + "entry_points.txt":
                                                    "[console_scripts]\n../up = acme:main\n"})),
                         f"{whl}its entry_points.txt has a program `../up = acme:main`, which is not written as in "
                         "name = package.module:function")
        self.assertEqual(self.said_by(self.by_hand({"acme.py": "", **described("other")})),
                         f"{whl}it holds no folder acme-1.0.dist-info")
        other = {**good, info + "WHEEL": "Wheel-Version: 2.0\n"}
        self.assertEqual(self.said_by(self.by_hand(other)), f"{whl}it is a wheel of version 2.0; devgraph installs 1.x")

    def test_two_packages_with_one_file(self):
        files = {**package("one"), **package("two"), "one/src/shared.py": "X = 1\n", "two/src/shared.py": "X = 1\n",
                 "build.devgraph": "devgraph 1\nwheel one { src = ./one/**, packages = [\"src/one.py\", \"src/shared.py\"] }\n"
                                   "wheel two { src = ./two/**, packages = [\"src/two.py\", \"src/shared.py\"] }\n"
                                   "venv env { wheels = [one, two] }\n"}
        self.build(self.workspace(files, "equal"), nodes=3, run=3)
        self.assertEqual(self.said_by({**files, "two/src/shared.py": "X = 2\n"}),
                         "two-1.0-py3-none-any.whl: one-1.0-py3-none-any.whl and two-1.0-py3-none-any.whl both have "
                         "`lib/python3.11/site-packages/shared.py`, with different content")

    def test_files_for_other_folders(self):
        ws = self.workspace(self.by_hand({
            **described("acme"), "acme.py": "X = 1\n", "acme-1.0.data/scripts/greet": "#!python\nprint('greetings')\n",
            "acme-1.0.data/scripts/shell": "#!/bin/sh\necho from a shell\n", "acme-1.0.data/data/share/acme/x.txt": "x\n",
            "acme-1.0.data/headers/acme.h": "int x;\n", "acme-1.0.data/purelib/more.py": "Y = 2\n",
            "broken.py": "this is no Python\n"}))
        self.build(ws, nodes=1, run=1)
        self.assertEqual(self.run_in(ws, "env", "greet"), "greetings\n")
        self.assertEqual(self.run_in(ws, "env", "shell"), "from a shell\n")
        self.assertEqual(self.run_in(ws, "env", "python", "-c", "import acme, more; print(acme.X + more.Y)"), "3\n")
        self.assertEqual(ws.read("out/env/env/share/acme/x.txt"), "x\n")
        self.assertEqual(ws.read("out/env/env/include/site/python3.11/acme/acme.h"), "int x;\n")

    def test_lock(self):
        """Requirements with hashes, from a folder that stands for an index."""
        makers = self.workspace({**package("talk", TALK, needs=("words",), more=SCRIPTS), **package("words"),
                                 "build.devgraph": manifest(["talk", "words"], "")}, "makers")
        self.build(makers, nodes=2, run=2)
        index = os.path.join(self.folder, "index")
        os.mkdir(index)
        lines = []
        for name in ("talk", "words"):
            wheel = f"{name}-1.0-py3-none-any.whl"
            shutil.copy(os.path.join(makers.root, "out", name, wheel), index)
            with open(os.path.join(index, wheel), "rb") as file:
                lines.append(f"{name}==1.0 --hash=sha256:{hashlib.sha256(file.read()).hexdigest()}\n")
        env = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": index}
        ws = self.workspace({"requirements.txt": "".join(lines),
                             "build.devgraph": "devgraph 1\nvenv env { lock = ./requirements.txt }\n"})
        self.expect(ws.devgraph("build", env=env), 0)
        self.assertEqual(self.run_in(ws, "env", "talk", code=7), "talking\n")
        ws.write("requirements.txt", lines[0])
        self.assertIn("talk 1.0 needs words, which is not there", self.expect(ws.devgraph("build", env=env), 1).err)
        ws.write("requirements.txt", lines[0].replace("sha256:", "sha256:0000")[:-5] + "\n" + lines[1])
        self.assertIn("THESE PACKAGES DO NOT MATCH THE HASHES", self.expect(ws.devgraph("build", env=env), 1).err)
        ws.write("requirements.txt", "[[package]]\nname = \"talk\"\n")
        self.assertIn("requirements.txt is a lock of a project; a list of requirements with hashes is needed, as "
                      "`poetry export` and `uv export` write it out of such a lock",
                      self.expect(ws.devgraph("build", env=env), 1).err)
        ws.write("requirements.txt", "".join(lines))
        self.build(ws, nodes=1, run=0)

    def test_what_a_newcomer_gets_wrong(self):
        ws = self.workspace({"p/x": "", "build.devgraph": "devgraph 1\nvenv env { editable = ./p }\n"})
        self.assert_text(self.expect(ws.devgraph("build"), 2).err, """error[E401]: no file `p/pyproject.toml`
  --> build.devgraph:2:23
 2 | venv env { editable = ./p }
   |                       ^^^ a project in development mode is known by it
   = write one with [project], name and version
""")
        ws.write("p/pyproject.toml", "[project]\n")
        said = self.expect(ws.devgraph("build"), 1).err
        self.assertIn('failed //:env: p/pyproject.toml:1:1: [project] has no name; write name = "…" (and 1 more, in the log)',
                      said)
        ws.write("build.devgraph", "devgraph 1\nvenv env {}\nrun a {\n  within = env\n  $ pip install x\n}\n")
        self.assertIn("hint: the environment has no program `pip`: add a wheel that brings it, or  tools = [\"pip\"]\n",
                      self.expect(ws.devgraph("build"), 1).err)

    def test_no_such_python(self):
        ws = self.workspace({"build.devgraph": "devgraph 1\nvenv env { python = \"3.1\" }\n"})
        self.assert_text(self.expect(ws.devgraph("build"), 2).err, """error[E409]: no program `python3.1`
  --> build.devgraph:2:21
 2 | venv env { python = "3.1" }
   |                     ^^^^^ looked for in /usr/bin:/bin
   = install that version of Python, or put its folder on PATH
""")


if __name__ == "__main__":
    harness.main()
