#!/usr/bin/python3
"""`why` of effects: no build carries them out, so it tells what releases did, and how to see what is there."""

import json
import os
import re

import harness

MANIFEST = """devgraph 1
param shelf: string
write page { text = read(./page.txt), to = "page.txt" }
copy_to shelf-copy { files = page, to = shelf }
exec notice {
  deps = [page]
  apply =
    $ test -e {shelf}/open
}
freeze kept { into = ./kept/, files = page }
let release = [shelf-copy, notice]
"""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DIGEST = re.compile(r"\b[0-9a-f]{12}\b")


class WhyEffect(harness.Case):
    def setUp(self):
        super().setUp()
        self.shelf = os.path.join(self.folder, "shelf")
        os.makedirs(self.shelf)
        self.ws = self.workspace({"build.devgraph": MANIFEST, "page.txt": "a page\n"})

    def devgraph(self, *words, code=0):
        return self.expect(self.ws.devgraph(*words, "-D", f"shelf={self.shelf}"), code)

    def why(self, label, text):
        out = self.devgraph("why", label).out.replace(self.folder, "<folder>")
        self.assert_text(TIME.sub("<when>", DIGEST.sub("<digest>", out)), text)

    def test_never_released(self):
        self.why("shelf-copy", """//:shelf-copy  an effect: no build carries it out, `devgraph release //:shelf-copy` does
  no release here has done anything for it
  `devgraph check --remote //:shelf-copy` shows what its target holds now
  //:page  stale: never built
    output out/page/page.txt is missing
""")
        self.why("kept", """//:kept  an effect: no build carries it out, `devgraph freeze //:kept` does
  `devgraph check //:kept` shows whether the tree has it
  //:page  stale: never built
    output out/page/page.txt is missing
""")
        self.devgraph("build")
        self.why("kept", """//:kept  an effect: no build carries it out, `devgraph freeze //:kept` does
  `devgraph check //:kept` shows whether the tree has it
""")
        self.devgraph("check", "kept", code=3)
        self.devgraph("check", "--remote", "shelf-copy", code=3)

    def test_done_and_failed_and_not_ended(self):
        self.devgraph("release", "--yes", "-k", code=1)
        self.why("shelf-copy", """//:shelf-copy  an effect: no build carries it out, `devgraph release //:shelf-copy` does
  copy <folder>/shelf/page.txt: done <when>, <digest>
  the release of it that was begun <when> has not ended
  `devgraph check --remote //:shelf-copy` shows what its target holds now
""")
        self.why("notice", """//:notice  an effect: no build carries it out, `devgraph release //:notice` does
  exec //:notice: failed <when>, <digest>: exit status 1
  the release of it that was begun <when> has not ended
  `devgraph check --remote //:notice` shows what its target holds now
""")
        open(os.path.join(self.shelf, "open"), "wb").close()
        self.devgraph("release", "--yes")
        self.why("notice", """//:notice  an effect: no build carries it out, `devgraph release //:notice` does
  exec //:notice: done <when>, <digest>
  `devgraph check --remote //:notice` shows what its target holds now
""")
        # What it would put there by now.
        self.ws.write("page.txt", "another\n")
        self.why("shelf-copy", """//:shelf-copy  an effect: no build carries it out, `devgraph release //:shelf-copy` does
  copy <folder>/shelf/page.txt: done <when>, <digest>
  `devgraph check --remote //:shelf-copy` shows what its target holds now
  //:page  stale
    argument text  "a page\\n" -> "another\\n"
""")

    def test_begun_and_taken_back(self):
        self.devgraph("release", "shelf-copy", "--yes")
        lines = self.ws.read(".devgraph/ledger").splitlines(True)
        self.assertEqual([json.loads(line)["event"] for line in lines], ["begin", "started", "done", "end"])
        self.devgraph("release", "shelf-copy", "--revert", "--yes")
        self.why("shelf-copy", """//:shelf-copy  an effect: no build carries it out, `devgraph release //:shelf-copy` does
  copy <folder>/shelf/page.txt: taken back <when>, <digest>
  `devgraph check --remote //:shelf-copy` shows what its target holds now
""")
        self.ws.write(".devgraph/ledger", "".join(lines[:2]))
        self.why("shelf-copy", """//:shelf-copy  an effect: no build carries it out, `devgraph release //:shelf-copy` does
  copy <folder>/shelf/page.txt: begun <when>, <digest>; nothing says that it was finished
  the release of it that was begun <when> has not ended
  `devgraph check --remote //:shelf-copy` shows what its target holds now
""")
        step = json.loads(lines[1])
        self.assertEqual(json.loads(self.devgraph("why", "shelf-copy", "--json").out), [{
            "label": "//:shelf-copy",
            "effect": {"command": "devgraph release //:shelf-copy", "look": "devgraph check --remote //:shelf-copy",
                       "steps": [{"kind": "copy", "target": f"{self.shelf}/page.txt", "digest": step["digest"],
                                  "state": "begun", "time": step["time"]}],
                       "unfinished_since": json.loads(lines[0])["time"]},
            "stale_needs": [], "causes": []}])

    def test_many_names(self):
        pages = [f"page-{i}.txt" for i in range(12)]
        for page in pages:
            self.ws.write(f"pages/{page}", "x\n")
        self.ws.edit("build.devgraph", "files = page, to = shelf", "files = ./pages/*.txt, to = shelf")
        self.devgraph("release", "shelf-copy", "--yes")
        out = self.devgraph("why", "shelf-copy").out
        self.assertEqual(out.count(": done "), 10)
        self.assertIn("\n  2 more; -v shows them all\n", out)
        self.assertEqual(self.devgraph("why", "shelf-copy", "-v").out.count(": done "), 12)

    def test_a_ledger_that_is_damaged(self):
        self.devgraph("release", "shelf-copy", "--yes")
        self.ws.write(".devgraph/ledger", "no\n" + self.ws.read(".devgraph/ledger"))
        self.assertEqual(self.devgraph("why", "page").out, "//:page  fresh\n")
        run = self.devgraph("why", "shelf-copy", code=2)
        self.assert_text(run.err, f"""error[E912]: {self.ws.root}/.devgraph/ledger is damaged at byte 0: it tells what releases did; bring it back from a copy, or move it away and let the targets be asked
""")


if __name__ == "__main__":
    harness.main()
