#!/usr/bin/python3
"""The commands beside `build`, as a person and as a program see them: whole screens, and how they refuse."""

import json
import re

import harness

MANIFEST = """devgraph 1

let  words = ./words.txt
axis lang  = ["en", "de"]

## All words in order.
## Each once.
run sorted {
  out = "sorted.txt"
  $ sort -u {words} > {out}
}
run page[lang] {
  out   = { text = "{lang}.txt", data = "data/" }
  tools = ["awk"]
  after = numbers
  $ echo {lang} > {out.text}
  $ cat {sorted} > {out.data}/words
}
run book {
  out = "book.txt"
  $ cat {page.text} > {out}
}
run numbers {
  out = "numbers.txt"
  $ seq 3 > {out}
}
git_tag cut { tag = "v1" }
let all = [sorted, page]
"""
SUB = "copy again { file = //words.txt }\n"

NO_WORKSPACE = """error[E908]: there is no build.devgraph in {folder} or above it
   = `devgraph init` writes a first build.devgraph here
   = `devgraph -C DIR …` works in another folder
"""
NO_NODE = """error[E906]: no node `sortd` in `//`; did you mean `sorted`?
   = `devgraph list` prints the labels there are
"""
# What a digest is depends on the format of keys and is no business of these tests.
SHORT_DIGEST = re.compile(r"\b[0-9a-f]{12}\b")


class Commands(harness.Case):
    def setUp(self):
        super().setUp()
        self.ws = self.workspace({"build.devgraph": MANIFEST, "sub/build.devgraph": SUB,
                                  "words.txt": "pear\nfig\n"})

    def screen(self, arguments, code, out="", err="", cwd="."):
        run = self.expect(self.ws.devgraph(*arguments, cwd=cwd), code)
        self.assert_text(SHORT_DIGEST.sub("<digest>", run.out), out)
        self.assert_text(run.err, err)

    def json(self, arguments, code, want, cwd="."):
        run = self.expect(self.ws.devgraph(*arguments, cwd=cwd), code)
        self.assertEqual(json.loads(SHORT_DIGEST.sub("<digest>", run.out)), want)


class Check(Commands):
    def test_text(self):
        self.screen(["check"], 3, """//:sorted  never built
//:numbers  never built
//:page@lang=en  never built
//:page@lang=de  never built
//:book  never built
//sub:again  never built
""", "6 nodes: 6 stale\n")
        self.build(self.ws)
        self.screen(["check"], 0, "", "6 nodes: 0 stale\n")
        self.ws.write("words.txt", "plum\n")
        self.screen(["check"], 3, """//:sorted  ./words.txt changed
//:page@lang=en  //:sorted is stale
//:page@lang=de  //:sorted is stale
//:book  //:page@lang=en is stale
//sub:again  ./words.txt changed
""", "6 nodes: 5 stale\n")
        self.screen(["check", "-q", "numbers"], 0)
        self.screen(["check"], 3, "//sub:again  ./words.txt changed\n", "1 node: 1 stale\n", cwd="sub")

    def test_what_only_stands_behind_a_stale_node_is_fresh(self):
        self.build(self.ws)
        self.ws.edit("build.devgraph", "seq 3", "seq 4")
        self.screen(["check"], 3, "//:numbers  its command changed\n", "6 nodes: 1 stale\n")
        self.build(self.ws, run=1, fresh=5)

    def test_json(self):
        self.build(self.ws)
        self.json(["check", "--json"], 0, {"nodes": 6, "stale": [], "diagnostics": []})
        self.ws.write("out/book/book.txt", "scribbled\n")
        self.json(["check", "--json", "book"], 3, {"nodes": 5, "stale": [
            {"label": "//:book", "reason": "output out/book/book.txt was altered",
             "because_of_input": False, "manifest": "build.devgraph", "line": 19}], "diagnostics": []})

    def test_github(self):
        self.build(self.ws)
        self.ws.remove("out/book/book.txt")
        self.screen(["check", "--format", "github"], 3,
                    "::error file=build.devgraph,line=19,title=stale:://:book is stale: "
                    "output out/book/book.txt missing\n", "6 nodes: 1 stale\n")

    def test_github_in_a_repository(self):
        """The workspace is a folder of a repository, and then its top."""
        self.ws.edit("build.devgraph", "devgraph 1\n", "devgraph 1\nlet _unused = 1\n")
        said = ("::error file=%s,line=2,col=5,endLine=2,endColumn=12,title=E223::`_unused` is private and nothing uses it"
                "%%0Aremove it, or take the underscore off to make it public\n")
        for place in ("..", "."):
            self.ws.shell(f"git init -q {place}")
            folder = "ws/" if place == ".." else ""
            for command in ("lint", "check"):
                run = self.expect(self.ws.devgraph(command, "--format", "github"), 2)
                self.assertEqual(run.out, said % (folder + "build.devgraph"))

    def test_sarif(self):
        self.build(self.ws)
        self.ws.remove("out/book/book.txt")
        self.json(["check", "--format", "sarif"], 3, {
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {"name": "devgraph", "version": "0.1.0", "rules": [
                    {"id": "stale", "shortDescription": {
                        "text": "A node whose inputs are not those of its last run"}}]}},
                "columnKind": "unicodeCodePoints",
                "results": [{
                    "ruleId": "stale", "level": "error",
                    "message": {"text": "//:book is stale: output out/book/book.txt missing"},
                    "partialFingerprints": {"devgraph/label/v1": "//:book"},
                    "locations": [{"physicalLocation": {
                        "artifactLocation": {"uri": "build.devgraph", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 19}}}]}]}]})

    def test_it_cannot_tell(self):
        self.screen(["check", "sortd"], 2, "", NO_NODE)
        self.screen(["check", "cut"], 2, "", """error[E907]: `//:cut` is an effect, and what it left is outside the workspace
  --> build.devgraph:27:9
27 | git_tag cut { tag = "v1" }
   |         ^^^ changes something outside the workspace
   = to ask its target, write  devgraph check --remote //:cut
""")
        self.screen(["check", "--format", "xml"], 2, "", """error[E903]: `xml` is no value of `--format`
   = `--format` is one of text, json, github, sarif
""")
        self.ws.write("sub/build.devgraph", "let x = \n")
        run = self.expect(self.ws.devgraph("check", "--json"), 2)
        self.assertEqual([item["code"] for item in json.loads(run.out)["diagnostics"]], ["E001"])
        self.assertIn("error[E001]", run.err)


