#!/usr/bin/python3
"""Wheels and source distributions, held against strangers: pip, twine, wheel and zipfile."""

import csv
import functools
import hashlib
import http.server
import json
import os
import subprocess
import tarfile
import threading
import zipfile

import harness

PYPROJECT = """[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "Acme.Tools"
version = "1.0-rc.1"
description = "Tools of Acme"
readme = "README.md"
requires-python = ">=3.8"
license = { text = "MIT" }
authors = [{ name = "Ann", email = "ann@example.org" }]
classifiers = ["Programming Language :: Python :: 3"]
dependencies = ["tomli>=2; python_version < '3.11'"]

[project.optional-dependencies]
Big_One = ["numpy"]

[project.urls]
Home = "https://example.org"

[project.scripts]
acme-hello = "acme_tools.cli:main"
"""
PROJECT = {
    "pyproject.toml": PYPROJECT,
    "README.md": "# Acme\n\nTools, and a café.\n",
    "LICENSE": "MIT\n",
    "src/acme_tools/__init__.py": "",
    "src/acme_tools/cli.py": "from importlib import resources\n\n\ndef main():\n"
                             "    print(resources.files('acme_tools').joinpath('words.txt').read_text())\n",
    "src/acme_tools/words.txt": "hello from a wheel",
    "src/acme_tools/py.typed": "",
    "src/acme_tools/naïve, or not.txt": "é\n",
    "src/acme_tools/__pycache__/cli.cpython-311.pyc": b"\0bytecode",
    "src/acme_tools/cli.py~": "old\n",
    "tests/test_cli.py": "",
    "build.devgraph": "devgraph 1\n"
                      "let src = [./pyproject.toml, ./README.md, ./LICENSE, ./src/**]\n"
                      "wheel app { src }\n"
                      "sdist source { src = [...src, ./tests/**] }\n",
}
WHEEL = "acme_tools-1.0rc1-py3-none-any.whl"
SDIST = "acme_tools-1.0rc1.tar.gz"
MINIMAL = '[project]\nname = "acme"\nversion = "1"\n'


class Quiet(http.server.SimpleHTTPRequestHandler):
    """What `python3 -m http.server` does, without a line for each request."""

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass


