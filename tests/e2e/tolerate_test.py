#!/usr/bin/python3
"""`allow_failed` and `may_fail`: merges that do without a few, and what the exit status says."""

import json
import os

import harness

MANIFEST = """devgraph 1
param spare: int = 0
param lenient: bool = false
axis item = ["a", "b", "c", "d"]
let inputs = { a = ./in/a, b = ./in/b, c = ./in/c, d = ./in/d }

run made[item] {
  out      = "{item}.json"
  may_fail = lenient
  $ grep -v bad {inputs[item]} > {out}
}
run step[item] {
  out = "{item}.json"
  $ cat {made[item]} > {out}
}
merge_json all { parts = step, allow_failed = spare }
run report {
  out = "report.txt"
  $ cat {all.out} {all.quarantine} > {out}
}
"""


class Tolerate(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST,
                                  **{f"in/{i}": f'{{"{i}": 1}}\n' for i in "abcd"}})

    def quarantine(self):
        return json.loads(self.ws.shell('cat "$("$DEVGRAPH" out all | grep quarantine)"'))

    def test_none_failed(self):
        self.build(self.ws, nodes=10, run=10)
        self.assertEqual(self.quarantine(), [])

    def test_without_it_one_failure_blocks_the_merge(self):
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", code=1, run=6, failed=1, blocked=3)

    def test_with_it_the_merge_does_without(self):
        self.ws.write("in/b", "bad\n")
        run = self.build(self.ws, "-k", "-D", "spare=1", code=1, run=8, failed=1, blocked=1)
        self.assertEqual(self.quarantine(), ["//:step@item=b"])
        self.assertIn("//:step@item=b", run.err)
        self.assertEqual(sorted(json.loads(self.ws.shell('cat "$("$DEVGRAPH" out all | head -n1)"'))),
                         ["a", "c", "d"])

    def test_one_more_than_allowed_blocks(self):
        self.ws.write("in/b", "bad\n")
        self.ws.write("in/c", "bad\n")
        self.build(self.ws, "-k", "-D", "spare=1", code=1, failed=2, blocked=4)

    def test_may_fail_leaves_the_exit_status_alone(self):
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", "-D", "spare=1", "-D", "lenient=true", code=0, failed=1, blocked=1)

    def test_the_cured_part_joins_again(self):
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", "-D", "spare=1", code=1)
        self.ws.write("in/b", '{"b": 2}\n')
        self.build(self.ws, "-k", "-D", "spare=1", run=4, fresh=6)
        self.assertEqual(self.quarantine(), [])

    def test_the_list_of_those_left_out_may_have_a_name_of_ones_own(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
axis n = ["1", "2"]
run part[n] {
  out = "o"
  may_fail = true
  $ test {n} != 2; echo {n} > {out}
}
run merged {
  out          = { all = "all", quarantine = "missing.json" }
  deps         = part
  allow_failed = 1
  $ cat {part} > {out.all}
}
"""})
        self.build(ws, "-k", run=2, failed=1)
        self.assertEqual(ws.read("out/merged/missing.json"), '[\n "//:part@n=2"\n]\n')

    def test_a_share(self):
        self.ws.edit("build.devgraph", "allow_failed = spare", 'allow_failed = "25%"')
        self.ws.write("in/b", "bad\n")
        self.build(self.ws, "-k", code=1, failed=1, blocked=1)
        self.ws.write("in/c", "bad\n")
        self.build(self.ws, "-k", code=1, failed=2, blocked=4)

    def test_too_many_are_counted_named_and_come_with_a_way_out(self):
        for item in "bcd":
            self.ws.write(f"in/{item}", "bad\n")
        run = self.build(self.ws, "-k", "-D", "spare=2", code=1, failed=3, blocked=5)
        self.assertIn("] //:all  blocked by 3 failures of 4, `allow_failed` permits 2\n", run.err)
        self.assertTrue(run.err.endswith("""
  blocked  //:step@item=b  by //:made@item=b
  blocked  //:step@item=c  by //:made@item=c
  blocked  //:step@item=d  by //:made@item=d
  blocked  //:all          by 3 failures of 4, `allow_failed` permits 2
    //:step@item=b
    //:step@item=c
    //:step@item=d
    --> build.devgraph:16: mend them, or do without: allow_failed = 3
  blocked  //:report       by //:made@item=b
"""), run.err)

    def test_what_stands_in_no_list_is_not_left_out(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
axis n = ["1", "2"]
run head {
  out = "head"
  $ false
}
run part[n] {
  out = "o"
  $ test {n} != 2; echo {n} > {out}
}
run merged {
  out          = "all"
  allow_failed = 2
  $ cat {head} {part} > {out}
}
"""})
        run = self.build(ws, "-k", code=1, run=1, failed=2, blocked=1)
        self.assertTrue(run.err.endswith("""
  blocked  //:merged    by //:head
    //:head
    //:part@n=2
    --> build.devgraph:11: `allow_failed` leaves out parts of lists; //:head stands in none
"""), run.err)

    def test_an_archive_does_without_parts_of_its_lists(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
axis n = ["1", "2", "3"]
run part[n] {
  out = "{n}.txt"
  $ test {n} != 2; echo {n} > {out}
}
run one {
  out = "one"
  $ test -e never; echo > {out}
}
tar all { files = { "/data/" = part, "/doc/" = ./doc/** }, allow_failed = 1 }
tar strict { files = { "/one" = one, "/data/" = part }, allow_failed = 2 }
""", "doc/a/b": "b\n"})
        run = self.build(ws, "-k", code=1, run=3, failed=2, blocked=1)
        self.assertEqual(ws.shell("tar tf out/all/all.tar"), "data/\ndata/1.txt\ndata/3.txt\ndoc/\ndoc/a/\ndoc/a/b\n")
        self.assertEqual(json.loads(ws.read("out/all/quarantine.json")), ["//:part@n=2"])
        self.assertIn("parts of lists; //:one stands in none\n", run.err)
        ws.edit("build.devgraph", "test {n} != 2; ", "")
        self.build(ws, "all", run=4)
        self.assertIn("data/2.txt\n", ws.shell("tar tf out/all/all.tar"))

    def test_parts_of_folders_are_left_out_and_a_share_is_one_of_nodes(self):
        ws = self.workspace({"build.devgraph": """devgraph 1
axis n = ["1", "2", "3"]
run part[n] {
  out = "made/"
  $ test {n} = 1; echo {n} > {out}/a
}
run merged {
  out          = "all"
  deps         = [./notes/**]
  allow_failed = "70%"
  $ cat {[for p in part: p / "a"]} > {out}
}
""", **{f"notes/{i}": "" for i in range(9)}})
        ws.edit("build.devgraph", "cat {[for p in part: p / \"a\"]}", "cat {parts}")
        ws.edit("build.devgraph", "run merged", 'let parts = [for p in part: p / "a"]\nrun merged')
        self.build(ws, "-k", code=1, run=2, failed=2)
        self.assertEqual(ws.read("out/merged/all"), "1\n")
        ws.edit("build.devgraph", "70%", "60%")
        self.assertIn("by 2 failures of 3, `allow_failed` permits 1 (60%)\n", self.build(ws, "-k", code=1, blocked=1).err)


USED = """devgraph 1
param fail: bool = false
param to: string
run art {
  may_fail = true
  out      = "art.txt"
  deps     = ./src
  $ if {fail}; then exit 1; fi
  $ cat {deps} > {out}
}
run mid {
  out = "mid.txt"
  $ cat {art} > {out}
}
test checked {
  may_fail = true
  deps     = ./src
  $ if {fail}; then exit 1; fi
}
rule suite(fail: bool) {
  test inner {
    may_fail = true
    deps     = ./src
    $ if {fail}; then exit 1; fi
  }
}
suite checks { fail }
env_file vars { vars = { A = text(art) } }
freeze keep { into = ./, files = art }
copy_to direct { files = art, to = "{to}/direct" }
copy_to behind { files = mid, to = "{to}/behind" }
freeze checked-copy { into = ./kept/, files = ./src, after = checks }
copy_to watched { files = ./src, to = "{to}/watched", after = checks }
copy_to guarded { files = ./src, to = "{to}/guarded", after = checked }
"""


class Used(harness.Case):
    def test_what_failed_is_not_used_though_it_may_fail(self):
        ws = self.workspace({"build.devgraph": USED, "src": "old\n"})
        shelf = os.path.join(self.folder, "shelf")
        self.build(ws, "-D", f"to={shelf}", nodes=5, run=5)
        ws.write("src", "new\n")
        ws.write("art.txt", "by hand\n")
        failing = ("-D", f"to={shelf}", "-D", "fail=true")
        why = "what it makes is needed here, so `may_fail` does not excuse it\n"
        for effect, fault in (("direct", "//:art failed: "), ("behind", "//:mid is blocked: "),
                              ("guarded", "//:checked failed: "), ("watched", "//:checks/inner failed: ")):
            run = self.expect(ws.devgraph("release", "--yes", *failing, effect), 1)
            self.assertTrue(run.err.endswith(fault + why), run.err)
            self.assertFalse(os.path.exists(shelf))
        run = self.expect(ws.devgraph("freeze", *failing, "checked-copy"), 1)
        self.assertTrue(run.err.endswith(f"//:checks/inner failed: {why}nothing was copied into the tree\n"), run.err)
        run = self.expect(ws.devgraph("freeze", *failing, "keep"), 1)
        self.assertTrue(run.err.endswith(f"//:art failed: {why}nothing was copied into the tree\n"), run.err)
        self.assertEqual(ws.read("art.txt"), "by hand\n")
        run = self.expect(ws.devgraph("export", *failing, "vars"), 1)
        self.assertEqual(run.out, "")
        self.assertTrue(run.err.endswith(f"//:vars is blocked: {why}"), run.err)
        # A build by itself excuses all of it.
        self.build(ws, "-k", *failing)
        self.assertIn("1 effect: 1 done", self.expect(ws.devgraph("release", "--yes", *failing[:2], "behind"), 0).err)
        self.assertEqual(open(f"{shelf}/behind/mid.txt", encoding="utf-8").read(), "new\n")


if __name__ == "__main__":
    harness.main()