class Why(Commands):
    def test_fresh_and_never_built(self):
        self.screen(["why", "book"], 0, "//:book  stale: never built\n  output out/book/book.txt is missing\n")
        self.build(self.ws)
        self.screen(["why", "book", "sorted"], 0, "//:sorted  fresh\n//:book  fresh\n")

    def test_a_chain_to_the_file_that_changed(self):
        self.build(self.ws)
        self.ws.write("words.txt", "plum\n")
        self.screen(["why", "sorted", "book"], 0, """//:sorted  stale
  input ./words.txt  <digest> -> <digest>
//:book  stale: //:page@lang=en and 1 more are stale
  //:sorted  stale, through //:page@lang=en
    input ./words.txt  <digest> -> <digest>
""")

    def test_several_causes(self):
        self.build(self.ws)
        self.ws.write("words.txt", "plum\n")
        self.ws.remove("out/page/de/de.txt")
        self.ws.edit("build.devgraph", "cat {page.text}", "cat -n {page.text}")
        self.screen(["why", "book"], 0, """//:book  stale
  argument argv               ["cat", [//:page@lang=en.text, //:page@lang=de.text]] -> ["cat", "-n", [//:page@lang=en.text, //:page@lang=de.text]]
  input //:page@lang=de.text  <digest> -> missing
  //:page@lang=de  stale
    output out/page/de/de.txt is missing
  //:sorted  stale, through //:page@lang=en
    input ./words.txt  <digest> -> <digest>
""")

    def test_many_causes(self):
        self.ws.write("build.devgraph", """devgraph 1
axis n = range(0, 12)
copy part[n] { file = ./words.txt, to = "{n}" }
run all {
  out = "all"
  $ cat {part} > {out}
}
""")
        self.build(self.ws)
        self.ws.write("words.txt", "plum\n")
        lines = self.expect(self.ws.devgraph("why", "all"), 0).out.splitlines()
        self.assertEqual(lines[0], "//:all  stale: //:part@n=0 and 11 more are stale")
        self.assertEqual(lines[-1], "  and 2 more; -v shows them all")
        self.assertEqual(len(lines), 1 + 2 * 10 + 1)
        self.assertEqual(len(self.ws.devgraph("why", "-v", "all").out.splitlines()), 1 + 2 * 12)
        self.assertEqual(len(json.loads(self.ws.devgraph("why", "--json", "all").out)[0]["causes"]), 12)

    def test_json(self):
        self.build(self.ws)
        self.ws.write("words.txt", "plum\n")
        change = {"part": "input ./words.txt", "before": "<digest>", "now": "<digest>"}
        self.json(["why", "--json", "book", "numbers"], 0, [
            {"label": "//:book", "ever_built": True, "changes": [], "outputs": [], "fresh": False,
             "stale_needs": ["//:page@lang=en", "//:page@lang=de"],
             "causes": [{"label": "//:sorted", "ever_built": True, "changes": [change], "outputs": [],
                         "through": ["//:page@lang=en"]}]},
            {"label": "//:numbers", "ever_built": True, "changes": [], "outputs": [], "fresh": True,
             "stale_needs": [], "causes": []}])

    def test_refusals(self):
        self.screen(["why"], 2, "", """error[E904]: `devgraph why` needs LABEL…
   = usage: devgraph why [OPTION…] LABEL…
""")
        self.screen(["why", "sortd"], 2, "", NO_NODE)