class Wheels(harness.Case):
    def tool(self, *words, code=0):
        """A program of Python, away from the settings of the caller."""
        env = {"PATH": "/usr/bin:/bin", "HOME": self.folder, "LC_ALL": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull,
               "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        done = subprocess.run([str(word) for word in words], env=env, cwd=self.folder, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        if done.returncode != code:
            self.fail(f"{words} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def python(self, *words):
        return self.tool("/usr/bin/python3", *words)

    def made(self, ws, node, name):
        return os.path.join(ws.root, "out", node, name)

    def fault(self, files, message, node="app", env=None):
        """The build fails, and says this and nothing else."""
        self.faults = getattr(self, "faults", 0) + 1
        ws = self.workspace(files, f"fault{self.faults}")
        said = self.expect(ws.devgraph("build", env=env), 1)
        self.assert_text(said.err, f"[1/1] failed //:{node}: {message}  0.0s\n"
                                   "  --> build.devgraph:2\n"
                                   f"  = log: .devgraph/log/{node}.log\n"
                                   "1 node: 0 run, 0 fresh, 1 failed  0.0s\n"
                                   f"  failed   //:{node}  {message}\n")
        return ws

    def venv(self):
        """The python of a fresh environment."""
        folder = os.path.join(self.folder, "venv")
        self.python("-m", "venv", folder)
        return os.path.join(folder, "bin", "python")

    def test_strangers_take_the_wheel(self):
        ws = self.workspace(PROJECT)
        self.build(ws, nodes=2, run=2)
        wheel = self.made(ws, "app", WHEEL)
        self.python("-m", "zipfile", "-t", wheel)
        unpacked = os.path.join(self.folder, "unpacked")
        self.python("-m", "wheel", "unpack", "-d", unpacked, wheel)  # Checks RECORD.
        self.assertIn("PASSED", self.tool("twine", "check", "--strict", wheel))
        python = self.venv()
        self.tool(python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel)
        self.assertEqual(self.tool(os.path.join(os.path.dirname(python), "acme-hello")), "hello from a wheel\n")
        self.assertEqual(self.tool(python, "-c", "from importlib import metadata, resources as r\n"
                                   "print(r.files('acme_tools').joinpath('naïve, or not.txt').read_text(), end='')\n"
                                   "print(metadata.version('acme-tools'))"), "é\n1.0rc1\n")
        self.tool(python, "-m", "pip", "uninstall", "-q", "-y", "acme-tools")  # By RECORD.
        self.tool(python, "-c", "import acme_tools", code=1)

    def test_what_is_in_the_wheel(self):
        ws = self.workspace(PROJECT)
        os.chmod(ws.path("src/acme_tools/words.txt"), 0o775)
        self.build(ws, "app", nodes=1, run=1)
        with zipfile.ZipFile(self.made(ws, "app", WHEEL)) as archive:
            entries = archive.infolist()
            info = "acme_tools-1.0rc1.dist-info/"
            self.assertEqual([entry.filename for entry in entries], [
                "acme_tools/__init__.py", "acme_tools/cli.py", "acme_tools/naïve, or not.txt",
                "acme_tools/py.typed", "acme_tools/words.txt", info + "METADATA", info + "WHEEL",
                info + "entry_points.txt", info + "licenses/LICENSE", info + "RECORD"])
            for entry in entries:
                self.assertEqual(entry.date_time, (1980, 1, 1, 0, 0, 0))
                executable = entry.filename.endswith("words.txt")
                self.assertEqual(oct(entry.external_attr >> 16), "0o100755" if executable else "0o100644")
            metadata = archive.read(info + "METADATA")
            record = archive.read(info + "RECORD").decode().splitlines()
        self.assertEqual([row[0] for row in csv.reader(record)], [entry.filename for entry in entries])
        self.assertEqual(metadata.decode(), """Metadata-Version: 2.1
Name: Acme.Tools
Version: 1.0rc1
Summary: Tools of Acme
Author-email: Ann <ann@example.org>
License: MIT
Classifier: Programming Language :: Python :: 3
Project-URL: Home, https://example.org
Requires-Python: >=3.8
Requires-Dist: tomli>=2; python_version < "3.11"
Provides-Extra: big-one
Requires-Dist: numpy; extra == "big-one"
Description-Content-Type: text/markdown

# Acme

Tools, and a café.
""")
        with open(self.made(ws, "app", WHEEL + ".metadata"), "rb") as beside:
            self.assertEqual(beside.read(), metadata)

    def test_equal_bytes_from_another_folder_time_zone_umask_and_time(self):
        first = self.workspace(PROJECT, "first")
        self.build(first, run=2)
        second = self.workspace(PROJECT, "second/deeper")
        for folder, _, names in os.walk(second.root):
            for name in names:
                os.utime(os.path.join(folder, name), (1, 1))
                os.chmod(os.path.join(folder, name), 0o600)
        old = os.umask(0o077)
        try:
            self.expect(second.devgraph("build", env={"TZ": "Pacific/Auckland", "LC_ALL": "C"}), 0)
        finally:
            os.umask(old)
        for node, name in (("app", WHEEL), ("app", WHEEL + ".metadata"), ("source", SDIST)):
            self.assert_equal_files(self.made(first, node, name), self.made(second, node, name))

    def test_strangers_take_the_source_distribution(self):
        ws = self.workspace(PROJECT)
        self.build(ws, "source", nodes=1, run=1)
        sdist = self.made(ws, "source", SDIST)
        with tarfile.open(sdist) as archive:
            names = archive.getnames()
            self.assertTrue(all(member.mtime == 315532800 for member in archive.getmembers()))
        folder = "acme_tools-1.0rc1/"
        for name in ("PKG-INFO", "pyproject.toml", "README.md", "tests/test_cli.py", "src/acme_tools/cli.py"):
            self.assertIn(folder + name, names)
        self.assertFalse([name for name in names if name.endswith((".pyc", "~"))])
        self.assertIn("PASSED", self.tool("twine", "check", "--strict", sdist))
        # A backend makes a wheel of it that says the same.
        made = os.path.join(self.folder, "wheels")
        self.python("-m", "pip", "wheel", "-q", "--no-index", "--no-deps", "--no-build-isolation", "-w", made, sdist)
        [name] = os.listdir(made)
        self.build(ws, "app", nodes=1, run=1)
        theirs, ours = self.said_by(os.path.join(made, name)), self.said_by(self.made(ws, "app", WHEEL))
        self.assertEqual(theirs, ours)

    def said_by(self, wheel):
        """Fields of METADATA without their order, entry points, and the Python files."""
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            [info] = {name.split("/")[0] for name in names if ".dist-info/" in name}
            head, _, body = archive.read(info + "/METADATA").decode().partition("\n\n")
            skipped = ("Metadata-Version", "License-File", "Requires-Dist", "Provides-Extra")
            fields = sorted(line for line in head.splitlines() if not line.startswith(skipped))
            points = archive.read(info + "/entry_points.txt").decode().strip()
        return fields, body, points, [name for name in names if name.endswith(".py")]

    def test_a_source_distribution_makes_the_same_wheel(self):
        ws = self.workspace(PROJECT)
        self.build(ws, run=2)
        unpacked = os.path.join(self.folder, "unpacked")
        with tarfile.open(self.made(ws, "source", SDIST)) as archive:
            archive.extractall(unpacked)
        again = harness.Workspace(os.path.join(unpacked, "acme_tools-1.0rc1"), {
            "build.devgraph": "devgraph 1\nwheel app { src = ./** }\nsdist source { src = ./** }\n"})
        self.build(again, "app", run=1)
        self.assert_equal_files(self.made(ws, "app", WHEEL), self.made(again, "app", WHEEL))

    def assert_equal_files(self, one, two):
        with open(one, "rb") as first, open(two, "rb") as second:
            self.assertEqual(first.read(), second.read(), one)

    def test_the_name_follows_the_project(self):
        ws = self.workspace(PROJECT)
        self.build(ws, "app", run=1)
        ws.edit("pyproject.toml", "1.0-rc.1", "1.0")
        self.build(ws, "app", run=1)
        self.assertEqual(sorted(os.listdir(ws.path("out/app"))),
                         [b"acme_tools-1.0-py3-none-any.whl", b"acme_tools-1.0-py3-none-any.whl.metadata"])
        ws.edit("README.md", "Tools", "Many tools")
        self.build(ws, "app", run=1)
        self.build(ws, "app", fresh=1)
        ws.write("build.devgraph", 'devgraph 1\nwheel app { src = [./**], platform = "b_x.a_x" }\n')
        self.build(ws, "app", run=1)
        self.assertTrue(ws.exists("out/app/acme_tools-1.0-py3-none-a_x.b_x.whl"))

    def test_a_version_from_the_sources(self):
        ws = self.workspace({
            "pyproject.toml": '[project]\nname = "acme"\ndynamic = ["version"]\n',
            "acme/__init__.py": '__version__ = "2.5"\n',
            "build.devgraph": "devgraph 1\nwheel app {\n  src     = [./pyproject.toml, ./acme/**]\n"
                              "  version = find(read(./acme/__init__.py), '__version__ = \"(.+)\"')\n}\n"})
        self.build(ws, run=1)
        self.assertTrue(ws.exists("out/app/acme-2.5-py3-none-any.whl"))
        ws.edit("acme/__init__.py", "2.5", "2.6")
        self.build(ws, run=1)
        self.assertTrue(ws.exists("out/app/acme-2.6-py3-none-any.whl"))

    def test_a_built_file_and_a_project_in_a_folder(self):
        ws = self.workspace({
            "py/pyproject.toml": MINIMAL, "py/acme/__init__.py": "from acme.built import X\n",
            "build.devgraph": 'devgraph 1\nwrite made { text = "X = 7\\n", to = "acme/built.py" }\n'
                              "wheel app { src = [./py/**, made] }\n"})
        self.build(ws, run=2)
        wheel = self.made(ws, "app", "acme-1-py3-none-any.whl")
        said = subprocess.run(["/usr/bin/python3", "-c", "import acme; print(acme.X)"],
                              env={"PYTHONPATH": wheel}, check=True, stdout=subprocess.PIPE, text=True)
        self.assertEqual(said.stdout, "7\n")

    def test_packages_that_are_named(self):
        files = {"pyproject.toml": MINIMAL, "src/one/__init__.py": "", "src/two/a.py": "", "three.py": ""}
        self.fault({**files, "build.devgraph": "devgraph 1\nwheel app { src = ./** }\n"},
                   "these could be the package: src/one, src/two; name those that belong into it at the node, as in "
                   'packages = ["src/one"]')
        ws = self.workspace({**files, "build.devgraph":
                             'devgraph 1\nwheel app { src = ./**, packages = ["one", "src/two", "three"] }\n'})
        self.build(ws, run=1)
        with zipfile.ZipFile(self.made(ws, "app", "acme-1-py3-none-any.whl")) as archive:
            self.assertEqual(archive.namelist()[:3], ["one/__init__.py", "three.py", "two/a.py"])

    def test_faults_of_pyproject_carry_their_place_and_a_cure(self):
        manifest = "devgraph 1\nwheel app { src = ./** }\n"
        code = {"acme.py": "", "build.devgraph": manifest}
        why = "the project cannot be packed without its build backend; `wheel_by_backend` runs it"
        for text, message in (
                (MINIMAL + 'dependencies = ["b 1.0"]\n',
                 "pyproject.toml:4:17: the dependency `b 1.0`: `1.0` has no operator; write, for instance, `>=1.0`"),
                (MINIMAL + "dependencies = [\n  'c; python_versio < \"3\"',\n]\n",
                 "pyproject.toml:5:3: the dependency `c; python_versio < \"3\"`: in the condition, at "
                 "`python_versio < \"3\"`: did you mean `python_version`?"),
                (MINIMAL.replace('"1"', '"one"'),
                 "pyproject.toml:3:11: `one` is no version of PEP 440; write, for instance, 1.2.0, 1.2.0rc1 or "
                 "1.2.0.dev3"),
                (MINIMAL.replace("acme", "acme tools"),
                 "pyproject.toml:2:8: `acme tools` is no name of a package; write letters and digits, and between "
                 "them `-`, `_` or `.`"),
                (MINIMAL + 'license = "Apache 2"\n',
                 "pyproject.toml:4:11: `Apache` is no licence of the SPDX list; did you mean `Apache-2.0`?"),
                (MINIMAL + 'dependancies = []\n',
                 "pyproject.toml:4:1: [project] has no key `dependancies`; did you mean `dependencies`?"),
                (MINIMAL + 'readme = "READ.md"\n',
                 "pyproject.toml:4:10: `READ.md` is not among `src`; add ./READ.md to it"),
                (MINIMAL + 'license-files = ["LIC*"]\n',
                 "pyproject.toml:4:18: `LIC*` matches no file; add the licence to `src`"),
                (MINIMAL + '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "maturin"\n',
                 f"pyproject.toml:6:17: `maturin` may make more than what [project] says: {why}"),
                (MINIMAL + '[tool.setuptools]\next-modules = []\n',
                 f"pyproject.toml:5:1: `ext-modules` of [tool.setuptools] changes what is packed: {why}"),
                ("[tool.x]\n",
                 "pyproject.toml: there is no [project], so only the build backend knows what to pack; write one "
                 "with name and version (packaging.python.org tells how)")):
            with self.subTest(text=text):
                self.fault({**code, "pyproject.toml": text}, message)

    def test_several_faults_are_all_said(self):
        ws = self.workspace({"pyproject.toml": MINIMAL + 'requires-python = "3"\nlicense = "Mine"\n', "acme.py": "",
                             "build.devgraph": "devgraph 1\nwheel app { src = ./** }\n"})
        first = "pyproject.toml:4:19: requires-python: `3` has no operator; write, for instance, `>=3`"
        self.assert_text(self.expect(ws.devgraph("build"), 1).err, f"""\
[1/1] failed //:app: {first} (and 1 more, in the log)  0.0s
  --> build.devgraph:2
  | {first}
  | pyproject.toml:5:11: `Mine` is no licence of the SPDX list; for a licence of your own write `LicenseRef-Name`
  = log: .devgraph/log/app.log
1 node: 0 run, 0 fresh, 1 failed  0.0s
  failed   //:app  {first} (and 1 more, in the log)
""")

    def test_faults_of_what_is_packed(self):
        manifest = "devgraph 1\nwheel app { src = ./** }\n"
        code = {"acme.py": "", "build.devgraph": manifest}
        self.fault({**code, "pyproject.toml": MINIMAL, "setup.py": "from setuptools import setup\nsetup(x=1)\n"},
                   "setup.py does more than call setup(), so only setuptools can build this: use `wheel_by_backend`, "
                   "move what it says into pyproject.toml, or leave it out of `src`")
        self.fault({"pyproject.toml": MINIMAL, "build.devgraph": manifest},
                   "`src` holds no package: neither src/acme/, acme/ nor acme.py; add its files, as in src = "
                   "[./pyproject.toml, ./src/**]")
        self.fault({"acme.py": "", "build.devgraph": manifest},
                   "`src` holds no pyproject.toml; add it, as in src = [./pyproject.toml, ./src/**]")
        self.fault({"p/pyproject.toml": MINIMAL, "p/acme.py": "", "README.md": "", "build.devgraph":
                    "devgraph 1\nwheel app { src = [./p/**, ./README.md] }\n"},
                   "`README.md` lies outside of `p`, the project's folder, so it has no place in the package; leave "
                   "it out of `src`, or let a node copy it")
        self.fault({"pyproject.toml": MINIMAL, "acme.py": "", "build.devgraph":
                    'devgraph 1\nwheel app { src = ./**, platform = "../Linux" }\n'},
                   '`platform` is `../Linux`; write a tag such as "manylinux2014_x86_64", several with dots between '
                   "them")
        self.fault({**code, "pyproject.toml": MINIMAL + 'requires-python = ">=3.10"\n',
                    "build.devgraph": 'devgraph 1\nwheel app { src = ./**, python = "3.9" }\n'},
                   "the node is for Python 3.9, and requires-python is `>=3.10`")

    def test_machine_code_has_a_platform_and_perhaps_an_interpreter(self):
        def files(name, content=b"", fields=""):
            return {"acme/__init__.py": "", f"acme/{name}": content, "pyproject.toml": MINIMAL,
                    "build.devgraph": f"devgraph 1\nwheel app {{ src = ./**{fields} }}\n"}
        for name, content in (("x.so", b""), ("tool", b"\x7fELF\2")):
            self.fault(files(name, content),
                       f"`acme/{name}` is machine code, so the wheel is for one platform; say which, as in platform "
                       '= "manylinux2014_x86_64"')
        module = "x.cpython-311-x86_64-linux-gnu.so"
        platform = ', platform = "linux_x86_64"'
        self.fault(files(module, b"", platform),
                   f"`acme/{module}` is an extension module, and the tag of the wheel would be "
                   'py3-none-linux_x86_64; say for which interpreter it is, as in python = "3.11"')
        for name, fields, tag in ((module, platform + ', python = "3.11"', "cp311-cp311"),
                                  ("x.abi3.so", platform + ', python = "3.9"', "cp39-cp39"),
                                  ("tool", platform, "py3-none")):
            ws = self.workspace(files(name, b"\x7fELF\2", fields), name)
            self.build(ws, run=1)
            wheel = self.made(ws, "app", f"acme-1-{tag}-linux_x86_64.whl")
            with zipfile.ZipFile(wheel) as archive:
                self.assertEqual(archive.read("acme-1.dist-info/WHEEL").decode(),
                                 "Wheel-Version: 1.0\nGenerator: devgraph\nRoot-Is-Purelib: false\n"
                                 f"Tag: {tag}-linux_x86_64\n")

    def test_a_package_that_is_built(self):
        ws = self.workspace({
            "pyproject.toml": MINIMAL,
            "build.devgraph": "devgraph 1\nrun made {\n  out = ./acme/\n  $ mkdir {out}/sub\n"
                              "  $ echo X = 8 > {out}/__init__.py\n  $ touch {out}/sub/data\n}\n"
                              "wheel app { src = [./pyproject.toml, made] }\n"})
        self.build(ws, run=2)
        with zipfile.ZipFile(self.made(ws, "app", "acme-1-py3-none-any.whl")) as archive:
            self.assertEqual(archive.namelist()[:2], ["acme/__init__.py", "acme/sub/data"])
            self.assertEqual(archive.read("acme/__init__.py"), b"X = 8\n")

    def test_what_init_offers_packs_the_project(self):
        for folder, files in (("src", {"src/acme/__init__.py": ""}), ("flat", {"acme/__init__.py": ""})):
            ws = self.workspace({**files, "pyproject.toml": MINIMAL + 'readme = "README.md"\n',
                                 "README.md": "# Acme\n", "README.txt": ""}, folder)
            self.expect(ws.devgraph("init"), 0)
            ws.edit("build.devgraph", "#   wheel", "wheel")
            self.build(ws, "package", run=1)
            self.assertTrue(ws.exists("out/package/acme-1-py3-none-any.whl"))

    def test_a_link_is_no_file_of_a_package(self):
        ws = self.workspace({"pyproject.toml": MINIMAL, "build.devgraph":
                             "devgraph 1\nrun made {\n  out = ./acme/\n"
                             "  $ touch {out}/__init__.py\n  $ ln -s __init__.py {out}/b.py\n}\n"
                             "wheel app { src = [./pyproject.toml, made] }\n"})
        said = self.expect(ws.devgraph("build"), 1)
        self.assertIn("`acme/b.py` is a link, and a package holds files only; make the node that builds it copy the "
                      "file", said.err)

    def test_toml_that_is_none_is_found_before_anything_runs(self):
        ws = self.workspace({"acme.py": "", "pyproject.toml": "[project\n", "build.devgraph":
                             "devgraph 1\nwheel app { src = [./pyproject.toml, ./acme.py] }\n"})
        said = self.expect(ws.devgraph("build"), 2)
        self.assert_text(said.err, """error[E405]: //pyproject.toml is no toml
  --> pyproject.toml:1:9
 1 | [project
   |         ^ Error while parsing table header: expected ']', saw '\\n'
  --> build.devgraph:2:7
 2 | wheel app { src = [./pyproject.toml, ./acme.py] }
   |       ^^^ used here
""")
        ws.write("pyproject.toml", MINIMAL)
        self.build(ws, run=1)

    def test_metadata_that_old_uploaders_take(self):
        files = {"pyproject.toml": MINIMAL + 'description = "x"\nlicense = "mit"\n', "acme.py": "",
                 "build.devgraph": "devgraph 1\nwheel new { src = ./** }\n"
                                   'wheel old { src = ./**, metadata_version = "2.2" }\n'}
        ws = self.workspace(files)
        self.build(ws, run=2)
        new = ws.read("out/new/acme-1-py3-none-any.whl.metadata")
        old = ws.read("out/old/acme-1-py3-none-any.whl.metadata")
        self.assertIn("Metadata-Version: 2.4\n", new)
        self.assertIn("License-Expression: MIT\n", new)
        self.assertIn("Metadata-Version: 2.2\n", old)
        self.assertIn("License: MIT\n", old)

    def index_workspace(self):
        return self.workspace({
            "one/pyproject.toml": MINIMAL.replace("acme", "one") + 'requires-python = ">=3.8"\n'
                                  'dependencies = ["two"]\n',
            "one/one.py": "import two\nX = two.X\n",
            "two/pyproject.toml": MINIMAL.replace("acme", "two"), "two/two.py": "X = 2\n",
            "build.devgraph": "devgraph 1\nwheel one { src = ./one/** }\nwheel two { src = ./two/** }\n"
                              "sdist source { src = ./two/** }\n"
                              "package_index simple { files = [one, two, source] }\n"})

    def test_pip_installs_from_the_index(self):
        ws = self.index_workspace()
        self.build(ws, run=4)
        target = os.path.join(self.folder, "target")
        handler = functools.partial(Quiet, directory=os.path.join(ws.root, "out/simple/simple"))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        self.python("-m", "pip", "install", "-q", "--index-url", url, "--no-compile", "--target", target, "one")
        said = subprocess.run(["/usr/bin/python3", "-c", "import one; print(one.X)"],
                              env={"PYTHONPATH": target}, check=True, stdout=subprocess.PIPE, text=True)
        self.assertEqual(said.stdout, "2\n")

    def test_what_the_index_says(self):
        ws = self.index_workspace()
        self.build(ws, run=4)
        root = "out/simple/simple/"
        answer = json.loads(ws.read(root + "index.json"))
        self.assertEqual(answer, {"meta": {"api-version": "1.1"}, "projects": [{"name": "one"}, {"name": "two"}]})
        answer = json.loads(ws.read(root + "two/index.json"))
        self.assertEqual(answer["versions"], ["1"])
        self.assertEqual([file["filename"] for file in answer["files"]],
                         ["two-1-py3-none-any.whl", "two-1.tar.gz"])
        one = json.loads(ws.read(root + "one/index.json"))["files"][0]
        self.assertEqual(one["requires-python"], ">=3.8")
        page = ws.read(root + "one/index.html")
        for name, digest in ((one["url"], one["hashes"]["sha256"]),
                             (one["url"] + ".metadata", one["core-metadata"]["sha256"])):
            with open(ws.path(root + "one/" + name), "rb") as file:
                self.assertEqual(hashlib.sha256(file.read()).hexdigest(), digest)
            self.assertIn(f"sha256={digest}", page)
        self.assertIn('data-requires-python="&gt;=3.8"', page)

    def test_files_that_no_index_takes(self):
        manifest = "devgraph 1\npackage_index x { files = ./dist/* }\n"
        no_archive = "it cannot be read: Unrecognized archive format"
        no_name = "is not named after a package and its version, as in"
        for name, content, message in (
                ("notes.txt", "x", "`notes.txt` is neither a wheel nor a source distribution"),
                ("a.whl", "x", f"`a.whl` {no_name} acme-1.0-py3-none-any.whl"),
                ("a.tar.gz", "x", f"`a.tar.gz` {no_name} acme-1.0.tar.gz"),
                ("a-1-py3-none-any.whl", "x", f"a-1-py3-none-any.whl: {no_archive}"),
                ("a-1.tar.gz", "x", f"a-1.tar.gz: {no_archive}")):
            self.fault({"build.devgraph": manifest, f"dist/{name}": content}, message, "x")
        ws = self.workspace(PROJECT)
        self.build(ws)
        with open(self.made(ws, "app", WHEEL), "rb") as file:
            wheel = file.read()
        with open(self.made(ws, "source", SDIST), "rb") as file:
            sdist = file.read()
        for name, content in (("b-1-py3-none-any.whl", wheel), ("b-1.tar.gz", sdist)):
            self.fault({"build.devgraph": manifest, f"dist/{name}": content},
                       f"{name} holds Acme.Tools 1.0rc1; a package keeps the name that it was made with", "x")
        # Whatever is cut off, it is said, and nothing crashes.
        for length in (30, 100, len(wheel) // 2, len(wheel) - 1):
            self.fault({"build.devgraph": manifest, f"dist/{WHEEL}": wheel[:length]}, f"{WHEEL}: {no_archive}", "x")
        for length in (30, 100, len(sdist) // 2, len(sdist) - 1):
            ws = self.workspace({"build.devgraph": manifest, f"dist/{SDIST}": sdist[:length]}, f"cut{length}")
            self.assertIn(f"{SDIST}: it", self.expect(ws.devgraph("build"), 1).err)


if __name__ == "__main__":
    harness.main()
