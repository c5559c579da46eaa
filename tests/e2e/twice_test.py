#!/usr/bin/python3
"""`build --twice`: what is not the same when it is made again, and where it begins to differ."""

import harness


class Twice(harness.Case):
    def said(self, script, out, tools="", rest=""):
        """What is printed of a node that may write to a counter outside: 1 in the first run, 2 in the second."""
        self.times = getattr(self, "times", 0) + 1
        ws = self.workspace({"in/b.txt": "b\n", "build.devgraph": "devgraph 1\n"}, f"ws{self.times}")
        counter = f"{self.folder}/counter{self.times}"
        with open(counter, "w", encoding="utf-8") as file:
            file.write("0\n")
        lines = "".join(f"  $ {line}\n" for line in script)
        ws.write("build.devgraph", f"devgraph 1\nrun made {{\n  out = \"{out}\"\n  sandbox = false\n  deps = ./in/b.txt\n"
                                   f"  tools = [{tools}]\n  $ n=$(($(cat {counter}) + 1)); echo $n > {counter}\n{lines}}}\n{rest}")
        run = self.expect(ws.devgraph("build", "--twice"), 1)
        head, _, text = run.err.partition("not equal when run twice:\n")
        self.assertTrue(text, head)
        return text.strip()

    def test_texts_and_bytes(self):
        self.assertEqual(self.said(["printf 'one\\ntwo %s\\nthree\\n' $n > {out}"], "x.txt"),
                         '//:made: out/made/x.txt: line 2: "two 1" -> "two 2"')
        self.assertEqual(self.said(["printf 'a\\000b%s\\377' $n > {out}"], "x.bin"), "//:made: out/made/x.bin: byte 3")
        self.assertEqual(self.said(["echo same > {out}", "test $n = 1 || chmod +x {out}"], "x"),
                         "//:made: out/made/x: not executable -> executable")
        self.assertEqual(self.said(["printf 'line %s\\n' $n | gzip -n > {out}"], "x.gz"),
                         '//:made: out/made/x.gz: unpacked, line 1: "line 1" -> "line 2"')

    def test_folders(self):
        self.assertEqual(self.said(["mkdir -p {out}/d/e", "echo same > {out}/a", "echo $n > {out}/d/e/f"], "x/"),
                         '//:made: out/made/x: d/e/f: line 1: "1" -> "2"')
        self.assertEqual(self.said(["touch {out}/same {out}/name-$n"], "x/"),
                         "//:made: out/made/x: name-1 is only in the first")
        self.assertEqual(self.said(["touch {out}/a", "ln -s target-$n {out}/link"], "x/"),
                         "//:made: out/made/x: link: target target-1 -> target-2")

    def test_archives(self):
        tar = "tar --sort=name --owner=0 --group=0 -C in --mtime=@{n} -cf {{out}} b.txt"
        self.assertEqual(self.said(["mkdir in; cp {deps} in/", tar.replace("{n}", "$n").replace("{{out}}", "{out}")], "x.tar"),
                         "//:made: out/made/x.tar: entry b.txt: time 1 -> 2")
        self.assertEqual(
            self.said(["mkdir in; cp {deps} in/; touch -d @0 in/b.txt; chmod $((642 + n + n)) in/b.txt",
                       "tar -C in -czf {out} b.txt"], "x.tar.gz"),
            "//:made: out/made/x.tar.gz: entry b.txt: mode 644 -> 646")
        self.assertEqual(
            self.said(["touch -d @0 x1 x2 y; tar -cf {out} x$n y"], "x.tar"), "//:made: out/made/x.tar: entry 1: x1 -> x2")
        script = ("import sys, zipfile; z = zipfile.ZipFile(sys.argv[1], 'w'); "
                  "z.writestr(zipfile.ZipInfo('a.txt', (2000, 1, 1, 0, 0, 0)), 'a'); "
                  "z.writestr(zipfile.ZipInfo('é.txt', (2000, 1, 1, 0, 0, 2 * int(sys.argv[2]))), 'e')")
        said = self.said([f"python3 -c \"{script}\" {{out}} $n"], "x.zip", tools='"python3"')
        self.assertEqual(said, "//:made: out/made/x.zip: entry é.txt: time 946684802 -> 946684804")

    def test_images(self):
        said = self.said(["printf 'layer %s\\n' $n > {out}"], "x.txt",
                         rest="image app { files = { \"/x\" = made } }\n")
        self.assertEqual(said, '//:made: out/made/x.txt: line 1: "layer 1" -> "layer 2"')


if __name__ == "__main__":
    harness.main()