class List(Commands):
    def test_text(self):
        self.screen(["list"], 0, """//:all       let      3
//:book      run      1
//:cut       git_tag  1          (effect)
//:numbers   run      1
//:page      run      2 by lang
//:sorted    run      1          All words in order.
//sub:again  copy     1
""")
        self.screen(["list", "//sub/..."], 0, "//sub:again  copy  1\n")
        self.screen(["list", "p*", "//sub:again"], 0, """//:page      run   2 by lang
//sub:again  copy  1
""")
        self.screen(["list"], 0, "//sub:again  copy  1\n", cwd="sub")
        # Of a family the cells that are asked for, and nothing that has no such axis.
        self.screen(["list", "*@lang=de"], 0, "//:all   let  1\n//:page  run  1 by lang\n")

    def test_the_field_doc(self):
        self.ws.write("build.devgraph", """devgraph 1
rule pair(to: string) {
  copy left { file = ./words.txt, to = "{to}" }
  ## What stands on the right.
  copy right { file = ./words.txt, to = "{to}" }
}
copy plain { file = ./words.txt, doc = "All words.\\nEach once." }
## Not this.
copy both { file = ./words.txt, doc = "But this" + "." }
## Filled by a comment.
copy filled { file = ./words.txt, doc = none }
axis n = range(0, 2)
copy each[n] { file = ./words.txt, to = "{n}", doc = "Copy {n}." }
pair two { to = "x", doc = "Both of them." }
git_tag cut { tag = "v1", doc = "A tag." }
""")
        self.screen(["list", "//..."], 0, """//:both       copy     1       But this.
//:cut        git_tag  1       (effect) A tag.
//:each       copy     2 by n  Copy 0.
//:filled     copy     1       Filled by a comment.
//:plain      copy     1       All words.
//:two        pair     3       Both of them.
//:two/left   copy     1
//:two/right  copy     1       What stands on the right.
//sub:again   copy     1
""")
        self.screen(["list", "each@n=1"], 0, "//:each  copy  1 by n  Copy 1.\n")
        run = self.expect(self.ws.devgraph("list", "--json", "plain"), 0)
        self.assertEqual(json.loads(run.out)[0]["doc"], "All words.\nEach once.")

    def test_json(self):
        self.json(["list", "--json", "page", "sorted", "cut"], 0, [
            {"label": "//:cut", "kind": "node", "rule": "git_tag", "axes": {}, "nodes": 1, "effect": True,
             "doc": "", "manifest": "build.devgraph", "line": 27},
            {"label": "//:page", "kind": "family", "rule": "run", "axes": {"lang": ["en", "de"]},
             "nodes": 2, "effect": False, "doc": "", "manifest": "build.devgraph", "line": 12},
            {"label": "//:sorted", "kind": "node", "rule": "run", "axes": {}, "nodes": 1, "effect": False,
             "doc": "All words in order.\nEach once.", "manifest": "build.devgraph", "line": 8}])

    def test_std(self):
        self.screen(["list", "std", "pick", "git_branch"], 0, """## Makes and pushes a branch.
extern effect rule git_branch(
  ## Its name.
  branch: string
  ## Where it goes: a remote of the repository, or a URL.
  remote: string = "origin"
) -> { ref: file }

## The one file of a folder that matches.
extern rule pick(
  ## The folder.
  tree: tree
  ## A glob on paths in the folder; exactly one file has to match.
  glob: string
) -> { out: file }
""")
        runs = {rule["rule"] for rule in json.loads(self.ws.devgraph("list", "std", "--json").out)
                if rule["runs"]}
        self.assertEqual(runs, {"run", "test", "checksums", "provenance", "copy", "symlink", "write", "subst", "tar", "unpack", "pick",
                                "merge_json", "compress", "git_clone", "seed", "fetch", "dataset", "image",
                                "oci_image", "image_index", "image_archive", "image_layout", "image_import", "image_pull", "image_tag", "push_hashed", "docker_load",
                                "dockerfile", "env_file", "wheel", "sdist", "package_index", "venv",
                                "wheel_repack", "wheel_by_backend", "wheel_test", "image_sbom", "links", "freeze",
                                "push", "promote", "git_tag", "git_branch", "pypi", "upload", "copy_to", "exec",
                                "github_release"})

    def test_refusals(self):
        self.screen(["list", "sortd", "book"], 2, "", """error[E906]: no node `sortd` in `//`; did you mean `sorted`?
   = `devgraph list //...` prints all labels of the workspace
""")
        self.screen(["list", "std", "pik"], 2, "", """error[E906]: the standard library has no rule `pik`
   = did you mean `pick`
   = `devgraph list std` prints all of them
""")


