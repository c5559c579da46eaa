#!/usr/bin/python3
"""Late axes: how many nodes there are depends on what another node makes."""

import harness

MANIFEST = """devgraph 1
let corpus = ./corpus.txt
run split {
  out = "shards/"
  $ while read -r name text; do echo "$text" > {out}/"$name"; done < {corpus}
}
late axis shard = names(split.out)
run count[shard] {
  out = "{shard}.txt"
  $ wc -w < {split.out[shard]} > {out}
}
run total {
  out = "total.txt"
  $ cat {count} /dev/null > {out}
}
"""
CORPUS = "a one two\nb three\nc four five six\n"
TOTAL = "out/total/total.txt"


class Late(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "corpus.txt": CORPUS})

    def test_the_first_build_makes_all_cells(self):
        self.build(self.ws, nodes=5, run=5, fresh=0)
        self.assertEqual(self.ws.read(TOTAL), "2\n1\n3\n")
        self.build(self.ws, nodes=5, run=0, fresh=5)

    def test_many_jobs_make_the_same(self):
        self.ws.write("corpus.txt", "".join(f"n{i:03} word\n" for i in range(200)))
        self.build(self.ws, "-j32", nodes=202, run=202)
        self.assertEqual(self.ws.read(TOTAL), "1\n" * 200)

    def test_one_part_changed_runs_one_cell(self):
        self.build(self.ws)
        self.ws.edit("corpus.txt", "b three", "b three more")
        self.build(self.ws, nodes=5, run=3, fresh=2)
        self.assertEqual(self.ws.read(TOTAL), "2\n2\n3\n")

    def test_equal_parts_run_no_cell(self):
        self.build(self.ws)
        self.ws.edit("corpus.txt", "a one two\nb three\n", "b three\na one two\n")
        self.build(self.ws, nodes=5, run=1, fresh=4)

    def test_a_part_more_and_a_part_less(self):
        self.build(self.ws)
        self.ws.write("corpus.txt", CORPUS + "d seven\n")
        self.build(self.ws, nodes=6, run=3, fresh=3)
        self.assertEqual(self.ws.read(TOTAL), "2\n1\n3\n1\n")
        self.ws.edit("corpus.txt", "a one two\n", "")
        self.build(self.ws, nodes=5, run=2, fresh=3)
        self.assertEqual(self.ws.read(TOTAL), "1\n3\n1\n")
        self.assertFalse(self.ws.exists("out/count/a"))

    def test_what_decides_comes_back_from_the_store(self):
        self.build(self.ws)
        self.ws.remove("out/split")
        self.expect(self.ws.devgraph("check"), 3)
        self.build(self.ws, nodes=5, run=0, fresh=5)
        self.assertTrue(self.ws.exists("out/count/a/a.txt"))

    def test_another_goal_leaves_the_cells_alone(self):
        self.ws.write("build.devgraph", MANIFEST + 'write other { text = "x" }\n')
        self.build(self.ws)
        self.ws.remove("out/split")
        self.build(self.ws, "other", nodes=1, run=0)
        self.assertTrue(self.ws.exists("out/count/a/a.txt"))

    def test_a_collector_keeps_cells_that_nobody_knows(self):
        self.build(self.ws)
        self.ws.remove("out/split")
        self.expect(self.ws.devgraph("gc"), 0)
        self.ws.remove("out")
        self.build(self.ws, nodes=5, run=0)

    def test_a_lock_file_keeps_what_cells_ask_for_that_nobody_knows(self):
        far = 'fetch far[shard] { url = "file://ROOT/far/{shard}" }\n'
        self.ws.write("build.devgraph", MANIFEST + far.replace("ROOT", str(self.ws.root)))
        for name in "abc":
            self.ws.write(f"far/{name}", name)
        self.build(self.ws, nodes=8, run=8)
        self.expect(self.ws.devgraph("lock"), 0)
        before = self.ws.read("devgraph.lock")
        self.assertEqual(before.count("\nfile file://"), 3)
        self.assertEqual(before.count("\nnode "), 8)
        self.ws.remove("out")
        for command in (["lock"], ["update"]):
            run = self.ws.devgraph(*command)
            self.assertNotIn("dropped file", run.err)
            self.assertEqual(self.ws.read("devgraph.lock"), before)
        self.build(self.ws, "--locked", nodes=8, run=0)
        self.ws.write("corpus.txt", "a one\n")
        self.build(self.ws)
        self.expect(self.ws.devgraph("lock"), 0)
        self.assertEqual(self.ws.read("devgraph.lock").count("\nfile file://"), 1)

    def test_no_parts_at_all(self):
        self.ws.write("corpus.txt", "")
        self.build(self.ws, nodes=2, run=2)
        self.assertEqual(self.ws.read(TOTAL), "")
        self.assert_text(self.ws.devgraph("list").out, (
            "//:count  run  0 by shard\n"
            "//:split  run  1\n"
            "//:total  run  1\n"))
        # The cells that come back are found whatever is asked for.
        for goal in ("count", "total"):
            self.ws.write("corpus.txt", CORPUS)
            self.build(self.ws, goal)
            self.assertTrue(self.ws.exists("out/count/a/a.txt"))
            self.ws.write("corpus.txt", "")
            self.build(self.ws)
            self.assertFalse(self.ws.exists("out/count/a/a.txt"))

    def test_before_it_ran_one_stands_for_all(self):
        self.assert_text(self.expect(self.ws.devgraph("check"), 3).out, (
            "//:split  never built\n"
            "//:count@shard=…  waits for what //:split makes\n"
            "//:total  waits for what //:split makes\n"))
        self.assert_text(self.expect(self.ws.devgraph("build", "-n"), 0).out, (
            "run  //:split  # never built\n"
            "run  //:count@shard=…  # waits for what //:split makes\n"
            "run  //:total  # waits for what //:split makes\n"))
        self.assertFalse(self.ws.exists(".devgraph"))
        self.assert_text(self.ws.devgraph("list").out, (
            "//:count  run  … by shard\n"
            "//:split  run  1\n"
            "//:total  run  1\n"))
        self.assert_text(self.expect(self.ws.devgraph("why", "total"), 0).out,
                         "//:total  stale: waits for what //:split makes\n")
        self.expect(self.ws.devgraph("graph"), 0)

    def test_afterwards_all_commands_see_the_cells(self):
        self.build(self.ws)
        self.expect(self.ws.devgraph("check"), 0)
        self.assertIn("//:count  run  3 by shard\n", self.ws.devgraph("list").out)
        self.assertIn("count/b", self.expect(self.ws.devgraph("out", "count@shard=b"), 0).out)
        self.assertIn("wc -w", self.expect(self.ws.devgraph("log", "count@shard=b"), 0).out)
        self.ws.edit("corpus.txt", "b three", "b three more")
        self.assert_text(self.expect(self.ws.devgraph("check"), 3).out, (
            "//:split  ./corpus.txt changed\n"
            "//:count@shard=a  //:split is stale\n"
            "//:count@shard=b  //:split is stale\n"
            "//:count@shard=c  //:split is stale\n"
            "//:total  //:count@shard=a is stale\n"))

    def test_a_cell_is_a_goal_before_it_is_known(self):
        self.build(self.ws, "count@shard=b", nodes=2, run=2)
        self.assertFalse(self.ws.exists("out/count/a"))
        self.ws.write("corpus.txt", CORPUS + "d seven\n")
        self.build(self.ws, "count@shard=d", nodes=2, run=2)
        run = self.expect(self.ws.devgraph("build", "count@shard=e"), 2)
        self.assertIn("axis `shard` of `//:count` has no value `e`", run.err)

    def test_what_decides_fails(self):
        self.ws.write("build.devgraph", MANIFEST.replace("$ while", "$ grep -q word {corpus}\n  $ while")
                      + 'write other { text = "x" }\n')
        run = self.build(self.ws, "-k", code=1, nodes=4, run=1, failed=1, blocked=2)
        self.assertEqual(run.err.count("failed //:split"), 1)
        self.assertIn("blocked  //:count@shard=…", run.err)
        self.build(self.ws, code=1, failed=1, blocked=2)
        self.ws.write("corpus.txt", CORPUS + "word word\n")
        self.build(self.ws, nodes=7, run=6, fresh=1)

    def test_a_failure_is_one_of_the_whole_build(self):
        self.ws.write("build.devgraph", MANIFEST + (
            'run bad {\n  out = "x"\n  $ false\n}\n'
            'run behind {\n  out = "x"\n  deps = [bad]\n  $ echo x > {out}\n}\n'))
        run = self.build(self.ws, "-k", code=1, nodes=7, run=5, failed=1, blocked=1)
        self.assertEqual(run.err.count("failed //:bad"), 1)
        run = self.build(self.ws, "-k", code=1, nodes=7, run=0, fresh=5, failed=1, blocked=1)

    def test_a_cell_fails(self):
        self.ws.edit("build.devgraph", "$ wc", "$ if grep -q three {split.out[shard]}; then false; fi\n  $ wc")
        self.build(self.ws, "-k", code=1, nodes=5, run=3, failed=1, blocked=1)
        self.ws.edit("corpus.txt", "three", "3")
        self.build(self.ws, nodes=5, run=3, fresh=2)


