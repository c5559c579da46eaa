#!/usr/bin/python3
"""Graphs that cannot be built are refused, with exit code 2, before anything runs."""

import harness


class Refused(harness.Case):
    def refused(self, manifest, *words, files=None, arguments=()):
        ws = self.workspace({"build.devgraph": "devgraph 1\n" + manifest, **(files or {})})
        run = self.expect(ws.devgraph("build", *arguments), 2)
        for word in words:
            self.assertIn(word, run.err)
        self.assertEqual(run.out, "")
        self.assertFalse(ws.exists("out"), "something ran")
        self.assertNotIn("terminate", run.err)
        return run

    def node(self, name, reads="", out='"o"'):
        return f"run {name} {{\n  out = {out}\n  $ cat {reads} > {{out}}\n}}\n"

    def test_a_cycle_with_its_whole_path(self):
        self.refused(self.node("a", "{c}") + self.node("b", "{a}") + self.node("c", "{b}") + self.node("d"),
                     "error[E601]", "//:a", "//:b", "//:c")

    def test_a_node_that_needs_itself(self):
        self.refused(self.node("a", "{a}"), "//:a")

    def test_a_cycle_of_values(self):
        self.refused("let x = y\nlet y = x\n" + self.node("a", "{x}"), "x", "y")

    def test_two_nodes_with_one_output(self):
        self.refused(self.node("a", out="./gen/x") + self.node("b", out="./gen/x"), "//:a", "//:b", "gen/x")

    def test_an_output_below_another(self):
        self.refused(self.node("a", out="./gen/") + self.node("b", out="./gen/x"), "//:a", "//:b")

    def test_an_output_outside_of_the_workspace(self):
        self.refused(self.node("a", out='"../x"'), "..")
        self.refused(self.node("a", out='"/tmp/x"'), "/tmp/x")

    def test_a_missing_source(self):
        self.refused("let f = ./sorce.txt\n" + self.node("a", "{f}"), "error[E4", "sorce.txt", "source.txt",
                     files={"source.txt": ""})

    def test_a_glob_that_matches_nothing(self):
        self.refused("let f = ./src/*.c\n" + self.node("a", "{f}"), "error[E402]", "maybe(")

    def test_a_source_that_is_no_file(self):
        ws = self.workspace({"build.devgraph": "devgraph 1\nlet f = ./pipe\n" + self.node("a", "{f}")})
        ws.shell("mkfifo pipe")
        self.assertIn("pipe", self.expect(ws.devgraph("build", timeout=10), 2).err)

    def test_what_cannot_run_yet_is_said_and_not_ignored(self):
        self.refused('git_tag cut { tag = "v1" }\n' + self.node("a"), "//:cut", arguments=("cut",))

    def test_an_effect_is_no_goal_of_build(self):
        self.refused('git_tag cut { tag = "v1" }\n', "error[E907]", "//:cut", arguments=("cut",))

    def test_an_assertion_that_does_not_hold(self):
        self.refused('param n: int = 3\nassert n < 3, "n is {n}, below 3 is needed"\n' + self.node("a"),
                     "n is 3, below 3 is needed")

    def test_a_wrong_parameter(self):
        self.refused("param jobs: int = 3\n" + self.node("a"), "jbos", "jobs", arguments=("-D", "jbos=4"))
        self.refused("param jobs: int = 3\n" + self.node("a"), "many", "int", arguments=("-D", "jobs=many"))

    def test_a_long_chain_is_no_problem(self):
        nodes = 'run n0 {\n  out = "o"\n  $ echo > {out}\n}\n' + "".join(
            f'run n{i} {{\n  out = "o"\n  $ cat {{n{i - 1}}} > {{out}}\n}}\n' for i in range(1, 3000))
        ws = self.workspace({"build.devgraph": "devgraph 1\n" + nodes})
        self.expect(ws.devgraph("build", "-n"), 0)

    def test_no_manifest_at_all(self):
        ws = self.workspace({"readme": ""})
        run = self.expect(ws.devgraph("build"), 2)
        self.assertIn("build.devgraph", run.err)
        self.assertIn("devgraph init", run.err)

    def test_usage(self):
        ws = self.workspace({"build.devgraph": "devgraph 1\n"})
        self.assertIn("build", self.expect(ws.devgraph("biuld"), 2).err)
        self.assertIn("--keep-going", self.expect(ws.devgraph("build", "--keep-goign"), 2).err)
        self.assertEqual(ws.devgraph("--help").code, 0)


if __name__ == "__main__":
    harness.main()