class Graph(Commands):
    def test_text(self):
        self.screen(["graph", "page@lang=de", "//sub:again"], 0, """//:sorted  run
  reads words.txt
  makes out/sorted/sorted.txt
//:numbers  run
  makes out/numbers/numbers.txt
//:page@lang=de  run
  needs //:sorted
  after //:numbers
  tool  awk
  makes out/page/de/de.txt
  makes out/page/de/data
//sub:again  copy
  reads words.txt
  makes out/sub/again/words.txt
""")

    def test_dot(self):
        self.screen(["graph", "--format", "dot", "page@lang=de"], 0, """digraph devgraph {
  rankdir=LR;
  node [shape=box, fontname="monospace"];
  n0 [label="//:sorted"];
  n4 [label="//:numbers"];
  n2 [label="//:page@lang=de"];
  n0 -> n2;
  n4 -> n2 [style=dashed];
}
""")

    def test_json(self):
        node = {"rule": "run", "axes": {}, "effect": False, "private": False, "manifest": "build.devgraph",
                "needs": [], "after": [], "reads": [], "tools": []}
        want = {"nodes": [
            {**node, "label": "//:sorted", "line": 8, "reads": ["words.txt"],
             "outputs": {"out": "out/sorted/sorted.txt"}},
            {**node, "label": "//:numbers", "line": 23, "outputs": {"out": "out/numbers/numbers.txt"}},
            {**node, "label": "//:page@lang=de", "line": 12, "axes": {"lang": "de"},
             "needs": ["//:sorted"], "after": ["//:numbers"], "tools": ["awk"],
             "outputs": {"text": "out/page/de/de.txt", "data": "out/page/de/data"}}]}
        self.json(["graph", "--json", "page@lang=de"], 0, want)
        self.json(["graph", "--format", "json", "page@lang=de"], 0, want)

    def test_refusals(self):
        self.screen(["graph", "sortd"], 2, "", NO_NODE)
        self.screen(["graph", "--format", "svg"], 2, "", """error[E903]: `svg` is no value of `--format`
   = `--format` is one of text, dot, json
""")


class Out(Commands):
    def test_text(self):
        self.screen(["out", "page", "sorted"], 0, """out/sorted/sorted.txt
out/page/en/en.txt
out/page/en/data
out/page/de/de.txt
out/page/de/data
""")
        self.screen(["out", "//:sorted", "again"], 0, """../out/sorted/sorted.txt
../out/sub/again/words.txt
""", cwd="sub")

    def test_json(self):
        self.json(["out", "--json", "page@lang=de"], 0, [
            {"label": "//:page@lang=de",
             "outputs": {"text": "out/page/de/de.txt", "data": "out/page/de/data"}}])

    def test_refusals(self):
        self.screen(["out"], 2, "", """error[E904]: `devgraph out` needs LABEL…
   = usage: devgraph out [OPTION…] LABEL…
""")
        self.screen(["out", "sortd"], 2, "", NO_NODE)
        self.screen(["out", "page@lang=fr"], 2, "", """error[E906]: axis `lang` of `//:page` has no value `fr`; there is de, en
   = `devgraph list` prints the labels there are
""")


