// From nodes to commands, run for real.

#include "engine/exec/stage.h"

#include <random>

#include <doctest/doctest.h>
#include <sys/wait.h>

#include "engine/exec/hints.h"
#include "engine/exec/process_runner.h"
#include "engine/exec/toolbox.h"
#include "engine/exec/words.h"
#include "tests/support/node_maker.h"
#include "tests/support/temp_folder.h"

namespace devgraph::exec {
namespace {

/// A workspace on the disk, and the means to run nodes in it.
struct Place {
  Place() {
    REQUIRE(files.make_folders(workspace));
    runner = ProcessRunner::create({.home = "", .abi_limit = abi}).value();
  }
  void put(const std::string& path, std::string_view text, std::uint32_t bits = 0644) {
    const std::string full = workspace + "/" + path;
    REQUIRE(files.make_folders(full.substr(0, full.rfind('/'))));
    REQUIRE(files.write(full, text, bits, false));
  }
  Result<Command> prepare(const Graph& whole, NodeId node) {
    scratch = folder / ("ws/.devgraph/scratch/" + std::to_string(++count));
    REQUIRE(files.make_folders(scratch));
    static_cast<void>(files.remove(log_path()));
    const Stage stage{.graph = whole,
                      .files = files,
                      .workspace = workspace,
                      .state = workspace + "/.devgraph",
                      .sandbox = mode,
                      .makeflags = {},
                      .missing = {},
                      .toolbox = &toolbox};
    return devgraph::exec::stage(stage, node, scratch, log_path());
  }
  /// The exit status, 128 + signal, or -1 if it did not start.
  int run(GraphBuilder& builder, NodeId node) {
    graph.emplace(builder.finish());
    Result<Command> made = prepare(*graph, node);
    if (!made) {
      error = made.error().message;
      return -1;
    }
    command = std::move(*made);
    if (const Status started = runner->start(1, command); !started) {
      error = started.error().message;
      return -1;
    }
    const std::vector<Exit> exits = runner->wait(std::chrono::milliseconds{20000}).value();
    REQUIRE(exits.size() == 1);
    const int status = exits[0].wait_status;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string log_path() { return folder / "log"; }
  std::string read(const std::string& path) {
    const Result<std::string> text = files.read(path);
    return text ? *text : "(none)";
  }
  std::string log() { return read(log_path()); }
  std::string out(const std::string& name) { return read(scratch + "/out/" + name); }
  std::vector<std::string> hints(NodeId node) {
    const Stage stage{.graph = *graph,
                      .files = files,
                      .workspace = workspace,
                      .state = workspace + "/.devgraph",
                      .makeflags = {},
                      .missing = {}};
    return failure_hints(stage, node, command, log());
  }

  TempFolder folder;
  std::string workspace = folder / "ws";
  DiskFiles files;
  Toolbox toolbox{files, workspace + "/.devgraph"};
  SandboxMode mode = SandboxMode::On;
  int abi = kNewestAbi;
  std::unique_ptr<ProcessRunner> runner;
  int count = 0;
  std::string scratch;
  std::optional<Graph> graph;
  Command command;
  std::string error;
};

std::vector<std::string> hostile_texts() {
  std::vector<std::string> out = {
      "",
      " ",
      "a b",
      "'",
      "''",
      "\"",
      "\\",
      "\\'",
      "$HOME",
      "$(id)",
      "`id`",
      "*",
      "?[a]",
      "~",
      "-n",
      "--",
      "\n",
      "a\n",
      "\n\n",
      "\t",
      "\r",
      "!",
      "!!",
      "#x",
      "a;b",
      "a&b",
      "|",
      "<>",
      "{a,b}",
      "\x01",
      "\x7f",
      "\xff",
      "\xc3",
      "\xc3\xa9",
      "${x}",
      "$'\\x41'",
      "%s",
      "=",
      "a=b",
      "(",
      "dg1",
      "\x1b[m",
      "\xe2\x80\xae",
      "$((1))",
      "\\\n",
      "'\n'",
      "\xe2\x80\x98",
      "[[",
      ":",
      "\b",
  };
  std::string all;
  for (int byte = 1; byte < 256; ++byte)
    all += static_cast<char>(byte);
  out.push_back(all);
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (auto length = random() % 12; length > 0; --length) {
      text += static_cast<char>(1 + random() % 255);
    }
    out.push_back(text);
  }
  return out;
}

/// Each text followed by a NUL, as printf '%s\0' prints them.
std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts)
    out += text + '\0';
  return out;
}