JSON = """devgraph 1
let list = ./list.json
run plan {
  out = "plan.json"
  $ cp {list} {out}
}
late axis item = json(plan.out).items
axis kind = ["x", "y"]
run cell[item, kind] where kind != "y" {
  out = "{item}-{kind}.txt"
  $ echo {item} {kind} > {out}
}
run all {
  out = "all/"
  $ cp {cell} {out}/
}
late axis made = names(all.out)
run check[made] {
  out = "{made}.ok"
  $ cp {all.out[made]} {out}
}
let default = [check]
"""


class LateJson(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": JSON, "list.json": '{"items": ["p", "q"]}\n'})

    def test_two_strata(self):
        self.build(self.ws, nodes=6, run=6)
        self.assertEqual(self.ws.read("out/check/q-x.txt/q-x.txt.ok"), "q x\n")
        self.build(self.ws, nodes=6, run=0)
        self.ws.write("list.json", '{"items": ["p", "r", "s"]}\n')
        self.build(self.ws, nodes=8, run=6, fresh=2)
        self.assertFalse(self.ws.exists("out/check/q-x.txt"))
        self.build(self.ws, nodes=8, run=0)

    def test_numbers_are_texts(self):
        self.ws.write("list.json", '{"items": [1, 20]}\n')
        self.build(self.ws, nodes=6, run=6)
        self.assertEqual(self.ws.read("out/cell/20/x/20-x.txt"), "20 x\n")

    def test_text_that_is_no_json(self):
        self.ws.write("list.json", '{"items": ["p",\n')
        run = self.expect(self.ws.devgraph("build"), 1)
        at = run.err.index("error[E515]")
        self.assert_text(run.err[at:], """error[E515]: the late axis `item` cannot be known from what //:plan made
  --> build.devgraph:7:18
 7 | late axis item = json(plan.out).items
   |                  ^^^^^^^^^^^^^^^^^^^^ out/plan/plan.json: line 1, column 16: syntax error while parsing value - unexpected end of input; expected '[', '{', or a literal
   = a late axis is a list of strings, ints or bools, each there once
""")
        # The node is fresh now; the fault is said all the same, and is gone with its cause.
        self.assertIn("error[E515]", self.expect(self.ws.devgraph("build"), 2).err)
        self.assertIn("cannot be known from what //:plan made",
                      self.expect(self.ws.devgraph("check"), 3).out)
        self.ws.write("list.json", '{"items": ["p"]}\n')
        self.build(self.ws, nodes=4, run=4)

    def test_lists_that_are_no_axis(self):
        cases = {
            '{"items": ["p", "p"]}': 'it has the value "p" twice',
            '{"items": {"p": 1}}': "an axis is a list, this is a record or map",
            '{"items": ["p", 1]}': "the values are strings, ints or bools, all of one type; here is 1",
            '{"other": []}': "it has no `items`",
        }
        for text, words in cases.items():
            with self.subTest(text):
                self.ws.write("list.json", text)
                run = self.ws.devgraph("build")
                self.assertIn(f"out/plan/plan.json: {words}\n", run.err)

    def test_values_that_the_manifest_cannot_take(self):
        self.ws.edit("build.devgraph", '{item}-{kind}.txt"', '{words[item]}.txt"')
        self.ws.write("build.devgraph", self.ws.read("build.devgraph")
                      + 'let words = { p = "P", q = "Q" }\n')
        self.build(self.ws, nodes=6, run=6)
        self.ws.write("list.json", '{"items": ["p", "z"]}\n')
        self.assertIn("error[E", self.expect(self.ws.devgraph("build"), 1).err)
        self.expect(self.ws.devgraph("check"), 2)
        # What stands on disk does not keep the cure out.
        self.ws.write("list.json", '{"items": ["q"]}\n')
        self.build(self.ws, nodes=4)

    def test_killed_in_the_first_round(self):
        self.ws.edit("build.devgraph", "$ cp {list}", "$ sleep 3.5\n  $ cp {list}")
        process = self.ws.start("build")
        self.wait_for(lambda: self.ws.exists(".devgraph/log/plan.log"), "the first command")
        process.kill()
        process.communicate()
        self.ws.edit("build.devgraph", "$ sleep 3.5\n  ", "")
        self.build(self.ws, nodes=6, run=6)


if __name__ == "__main__":
    harness.main()