class Clean(Commands):
    def test_what_it_removes(self):
        self.screen(["clean"], 0, "", "0 outputs removed\n")
        self.build(self.ws)
        everything = """out/book/book.txt
out/numbers/numbers.txt
out/page/de/de.txt
out/page/de/data
out/page/en/en.txt
out/page/en/data
out/sorted/sorted.txt
out/sub/again/words.txt
"""
        self.screen(["clean", "-n"], 0, everything, "8 outputs would be removed\n")
        self.assertTrue(self.ws.exists("out/book/book.txt"))
        self.screen(["clean", "-v", "book"], 0, "out/book/book.txt\n", "1 output removed\n")
        self.assertFalse(self.ws.exists("out/book"))
        self.ws.write("out/sorted/sorted.txt", "mine\n")
        self.screen(["clean"], 0, "", """kept out/sorted/sorted.txt: it was changed since it was made
6 outputs removed, 1 kept
""")
        self.assertEqual(self.ws.read("out/sorted/sorted.txt"), "mine\n")
        # All comes back from the cache, but for what is not as devgraph made it.
        self.build(self.ws, run=0)

    def test_one_project(self):
        self.build(self.ws)
        self.screen(["clean"], 0, "", "1 output removed\n", cwd="sub")
        self.assertTrue(self.ws.exists("out/book/book.txt"))

    def test_refusals(self):
        self.screen(["clean", "sortd"], 2, "", NO_NODE)


class Log(Commands):
    def setUp(self):
        super().setUp()
        self.ws.write("build.devgraph", """devgraph 1
run noisy {
  out = "noisy.txt"
  env = { LEVEL = "high" }
  $ echo "it is $LEVEL" >&2
  $ test -e {fails} || touch {out}
}
run quiet {
  out = "quiet.txt"
  $ touch {out}
}
let fails = ./fails.txt
""")
        self.ws.write("fails.txt", "")

    def log(self, status):
        return f"""# //:noisy
# build.devgraph:2
# $ echo "it is $LEVEL" >&2
# $ test -e {{fails}} || touch {{out}}
# environment: LEVEL
# output: out/noisy/noisy.txt

$ echo "it is $LEVEL" >&2
it is high
$ test -e {{fails}} || touch {{out}}

# {status}, 0.0s
"""

    def test_text(self):
        self.build(self.ws, "-k", code=1, failed=1)
        # The script makes no output where the file exists.
        text = self.expect(self.ws.devgraph("log", "noisy"), 0).out
        self.assertRegex(text, r"\n# [^\n]*missing[^\n]*, \S+\n\Z")
        self.assertEqual(self.expect(self.ws.devgraph("log", "--failed"), 0).out, text)
        self.screen(["log", "quiet"], 0, """# //:quiet
# build.devgraph:8
# $ touch {out}
# output: out/quiet/quiet.txt

$ touch {out}

# exit status 0, 0.0s
""")
        self.ws.edit("build.devgraph", "test -e {fails} ||", "test -e {fails} &&")
        self.build(self.ws, run=1)
        self.screen(["log", "noisy"], 0, self.log("exit status 0").replace("||", "&&"))
        self.assertEqual(self.expect(self.ws.devgraph("log", "--attempt", "1", "noisy"), 0).out, text)
        self.screen(["log", "--failed"], 0, "", "no node failed when it last ran\n")
        both = self.expect(self.ws.devgraph("log", "*"), 0).out
        self.assertEqual(re.findall("^==> .*$", both, re.MULTILINE), ["==> //:noisy", "==> //:quiet"])

    def test_refusals(self):
        self.screen(["log"], 2, "", """error[E904]: `devgraph log` needs a label, or --failed
   = `devgraph list` prints the labels there are
""")
        self.screen(["log", "quiet"], 2, "", """error[E913]: there is no log of //:quiet
   = a node has a log once it has run
""")
        self.screen(["log", "--attempt", "first", "quiet"], 2, "", """error[E903]: `first` is no value of `--attempt`
   = attempts are counted back: 0 is the last one, 1 the one before it
""")
        self.screen(["log", "--follow", "*"], 2, "", """error[E904]: `--follow` follows one node, and 2 are selected
   = name a single cell: app@py=3.11
""")
        self.screen(["log", "quite"], 2, "", """error[E906]: no node `quite` in `//`; did you mean `quiet`?
   = `devgraph list` prints the labels there are
""")