TEST_CASE("values come through bash as they are, byte by byte") {
  Place place;
  const std::vector<std::string> texts = hostile_texts();
  GraphBuilder builder;
  NodeMaker maker(builder);
  const ValueId out = maker.output("a b/it's");
  const NodeId node =
      maker.script({R"(printf '%s\0' "${dg1[@]}" > "${dg2}")"}, {maker.strings(texts), out});
  REQUIRE(place.run(builder, node) == 0);
  CHECK(place.out("a b/it's") == joined(texts));
}

TEST_CASE("values come through a program without a shell as they are") {
  Place place;
  std::vector<std::string> texts = hostile_texts();
  GraphBuilder builder;
  NodeMaker maker(builder);
  const ValueId out = maker.output("o");
  std::vector<ValueId> words{builder.string("printf"), builder.string("%s\\0"),
                             maker.strings(texts)};
  const NodeId node = maker.exec(builder.list(ValueTag::List, words), {{"stdout", out}});
  REQUIRE(place.run(builder, node) == 0);
  CHECK(place.command.argv[0] == "printf");
  CHECK(place.out("o") == joined(texts));
}

TEST_CASE("every kind of value becomes the words it stands for") {
  Place place;
  place.put("a b.txt", "content\n\n");
  GraphBuilder builder;
  NodeMaker maker(builder);
  const InputId input = maker.source("a b.txt");
  const ValueId out = maker.output("o");
  const std::vector<ValueId> values = {
      builder.none(),
      builder.boolean(true),
      builder.integer(-5'000'000'000),
      builder.input(input),
      out,
      builder.list(ValueTag::Join,
                   {builder.string("-I"), builder.input(input), builder.integer(7)}),
      builder.list(ValueTag::Rsp, {builder.string("x y"), builder.input(input)}),
      builder.text_of(input),
      builder.list(ValueTag::List, {maker.strings({"l1", "l2"}), maker.strings({})})};
  const NodeId node =
      maker.script({"for v in dg1 dg2 dg3 dg4 dg5 dg6 dg7 dg8 dg9; do declare -n r=$v; "
                    "printf '%s|' \"${#r[@]}\" \"${r[@]}\"; echo; done > \"${dg5}\"",
                    "cat \"${dg7}\" >> \"${dg5}\""},
                   values);
  REQUIRE(place.run(builder, node) == 0);
  const std::string path = place.workspace + "/a b.txt";
  const std::string made = place.scratch + "/out/o";
  CHECK(place.out("o") == "0|\n1|true|\n1|-5000000000|\n1|" + path + "|\n1|" + made + "|\n1|-I" +
                              path + "7|\n1|" + place.scratch +
                              "/rsp1|\n1|content\n|\n2|l1|l2|\nx y\n" + path + "\n");
}

TEST_CASE("a script stops at the first failure, and its line is known") {
  Place place;
  GraphBuilder builder;
  NodeMaker maker(builder);
  const NodeId node = maker.script({"echo one", "false | true", "echo three"});
  CHECK(place.run(builder, node) == 1);
  CHECK(place.log() == "$ echo one\none\n$ false | true\n");
  CHECK(last_line(place.files, place.command) == 1);
}

TEST_CASE("the line is known after a kill too, and inside of functions and redirections") {
  Place place;
  GraphBuilder builder;
  NodeMaker maker(builder);
  const NodeId node = maker.script({"x=1", "{ echo hidden", "kill -9 $$; } > file"});
  CHECK(place.run(builder, node) == 128 + 9);
  CHECK(last_line(place.files, place.command) == 2);
  CHECK(place.log() == "$ x=1\n$ { echo hidden\n$ kill -9 $$; } > file\n");
  CHECK(place.read(place.scratch + "/work/file") == "hidden\n");
}

TEST_CASE("dg_at does not disturb what the script sees") {
  Place place;
  GraphBuilder builder;
  NodeMaker maker(builder);
  const NodeId node = maker.script({"set +e", "(exit 5)", "echo \"status $?\"", "set -e", "! true",
                                    "echo \"then $?\"", "f() { cat; }", "echo in | f",
                                    "[[ $0 == bash ]]", "echo $#", "unset_is_an_error=$nothing"});
  CHECK(place.run(builder, node) == 1);
  const std::string log = place.log();
  CHECK(log.find("\nstatus 5\n") != std::string::npos);
  CHECK(log.find("\nin\n") != std::string::npos);
  CHECK(log.find("\n0\n") != std::string::npos);
  CHECK(log.find("nothing: unbound variable") != std::string::npos);
}

TEST_CASE("the environment is the fixed base and what is declared") {
  Place place;
  place.put("t", "from a file\n");
  GraphBuilder builder;
  NodeMaker maker(builder);
  const InputId text = maker.source("t");
  maker.env({{"A", builder.string("x\ny")},
             {"T", builder.text_of(text)},
             {"F", builder.input(text)},
             {"LANG", builder.string("C")}});
  const NodeId node = maker.exec(maker.strings({"env", "-0"}));
  REQUIRE(place.run(builder, node) == 0);
  const std::string tmp = place.scratch + "/tmp";
  const std::string path = place.toolbox.folder({}).value();
  CHECK(place.log() ==
        "$ env -0\n" + joined({"PATH=" + path, "HOME=" + tmp, "TMPDIR=" + tmp, "LANG=C", "TZ=UTC",
                               "SOURCE_DATE_EPOCH=315532800", "A=x\ny", "T=from a file",
                               "F=" + place.workspace + "/t"}));
}

TEST_CASE("MAKEFLAGS are passed on") {
  Place place;
  GraphBuilder builder;
  NodeMaker maker(builder);
  const NodeId node = maker.exec(maker.strings({"env"}));
  const Graph graph = builder.finish();
  const std::string scratch = place.folder / "s";
  REQUIRE(place.files.make_folders(scratch));
  const Stage with{.graph = graph,
                   .files = place.files,
                   .workspace = place.workspace,
                   .state = place.workspace + "/.devgraph",
                   .makeflags = " -j3",
                   .missing = {}};
  const Command command = stage(with, node, scratch, place.log_path()).value();
  CHECK(command.environment.back() == "MAKEFLAGS= -j3");
}

TEST_CASE("only declared tools and the basics are on PATH, by their names") {
  Place place;
  place.put("mine.sh", "#!/bin/sh\necho mine \"$@\"\n", 0755);
  {
    GraphBuilder builder;
    NodeMaker maker(builder);
    maker.tool("perl5", "/usr/bin/perl");
    maker.tool("sort", place.workspace + "/mine.sh");
    const NodeId node =
        maker.script({"perl5 -e 'print 42, \"\\n\"'", "sort x", "uname >/dev/null", "perl -e 1"});
    CHECK(place.run(builder, node) == 127);
    CHECK(place.log().find("\n42\n") != std::string::npos);
    CHECK(place.log().find("\nmine x\n") != std::string::npos);
    CHECK(place.log().ends_with("perl: command not found\n"));
    const std::vector<std::string> want = {
        "a command sees the basics and its tools: add  tools = [\"perl\"]"};
    CHECK(place.hints(node) == want);
  }
  {
    GraphBuilder builder;
    NodeMaker maker(builder);
    maker.tool("perl5", "/usr/bin/perl");
    const NodeId node = maker.exec(maker.strings({"perl5", "-e", "print $0, 7"}));
    CHECK(place.run(builder, node) == 0);
    CHECK(place.command.program == "/usr/bin/perl");
  }
}

TEST_CASE("an unknown program without a shell fails as in one") {
  Place place;
  GraphBuilder builder;
  NodeMaker maker(builder);
  const NodeId node = maker.exec(maker.strings({"no-such", "x y"}));
  CHECK(place.run(builder, node) == 127);
  CHECK(place.log().starts_with("$ no-such 'x y'\n"));
  CHECK(place.log().ends_with("no-such: command not found\n"));
  CHECK(!place.hints(node).empty());
}

TEST_CASE("a command without a shell does the same as its script") {
  struct Case {
    std::vector<std::string> argv;
    const char* in;
    bool append;
  };
  const Case cases[] = {
      {{"cat"}, "text", false},
      {{"cat"}, "text", true},
      {{"cat", "/absent"}, "x", false},
      {{"false"}, "", false},
      {{"true"}, "", false},
      {{":", "ignored"}, "", true},
      {{"sh", "-c", "kill -9 $$"}, "", false},
      {{"expr", "1", "+", "1"}, "", false},
      {{"/bin/echo", "-n", "*"}, "", false},
      {{"./nope"}, "", false},
      {{"grep", "x"}, "y", false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.argv[0]);
    int statuses[2];
    std::string results[2];
    for (const bool shell : {false, true}) {
      Place place;
      place.put("in", c.in);
      GraphBuilder builder;
      NodeMaker maker(builder);
      const ValueId out = maker.output("o");
      const ValueId in = builder.input(maker.source("in"));
      const ValueId argv = maker.strings(c.argv);
      NodeId node{};
      if (shell) {
        const std::string more = c.append ? ">>" : ">";
        node =
            maker.script({"\"${dg1[@]}\" < \"${dg2}\" " + more + " \"${dg3}\""}, {argv, in, out});
      } else {
        std::vector<std::pair<std::string, ValueId>> fields = {{"stdin", in}, {"stdout", out}};
        if (c.append) fields.emplace_back("append", builder.boolean(true));
        node = maker.exec(argv, fields);
      }
      statuses[shell] = place.run(builder, node);
      std::string log = place.log();
      // The command's own lines; bash also tells which line of the script was killed or absent.
      std::string own;
      for (std::size_t at = 0; at < log.size();) {
        const std::size_t end = log.find('\n', at);
        const std::string line = log.substr(at, end - at);
        if (!line.starts_with("$ ") && !line.starts_with("bash: line")) own += line + "\n";
        if (end == std::string::npos) break;
        at = end + 1;
      }
      results[shell] = own + "|" + place.out("o");
    }
    CHECK(statuses[0] == statuses[1]);
    CHECK(results[0] == results[1]);
  }
}

TEST_CASE("stdin is a file, a text, or empty") {
  Place place;
  place.put("in", "from file\n");
  for (const int kind : {0, 1, 2}) {
    GraphBuilder builder;
    NodeMaker maker(builder);
    const InputId input = maker.source("in");
    if (kind == 1) maker.node.stdin_text = builder.input(input);
    if (kind == 2) maker.node.stdin_text = builder.string("given");
    const NodeId node = maker.exec(maker.strings({"cat"}));
    CHECK(place.run(builder, node) == 0);
    const char* want[] = {"$ cat\n", "$ cat\nfrom file\n", "$ cat\ngiven"};
    CHECK(place.log() == want[kind]);
  }
}

TEST_CASE("outputs have their folders, a tree is there and empty, scratch is too") {
  Place place;
  GraphBuilder builder;
  NodeMaker maker(builder);
  const ValueId file = maker.output("deep/er/f");
  const ValueId tree = maker.output("t", OutputKind::Tree);
  const NodeId node = maker.script(
      {"test -z \"$(ls -A)\" -a -z \"$(ls -A \"$dg2\")\"", "echo x > \"$dg1\"; echo y > \"$dg2\"/y",
       "[[ $PWD == */work ]]", "mkdir ~/made; mktemp >/dev/null"},
      {file, tree});
  CHECK(place.run(builder, node) == 0);
  CHECK(place.out("deep/er/f") == "x\n");
  CHECK(place.out("t/y") == "y\n");
}

TEST_CASE("cwd = inputs gives writable copies under the names of the key") {
  Place place;
  place.put("proj/src/a.txt", "a", 0444);
  place.put("proj/run.sh", "#!/bin/sh\necho ran\n", 0755);
  place.put("other/x", "x");
  place.put("proj/tree/in/1", "1");
  place.put("proj/tree/unlisted", "u");
  GraphBuilder builder;
  NodeMaker maker(builder);
  maker.traits.cwd = Cwd::Inputs;
  maker.node.project = builder.str("proj");
  const ValueId a = builder.input(maker.source("proj/src/a.txt", "src/a.txt"));
  maker.source("proj/run.sh", "run.sh");
  maker.source("other/x", "//other/x");
  const InputId tree = maker.tree("proj/tree", {"proj/tree/in/1"});
  static_cast<void>(tree);
  const NodeId node = maker.script(
      {"find . -type f | sort", "echo more >> src/a.txt", "./run.sh", "echo \"${dg1#\"$PWD\"/}\""},
      {a});
  REQUIRE(place.run(builder, node) == 0);
  CHECK(place.log() ==
        "$ find . -type f | sort\n./other/x\n./proj/tree/in/1\n./run.sh\n./src/a.txt\n"
        "$ echo more >> src/a.txt\n$ ./run.sh\nran\n$ echo \"${dg1#\"$PWD\"/}\"\nsrc/a.txt\n");
  CHECK(place.read(place.workspace + "/proj/src/a.txt") == "a");
}

TEST_CASE("copies that meet are an error that names both") {
  Place place;
  place.put("a/x", "1");
  place.put("b/x", "2");
  GraphBuilder builder;
  NodeMaker maker(builder);
  maker.traits.cwd = Cwd::Inputs;
  maker.source("a/x", "x");
  maker.source("b/x", "x");
  const NodeId node = maker.script({"true"});
  CHECK(place.run(builder, node) == -1);
  CHECK(place.error ==
        "two inputs meet at `x`: ./a/x and ./b/x; with `cwd = \"inputs\"` each needs a name of its "
        "own");
}

TEST_CASE("cwd = project stands in the source folder") {
  Place place;
  place.put("proj/file", "x");
  GraphBuilder builder;
  NodeMaker maker(builder);
  maker.node.project = builder.str("proj");
  maker.traits.cwd = Cwd::Project;
  maker.traits.sandbox = 0;
  maker.outputs.push_back({.kind = OutputKind::File,
                           .field = builder.str("out"),
                           .declared = builder.str("gen/v.h"),
                           .path = builder.str("proj/gen/v.h"),
                           .in_tree = 1});
  const NodeId node = maker.script({"cat file", "echo v > gen/v.h"});
  CHECK(place.run(builder, node) == 0);
  CHECK(place.read(place.workspace + "/proj/gen/v.h") == "v\n");
}

TEST_CASE("missing inputs vanish from lists") {
  Place place;
  place.put("a", "1");
  place.put("b", "2");
  GraphBuilder builder;
  NodeMaker maker(builder);
  const InputId a = maker.source("a");
  const InputId b = maker.source("b");
  const ValueId list = builder.list(ValueTag::List, {builder.input(a), builder.input(b)});
  const NodeId node = maker.exec(builder.list(ValueTag::List, {builder.string("cat"), list}));
  const Graph graph = builder.finish();
  const std::string scratch = place.folder / "s";
  REQUIRE(place.files.make_folders(scratch));
  const Stage without{.graph = graph,
                      .files = place.files,
                      .workspace = place.workspace,
                      .state = place.workspace + "/.devgraph",
                      .makeflags = {},
                      .missing = {a}};
  const Command command = stage(without, node, scratch, place.log_path()).value();
  const std::vector<std::string> want = {"cat", place.workspace + "/b"};
  CHECK(command.argv == want);
}

TEST_CASE("argument lists that are too long are told before, with the cure") {
  Place place;
  {
    GraphBuilder builder;
    NodeMaker maker(builder);
    const std::vector<std::string> many(100'000, std::string(50, 'x'));
    const NodeId node =
        maker.exec(builder.list(ValueTag::List, {builder.string("echo"), maker.strings(many)}));
    CHECK(place.run(builder, node) == -1);
    CHECK(place.error.starts_with("the arguments of echo are "));
    CHECK(place.error.ends_with("; pass long lists in a response file: rsp(files)"));
  }
  {
    GraphBuilder builder;
    NodeMaker maker(builder);
    const NodeId node = maker.exec(maker.strings({"echo", std::string(200'000, 'x')}));
    CHECK(place.run(builder, node) == -1);
    CHECK(place.error.find("and the system takes 128 KiB") != std::string::npos);
  }
  {
    // A script has no such limit; its commands have.
    GraphBuilder builder;
    NodeMaker maker(builder);
    const std::vector<std::string> many(100'000, std::string(50, 'x'));
    const NodeId node =
        maker.script({"echo ${#dg1[@]}", "cat \"${dg1[@]}\""}, {maker.strings(many)});
    CHECK(place.run(builder, node) == 126);
    CHECK(place.log().find("\n100000\n") != std::string::npos);
    const std::vector<std::string> hints = place.hints(node);
    REQUIRE(hints.size() == 1);
    CHECK(hints[0].find("rsp(files)") != std::string::npos);
  }
}

TEST_CASE("what no argument can hold is refused in words") {
  Place place;
  place.put("nul", std::string("a\0b", 3));
  GraphBuilder builder;
  NodeMaker maker(builder);
  const InputId input = maker.source("nul");
  const NodeId node =
      maker.exec(builder.list(ValueTag::List, {builder.string("echo"), builder.text_of(input)}));
  CHECK(place.run(builder, node) == -1);
  CHECK(place.error ==
        place.workspace + "/nul has a NUL byte, which no argument or variable can hold");
}

TEST_CASE("a Python of a virtual environment is called by its own path") {
  Place place;
  place.put("venv/pyvenv.cfg", "");
  place.put("venv/bin/tool", "#!/bin/sh\necho \"$0\" \"$@\"\n", 0755);
  GraphBuilder builder;
  NodeMaker maker(builder);
  maker.tool("tool", place.workspace + "/venv/bin/tool");
  const NodeId node = maker.script({"tool 'a b'"});
  CHECK(place.run(builder, node) == 0);
  CHECK(place.log() == "$ tool 'a b'\n" + place.workspace + "/venv/bin/tool a b\n");
}

TEST_CASE("a tool folder is made once and by its content") {
  Place place;
  const std::string basics = place.toolbox.folder({}).value();
  CHECK(place.toolbox.folder({}).value() == basics);
  CHECK(place.files.read_link(basics + "/sort").value() == "/usr/bin/sort");
  Toolbox next(place.files, place.workspace + "/.devgraph");
  CHECK(next.folder({}).value() == basics);
  const std::string other = next.folder({{.name = "cc", .path = "/usr/bin/gcc"}}).value();
  CHECK(other != basics);
  CHECK(place.files.read_link(other + "/cc").value() == "/usr/bin/gcc");
  CHECK(place.files.list(place.workspace + "/.devgraph/tools").value().size() == 2);
}

TEST_CASE("a denied access is explained by what is not declared") {
  Place place;
  place.put("proj/mine.txt", "x");
  place.put("proj/it's here", "x");
  place.put("other/theirs.txt", "x");
  place.put("out/made/f", "x");
  const std::string ws = place.workspace;
  struct Case {
    std::string script;
    std::vector<std::string> want;
  };
  const Case cases[] = {
      {"cat " + ws + "/proj/mine.txt", {"not declared: add ./mine.txt to deps"}},
      {"cat " + ws + "/proj/it\\'s\\ here", {"not declared: add ./it's here to deps"}},
      {"cat < " + ws + "/other/theirs.txt", {"not declared: add //other/theirs.txt to deps"}},
      {"cat " + ws + "/out/made/f",
       {"not declared: out/made/f is made by //:maker; add that node to deps"}},
      {"echo x >> " + ws + "/proj/declared",
       {"./declared can only be read: a command writes to {out} and to its own folder"}},
      {"ls " + ws + "/.devgraph", {}},
      {"cat ./mine.txt",
       {"a command starts in an empty folder: add ./mine.txt to deps, and name it by a hole"}},
      {"cat absent.txt", {}},
      {"env nothing", {"a command sees the basics and its tools: add  tools = [\"nothing\"]"}},
      {"exec 3<>/dev/tcp/127.0.0.1/1", {"this node has no network: `network = true` gives it"}},
  };
  place.put("proj/declared", "x");
  for (const Case& c : cases) {
    CAPTURE(c.script);
    GraphBuilder builder;
    NodeMaker other(builder);
    other.node.name = builder.str("maker");
    other.outputs.push_back({.field = builder.str("out"),
                             .declared = builder.str("f"),
                             .path = builder.str("out/made/f")});
    other.script({":"});
    NodeMaker maker(builder);
    maker.node.project = builder.str("proj");
    maker.source("proj/declared", "declared");
    const NodeId node = maker.script({c.script});
    CHECK(place.run(builder, node) > 0);
    CAPTURE(place.log());
    CHECK(place.hints(node) == c.want);
  }
}

TEST_CASE("quoting is exact") {
  CHECK(quoted("it's") == "'it'\\''s'");
  CHECK(quoted("") == "''");
  const std::vector<std::string> words = {"a", "b c"};
  CHECK(array_text("dg1", words) == "dg1=('a' 'b c')\n");
  CHECK(array_text("dg2", {}) == "dg2=()\n");
}

}  // namespace
}  // namespace devgraph::exec
