#!/usr/bin/python3
"""Wheels that a project's own build backend packs: real ones of Debian, and some that misbehave."""

import glob
import os
import shutil
import subprocess
import zipfile

import harness

# A backend of the project itself: writes a wheel with what it finds, in an order and with times of its own.
OWN = """
import os, time, zipfile


def build_wheel(folder, settings=None, metadata=None):
    name = "acme-1.0-py3-none-any.whl"
    info = "acme-1.0.dist-info/"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as made:
        made.writestr(zipfile.ZipInfo(info + "RECORD", time.gmtime()[:6]), "not kept\\n")
        made.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: acme\\nVersion: 1.0\\n")
        made.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: own\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        made.writestr("acme.py", "SETTINGS = %r\\n" % sorted((settings or {}).items()))
    return name
"""
SYSTEM = '[build-system]\nrequires = []\nbuild-backend = "own:nothing.here"\nbackend-path = ["tools"]\n'
PROJECT = '[project]\nname = "acme"\nversion = "1.0"\n'


class Backends(harness.Case):
    def project(self, name="ws", own=OWN, system=SYSTEM.replace(":nothing.here", ""), rest=""):
        return self.workspace({
            "pyproject.toml": system + PROJECT, "tools/own.py": own,
            "build.devgraph": "devgraph 1\nvenv env {}\n"
                              f"wheel_by_backend app {{ src = [./pyproject.toml, ./tools/**], backend = env{rest} }}\n"}, name)

    def wheel_of(self, ws, node="app"):
        found = glob.glob(os.path.join(ws.root, "out", node, "*.whl"))
        self.assertEqual(len(found), 1, found)
        return found[0]

    def test_the_result_is_normalised(self):
        one = self.project("one", rest=", settings = { colour = \"red=blue\" }")
        other = self.project("two/deep", rest=", settings = { colour = \"red=blue\" }")
        self.expect(one.devgraph("build"), 0)
        os.umask(0o077)
        self.addCleanup(os.umask, 0o022)
        self.expect(other.devgraph("build", env={"TZ": "Asia/Tokyo"}), 0)
        with open(self.wheel_of(one), "rb") as a, open(self.wheel_of(other), "rb") as b:
            self.assertEqual(a.read(), b.read())
        with zipfile.ZipFile(self.wheel_of(one)) as made:
            info = "acme-1.0.dist-info/"
            self.assertEqual(made.namelist(), ["acme.py", info + "METADATA", info + "WHEEL", info + "RECORD"])
            self.assertEqual(made.read("acme.py").decode(), "SETTINGS = [('colour', 'red=blue')]\n")
            self.assertIn("acme.py,sha256=", made.read(info + "RECORD").decode())
            self.assertEqual({entry.date_time for entry in made.infolist()}, {(1980, 1, 1, 0, 0, 0)})
        self.build(one, nodes=2, run=0)
        one.write("pyproject.toml", one.read("pyproject.toml") + "# a comment\n")
        self.expect(one.devgraph("build"), 0)

    def test_the_tree_is_not_written(self):
        writes = OWN.replace("    name = ", "    os.mkdir('build'); open('acme.egg-info', 'w').close()\n    name = ")
        ws = self.project(own=writes)
        before = sorted(os.listdir(ws.root))
        self.expect(ws.devgraph("build"), 0)
        self.assertEqual(sorted(set(os.listdir(ws.root)) - {"out", ".devgraph"}), before)

    def test_backends_that_fail(self):
        ws = self.project("a", system=SYSTEM)
        self.assertIn("AttributeError: module 'own' has no attribute 'nothing'", self.expect(ws.devgraph("build"), 1).err)
        ws = self.project("b", system='[build-system]\nrequires = ["fancy>=2"]\nbuild-backend = "fancy.api"\n')
        self.assertIn("the environment has no fancy.api; the project needs fancy>=2",
                      self.expect(ws.devgraph("build"), 1).err)
        ws = self.project("c", own=OWN.replace("py3-none-any", "cp311-cp311-linux_x86_64"))
        self.assertIn("the build backend made acme-1.0-cp311-cp311-linux_x86_64.whl, but the graph calls it "
                      "acme-1.0-py3-none-any.whl: the name and version of the graph are those of [project], or "
                      "`version`, and the tags follow `python` and `platform`", self.expect(ws.devgraph("build"), 1).err)
        ws = self.project("d", own=OWN.replace("import os, time", "import os, time, json").replace(
            "    return name", "    os.remove(os.path.join(folder, name))\n    return name"))
        self.assertIn("the build backend made no wheel", self.expect(ws.devgraph("build"), 1).err)
        ws = self.project("e", own=OWN.replace("py3-none-any", "cp311-cp311-linux_x86_64"),
                          rest=", python = \"3.11\", platform = \"linux_x86_64\"")
        self.expect(ws.devgraph("build"), 0)

    def test_setuptools_with_a_compiled_module(self):
        """Of Debian's python3-setuptools and python3-wheel, as wheels made from what is installed."""
        wheels = self.backend_wheels("setuptools", "wheel")
        ws = self.workspace({
            "pyproject.toml": '[build-system]\nrequires = ["setuptools>=61", "wheel"]\n'
                              'build-backend = "setuptools.build_meta"\n' + PROJECT,
            "setup.py": "from setuptools import Extension, setup\nsetup(py_modules=['acme'], "
                        "ext_modules=[Extension('_acme', ['acme.c'])])\n",
            "acme.py": "from _acme import answer\n",
            "acme.c": "#include <Python.h>\n"
                      "static PyObject* answer(PyObject* self, PyObject* none) { return PyLong_FromLong(42); }\n"
                      'static PyMethodDef all[] = {{"answer", answer, METH_NOARGS, ""}, {0}};\n'
                      'static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_acme", 0, -1, all};\n'
                      "PyMODINIT_FUNC PyInit__acme(void) { return PyModule_Create(&module); }\n",
            "build.devgraph": "devgraph 1\nvenv tools { python = \"3.11\", wheels = ./wheels/*.whl }\n"
                              "wheel_by_backend app {\n  src = [./pyproject.toml, ./setup.py, ./acme.py, ./acme.c]\n"
                              "  backend = tools\n  tools = [\"x86_64-linux-gnu-gcc\", \"as\", \"ld\"]\n  python = \"3.11\"\n"
                              "  platform = \"linux_x86_64\"\n}\n"
                              "wheel_test tried { wheel = app.out, python = \"3.11\" }\n"})
        shutil.copytree(wheels, os.path.join(ws.root, "wheels"))
        env = {"PATH": "/usr/bin:/bin"}
        self.expect(ws.devgraph("build", env=env), 0)
        self.assertIn("imported _acme\nimported acme\n", self.expect(ws.devgraph("log", "tried"), 0).out)
        self.assertEqual(os.path.basename(self.wheel_of(ws)), "acme-1.0-cp311-cp311-linux_x86_64.whl")
        twice = self.expect(ws.devgraph("build", "--twice", "-B", "app", env=env), 0)
        self.assertNotIn("differs", twice.err)

    def backend_wheels(self, *names):
        """Wheels of packages that this machine has: their files with a new RECORD."""
        folder = os.path.join(self.folder, "wheels")
        os.mkdir(folder)
        script = """
import csv, hashlib, base64, importlib.metadata as m, io, sys, zipfile
for name in sys.argv[2:]:
    dist = m.distribution(name)
    info = f"{name}-{dist.version}.dist-info/"
    rows = io.StringIO()
    with zipfile.ZipFile(f"{sys.argv[1]}/{name}-{dist.version}-py3-none-any.whl", "w") as made:
        files = {}
        tops = (dist.read_text("top_level.txt") or name).split()
        base = dist.locate_file("")
        for top in tops:
            for path in sorted((base / top).rglob("*.py")) + sorted((base / top).rglob("*.tmpl")):
                files[str(path.relative_to(base))] = path.read_bytes()
        files[info + "METADATA"] = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {dist.version}\\n".encode()
        files[info + "WHEEL"] = b"Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        files[info + "entry_points.txt"] = (dist.read_text("entry_points.txt") or "").encode()
        out = csv.writer(rows)
        for path, data in files.items():
            made.writestr(path, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            out.writerow([path, "sha256=" + digest, len(data)])
        out.writerow([info + "RECORD", "", ""])
        made.writestr(info + "RECORD", rows.getvalue())
"""
        subprocess.run(["/usr/bin/python3", "-c", script, folder, *names], check=True, timeout=60)
        return folder


if __name__ == "__main__":
    harness.main()