class Fmt(Commands):
    UGLY = "devgraph 1\nlet  a=1\n"
    GOOD = "devgraph 1\nlet a = 1\n"

    def test_check_and_write(self):
        self.screen(["fmt", "--check"], 0)
        self.ws.write("x/ugly.devgraph", self.UGLY)
        self.screen(["fmt", "--check"], 3, "x/ugly.devgraph\n")
        self.assertEqual(self.ws.read("x/ugly.devgraph"), self.UGLY)
        self.screen(["fmt"], 0, "", "formatted x/ugly.devgraph\n")
        self.assertEqual(self.ws.read("x/ugly.devgraph"), self.GOOD)
        self.screen(["fmt", "-q"], 0)

    def test_stdin(self):
        self.ws.write("ugly", self.UGLY)
        self.assertEqual(self.ws.shell('"$DEVGRAPH" fmt - < ugly'), self.GOOD)
        self.assertEqual(self.ws.shell('"$DEVGRAPH" fmt --check - < ugly; echo $?'), "3\n")

    def test_refusals(self):
        self.screen(["fmt", "none.devgraph"], 2, "", "error[E912]: cannot read none.devgraph: "
                                                     "No such file or directory\n")
        self.screen(["fmt", "-", "x"], 2, "", "error[E904]: `-` stands for stdin, and then alone\n")
        self.ws.write("x/broken.devgraph", "run {\n")
        self.screen(["fmt"], 2, "", """error[E014]: this `run` has no name
  --> x/broken.devgraph:1:5
 1 | run {
   |     ^ expected a name
   = write  run name { … }
""")
        self.screen(["fmt"], 2, "", """error[E904]: there is no manifest here to format
   = manifests are files named *.devgraph
""", cwd="../home")


class Lint(Commands):
    def test_clean_manifests(self):
        self.screen(["lint"], 0)
        self.json(["lint", "--json"], 0, [])

    def test_errors_and_warnings(self):
        self.ws.write("sub/build.devgraph", "run copy_of { }\nrule copy(x: int) {\n  run self { $ true\n }\n}\n")
        run = self.expect(self.ws.devgraph("lint"), 2)
        self.assertIn("error[", run.out)
        self.assertRegex(run.err, r"\A\d+ errors?, \d+ warnings?\n\Z")

    def test_refusals(self):
        self.screen(["lint", "x"], 2, "", """error[E904]: `devgraph lint` takes no words, and got 1
   = usage: devgraph lint [OPTION…]
""")


class NearHoles(Commands):
    """Text in a script that is nearly a hole: `build` says it when it reads the manifests."""

    WARNING = """warning[W701]: this looks like a hole and is text
  --> build.devgraph:5:10
 5 |   $ echo { words } > {out}
   |          ^^^^^^^^^ the shell sees these characters
   = a hole has no blanks: {words}
   = if it is meant for the shell, write \\{ … \\}
"""

    def setUp(self):
        super().setUp()
        self.ws.remove("sub")
        self.ws.write("build.devgraph", """devgraph 1
let words = "pear"
run a {
  out = "a.txt"
  $ echo { words } > {out}
}
""")

    def test_build_says_it_when_it_reads_the_manifests(self):
        self.screen(["build"], 0, "", self.WARNING + "[1/1] //:a  0.0s\n1 node: 1 run, 0 fresh  0.0s\n")
        self.assertEqual(self.ws.read("out/a/a.txt"), "{ words }\n")
        # The compiled graph does not make it vanish.
        self.screen(["build"], 0, "", "1 warning in the manifests; `devgraph lint` prints it\n"
                                      "1 node: 0 run, 1 fresh  0.0s\n")
        self.screen(["build", "-q"], 0)
        self.screen(["lint"], 3, self.WARNING, "0 errors, 1 warning\n")
        # Each of the two cures ends it.
        self.ws.edit("build.devgraph", "{ words }", "\\{ words \\}")
        self.screen(["build"], 0, "", "1 node: 0 run, 1 fresh  0.0s\n")
        self.ws.edit("build.devgraph", "\\{ words \\}", "{words}")
        self.screen(["build"], 0, "", "[1/1] //:a  0.0s\n1 node: 1 run, 0 fresh  0.0s\n")

    def test_a_path_and_a_blank_at_one_end(self):
        self.ws.edit("build.devgraph", "{ words }", "{./words.txt} {words }")
        self.screen(["build", "-n"], 0, "run  //:a  # never built\n", """warning[W701]: this looks like a hole and is text
  --> build.devgraph:5:10
 5 |   $ echo {./words.txt} {words } > {out}
   |          ^^^^^^^^^^^^^ the shell sees these characters
   = a hole holds a name:  let f = ./words.txt  and  {f}
   = if it is meant for the shell, write \\{ … \\}

warning[W701]: this looks like a hole and is text
  --> build.devgraph:5:24
 5 |   $ echo {./words.txt} {words } > {out}
   |                        ^^^^^^^^ the shell sees these characters
   = a hole has no blanks: {words}
   = if it is meant for the shell, write \\{ … \\}
1 node: 1 would run, 0 fresh  0.0s
""")

    def test_other_warnings_are_for_lint(self):
        self.ws.edit("build.devgraph", "{ words }", "{raw(words)}")
        self.assertNotIn("warning", self.build(self.ws).err)
        run = self.expect(self.ws.devgraph("lint"), 3)
        self.assertIn("W702", run.out)


class Export(Commands):
    def test_hostile_values_reach_the_shell_unharmed(self):
        self.ws.write("build.devgraph", """devgraph 1
run text {
  out = "text.txt"
  deps = ./value.txt
  $ cat {deps} > {out}
}
env_file vars {
  vars = { PLAIN = "a-b", EMPTY = "", TEXT = text(text) }
}
""")
        want = "it's\n $(touch /nowhere/x) \\ \"\n"
        self.ws.write("value.txt", want + "\n")
        said = self.ws.shell(f"""
          lines=$({harness.BINARY} export vars)
          eval "$lines"
          python3 -c 'import os; print([os.environ[name] for name in ("PLAIN", "EMPTY", "TEXT")])'
          """)
        self.assertEqual(said.splitlines()[-1], repr(["a-b", "", want]))

    def test_two_values_of_one_variable_are_refused(self):
        self.ws.write("build.devgraph", """devgraph 1
env_file one { vars = { MODE = "for tests", A = "1" } }
env_file two {
  vars = { A = "1", MODE = "fast" }
}
""")
        self.screen(["export", "-q", "one", "two"], 2, "", """error[E923]: `MODE` would have two values
   = build.devgraph:2  //:one says 'for tests'
   = build.devgraph:3  //:two says fast
   = nothing was printed; export one of them, or give one of the variables another name
""")
        self.ws.edit("build.devgraph", "fast", "for tests")
        self.screen(["export", "-q", "one", "two"], 0, "export MODE='for tests'\nexport A=1\n" +
                    "export A=1\nexport MODE='for tests'\n", "")

    def test_what_fails_prints_nothing(self):
        self.ws.write("build.devgraph", """devgraph 1
run text {
  out = "text.txt"
  $ false
}
env_file vars { vars = { TEXT = text(text) } }
env_file bad { vars = { "a b" = "x" } }
""")
        run = self.expect(self.ws.devgraph("export", "vars"), 1)
        self.assertEqual(run.out, "")
        run = self.expect(self.ws.devgraph("export", "bad"), 1)
        self.assertEqual(run.out, "")
        self.assertIn("`a b` is no name of a shell's variable: letters, digits and _", run.err)
        self.screen(["export", "text"], 2, "", """error[E906]: `//:text` holds no variables
   = name a node of the rule `env_file`
""")


class Doctor(Commands):
    def test_text(self):
        run = self.expect(self.ws.devgraph("doctor"), 0)
        subjects = re.findall(r"^(?:ok|note|bad) +(\S+(?: \S+)?) {2,}\S", run.out, re.MULTILINE)
        self.assertEqual(subjects, ["devgraph", "cores", "open files", "sandbox", "images", "bash", "basics", "git",
                                    "engines", "workspace", "disk", "awk"])
        self.assertEqual(run.err, "")

    def test_json(self):
        found = json.loads(self.expect(self.ws.devgraph("doctor", "--json"), 0).out)
        self.assertEqual(found[9], {"subject": "workspace", "state": "ok", "text": str(self.ws.root),
                                    "more": []})

    def test_what_is_missing(self):
        run = self.expect(self.ws.devgraph("doctor", env={"PATH": "/nowhere"}), 3)
        self.assertIn("bad", run.out)
        self.ws.write("sub/build.devgraph", "let x = \n")
        run = self.expect(self.ws.devgraph("doctor"), 3)
        self.assertRegex(run.out, r"bad +manifests +they have errors; `devgraph lint` shows them\n +E001: ")


class LastRunFailed(Commands):
    def setUp(self):
        super().setUp()
        self.ws.write("build.devgraph", """devgraph 1
run broken {
  out  = "o"
  deps = ./words.txt
  $ grep plum {deps} > {out}
}
run after {
  out = "o"
  $ cat {broken} > {out}
}
""")
        self.ws.remove("sub")
        self.build(self.ws, code=1)

    def test_one_that_was_never_built(self):
        said = "its last run failed; see .devgraph/log/broken.log"
        self.screen(["check"], 3, f"//:broken  {said}\n//:after  never built\n", "2 nodes: 2 stale\n")
        self.assertTrue(self.ws.exists(".devgraph/log/broken.log"))
        self.screen(["why", "broken"], 0, f"//:broken  stale: {said}\n  output out/broken/o is missing\n")
        why = json.loads(self.expect(self.ws.devgraph("why", "--json", "broken", "after"), 0).out)
        self.assertEqual(why[0]["failed_log"], ".devgraph/log/broken.log")
        self.assertNotIn("failed_log", why[1])

    def test_one_that_was_built_before(self):
        self.ws.write("words.txt", "plum\n")
        self.build(self.ws, run=2)
        self.ws.write("words.txt", "pear\n")
        self.build(self.ws, code=1)
        self.screen(["check"], 3, "//:broken  ./words.txt changed\n//:after  //:broken is stale\n",
                    "2 nodes: 2 stale\n")
        self.screen(["why", "broken"], 0, """//:broken  stale
  input ./words.txt  <digest> -> <digest>
""")
        self.ws.write("words.txt", "plum\n")
        self.screen(["why", "broken"], 0, "//:broken  fresh\n")


class Anywhere(Commands):
    """What all commands have in common."""

    def test_no_workspace(self):
        folder = self.ws.home
        for arguments in (["build"], ["check"], ["why", "a"], ["log", "a"], ["list"], ["graph"], ["out", "a"],
                          ["clean"], ["gc"], ["lint"]):
            with self.subTest(arguments):
                self.screen(arguments, 2, "", NO_WORKSPACE.format(folder=folder), cwd="../home")
        run = self.expect(self.ws.devgraph("doctor", cwd="../home"), 0)
        self.assertRegex(run.out, "note +workspace +there is no build.devgraph")

    def test_a_manifest_without_its_first_line(self):
        self.ws.write("../home/build.devgraph", "run a {}\n")
        self.screen(["build"], 2, "", f"""error[E908]: {self.ws.home}/build.devgraph lacks the line `devgraph 1`
   = write  devgraph 1  as the first line of the manifest of the workspace's root
   = `devgraph -C DIR …` works in another folder
""", cwd="../home")
        self.ws.write("../home/sub/build.devgraph", "run a {}\n")
        run = self.expect(self.ws.devgraph("check", cwd="../home/sub"), 2)
        self.assertIn("/home/sub/build.devgraph lacks the line `devgraph 1`, and so do those above it\n", run.err)

    def test_json_of_check_without_a_workspace(self):
        run = self.expect(self.ws.devgraph("check", "--json", cwd="../home"), 2)
        self.assertEqual([item["code"] for item in json.loads(run.out)["diagnostics"]], ["E908"])

    def test_labels_that_are_none(self):
        for command in ("build", "check", "why", "log", "graph", "out", "clean"):
            with self.subTest(command):
                run = self.expect(self.ws.devgraph(command, "app@py"), 2)
                self.assertTrue(run.err.startswith("error[E905]: "), run.err)
                self.assertEqual(run.out, "")

    def test_options_of_another_command(self):
        for command in ("check", "why", "log", "list", "graph", "out", "clean", "gc", "fmt", "lint", "doctor"):
            with self.subTest(command):
                self.screen([command, "--twice", "x"], 2, "",
                            f"error[E902]: `devgraph {command}` has no option `--twice`\n"
                            "   = it is an option of `build`\n"
                            f"   = `devgraph {command} -h` lists its options\n")

    def test_help_fits_a_screen(self):
        for command in ("build", "check", "why", "log", "list", "graph", "out", "clean", "gc", "fmt", "lint",
                        "explain", "doctor", "completion", "init"):
            with self.subTest(command):
                run = self.expect(self.ws.devgraph(command, "-h"), 0)
                lines = run.out.splitlines()
                self.assertTrue(lines[0].startswith(f"devgraph {command}: "))
                self.assertLessEqual(len(lines), 24)
                self.assertLessEqual(max(map(len, lines)), 100)

    def test_an_unknown_command(self):
        self.screen(["cehck"], 2, "", """error[E901]: `cehck` is no command
   = did you mean  devgraph check
   = `devgraph -h` lists the commands
""")


if __name__ == "__main__":
    harness.main()
