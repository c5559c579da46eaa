#include <map>
#include <string>

#include <doctest/doctest.h>

#include "engine/graph/asks.h"
#include "tests/unit/lang/load_support.h"

using namespace devgraph;

namespace {

std::string changed(LoadedWorkspace& ws) {
  return lang::changed_read(*ws.graph, ws.files, ws.options).value_or("nothing");
}

/// What is said in `folder` to `me` where some files have owners; those not named are of root.
std::string refusal(MemFiles& files, const std::string& folder, std::uint32_t me,
                    const std::map<std::string, std::uint32_t>& owned) {
  const lang::Owners owners{
      .me = me,
      .of = [&](const std::string& path, bool) -> std::optional<lang::Owner> {
        const auto found = owned.find(path);
        if (found != owned.end()) return lang::Owner{found->second, found->second + 1};
        if (!files.stat(path)->exists()) return std::nullopt;
        return lang::Owner{};
      },
      .name = [](std::uint32_t user) -> std::string {
        return user == 0 ? "root" : user == 1000 ? "bob" : user == 1001 ? "eve" : "";
      }};
  const auto found = lang::find_workspace(files, folder, owners);
  if (found) return "found " + found->root;
  std::string text = found.error().message + "\n";
  for (const std::string& help : found.error().helps)
    text += "= " + help + "\n";
  return text;
}

}  // namespace

TEST_CASE("a graph holds until something that it looked at changes") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
param level: int = 1
let version = toml(./pyproject.toml).project.version
let extra   = maybe(./extra.txt)
run a {
  out  = "a-{version}-{level}"
  deps = ./src/**
  env  = { WHO = env("WHO") ?? "nobody" }
  tools = ["cc"]
  $ cc {deps} {prefix("x", ["{len(lines(./list))}"])} > {out}
}
)");
  ws.put("pyproject.toml", "[project]\nversion = \"1.0.0\"\ndescription = \"x\"\n");
  ws.put("src/a.c", "");
  ws.put("list", "1\n");
  ws.files.put("/bin/cc", "");
  ws.files.set_mode("/bin/cc", 0755);
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(changed(ws) == "nothing");

  SUBCASE("the part of a data file that is used") {
    ws.put("pyproject.toml", "[project]\nversion = \"1.0.0\"\ndescription = \"y\"\n");
    CHECK(changed(ws) == "nothing");
    ws.put("pyproject.toml", "[project]\nversion = \"1.0.1\"\n");
    CHECK(changed(ws) == "pyproject.toml: `project.version` changed");
  }
  SUBCASE("a glob") {
    ws.put("src/a.c", "changed, but that is not its name");
    CHECK(changed(ws) == "nothing");
    ws.put("src/sub/b.c", "");
    CHECK(changed(ws) == "//src/**: a file was added or removed");
  }
  SUBCASE("a manifest") {
    ws.put("build.devgraph", "devgraph 1\n");
    CHECK(changed(ws) == "build.devgraph: changed");
  }
  SUBCASE("a text") {
    ws.put("list", "1\n2\n");
    CHECK(changed(ws) == "list: changed");
  }
  SUBCASE("a file that was absent") {
    ws.put("extra.txt", "");
    CHECK(changed(ws) == "extra.txt: appeared or vanished");
  }
  SUBCASE("a variable") {
    ws.options.environment["OTHER"] = "x";
    CHECK(changed(ws) == "nothing");
    ws.options.environment["WHO"] = "me";
    CHECK(changed(ws) == "the variable WHO");
  }
  SUBCASE("a parameter") {
    ws.options.defines = {{"level", "2"}};
    CHECK(changed(ws) == "the parameter //:level");
  }
  SUBCASE("where a tool is found") {
    ws.files.put("/usr/bin/cc", "");
    ws.files.set_mode("/usr/bin/cc", 0755);
    ws.options.environment["PATH"] = "/usr/bin:/bin";
    CHECK(changed(ws) == "the program cc is found elsewhere");
  }
  SUBCASE("a project") {
    ws.put("sub/build.devgraph", "");
    CHECK(changed(ws) == "a project was added or removed");
  }
}

TEST_CASE("globs pass by outputs in the tree, state folders, other projects and what is ignored") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
workspace { ignore = ["**/junk"] }
run gen {
  out = ./src/gen.h
  $ printf x > {out}
}
run uses {
  out  = "o"
  deps = ./**/*.h
  $ cat {deps} > {out}
}
run direct {
  out  = "o"
  deps = ./src/gen.h
  $ cat {deps} > {out}
}
)");
  for (const char* path : {"src/.hidden.h", "src/a.h", "src/gen.h", "junk/b.h", "other/c.h",
                           ".git/d.h", ".devgraph/e.h", "out/f.h", "src/junk/g.h"}) {
    ws.put(path, "");
  }
  ws.put("other/build.devgraph", "");
  ws.files.put_link("/ws/src/link.h", "a.h");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.inputs("//:uses") == "src/.hidden.h src/a.h src/link.h");
  CHECK(ws.outputs("//:gen") == "src/gen.h");
  const InputId direct = ws.graph->inputs(ws.node("//:direct"))[0];
  CHECK(ws.graph->input(direct).kind == InputKind::Output);
  CHECK(changed(ws) == "nothing");
  ws.files.erase("/ws/src/gen.h");
  CHECK(changed(ws) == "nothing");
}

TEST_CASE("a seed is seen by the reads of its manifest before it is made") {
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
seed dot { into = ./.env, text = "WHO=me\n" }
let who = dotenv(./.env).WHO
write out { text = "hello {who}" }
)");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:out") == "{ text = 'hello me' executable = false }");
  CHECK((ws.graph->node(ws.node("//:dot")).flags & node_flags::kSeed) != 0);
  CHECK(ws.outputs("//:dot") == ".env");
  ws.put(".env", "WHO=you\n");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(ws.args("//:out") == "{ text = 'hello you' executable = false }");
}

TEST_CASE("a workspace begins at the outermost manifest with an edition") {
  MemFiles files;
  files.put("/a/ws/build.devgraph", "# mine\ndevgraph 1\n");
  files.put("/a/ws/sub/build.devgraph", "run x {}\n");
  files.put_folder("/a/ws/sub/deep");
  auto found = lang::find_workspace(files, "/a/ws/sub/deep");
  REQUIRE(found);
  CHECK(found->root == "/a/ws");
  CHECK(found->project == "sub");
  CHECK_FALSE(lang::find_workspace(files, "/a"));
  files.put("/b/build.devgraph", "run x {}\n");
  found = lang::find_workspace(files, "/b");
  REQUIRE_FALSE(found);
  CHECK(found.error().message == "/b/build.devgraph lacks the line `devgraph 1`");
}

TEST_CASE("a manifest that another user could write is not read, and its owner is named") {
  MemFiles files;
  files.put("/w/build.devgraph", "devgraph 1\n");
  files.put_folder("/w/sub");
  CHECK(refusal(files, "/w", 0, {}) == "found /w");
  CHECK(refusal(files, "/w", 1000, {}) == "found /w");
  CHECK(refusal(files, "/w", 1000, {{"/w", 1000}}) == "found /w");
  CHECK(refusal(files, "/w", 0, {{"/w", 1000}, {"/w/build.devgraph", 1000}}) ==
        R"(/w/build.devgraph belongs to user bob (uid 1000) and is therefore not read
= its commands would run as user root (uid 0): devgraph reads only manifests of that user
= run it as its owner:  sudo -u bob devgraph …
= in a container:  docker run --user 1000:1001 …
= or take it over:  chown -R root /w
= `devgraph -C DIR …` works in another folder
)");
  CHECK(
      refusal(files, "/w/sub", 0, {{"/w", 1000}, {"/w/build.devgraph", 1000}, {"/w/sub", 1000}}) ==
      refusal(files, "/w", 0, {{"/w", 1000}, {"/w/build.devgraph", 1000}}));
  CHECK(refusal(files, "/w", 1001, {{"/w", 1234}}) ==
        R"(/w/build.devgraph is not read: its folder belongs to uid 1234
= its commands would run as user eve (uid 1001): devgraph reads only manifests of that user and of root
= run it as its owner:  sudo -u '#1234' devgraph …
= or take it over:  sudo chown -R eve /w
= `devgraph -C DIR …` works in another folder
)");
  CHECK(refusal(files, "/w/sub", 1001, {{"/w", 1001}, {"/w/sub", 1000}}) ==
        R"(/w/build.devgraph is not read: /w/sub below it belongs to user bob (uid 1000)
= its commands would run as user eve (uid 1001): devgraph reads only manifests of that user and of root
= run it as its owner:  sudo -u bob devgraph …
= or take it over:  sudo chown -R eve /w/sub
= `devgraph -C DIR …` works in another folder
)");
}

TEST_CASE("in a folder of root's, where others may write, a manifest of theirs is not read") {
  MemFiles files;
  files.put("/tmp/build.devgraph", "devgraph 1\n");
  files.put("/tmp/mine/build.devgraph", "devgraph 1\n");
  files.put("/tmp/part/build.devgraph", "run x {}\n");
  const std::map<std::string, std::uint32_t> owned = {
      {"/tmp/build.devgraph", 1000}, {"/tmp/mine", 1234}, {"/tmp/part", 1234}};
  CHECK(refusal(files, "/tmp", 1000, owned) == "found /tmp");
  CHECK(refusal(files, "/tmp/mine", 1234, owned) == "found /tmp/mine");
  CHECK(refusal(files, "/tmp/part", 1234, owned) ==
        R"(/tmp/build.devgraph belongs to user bob (uid 1000) and is therefore not read
= its commands would run as uid 1234: devgraph reads only manifests of that user and of root
= run it as its owner:  sudo -u bob devgraph …
= or take it over:  sudo chown 1234 /tmp/build.devgraph
= or write  devgraph 1  as the first line of /tmp/part/build.devgraph: a workspace of its own then
= `devgraph -C DIR …` works in another folder
)");
}

TEST_CASE("a folder of another user without any manifest hides none") {
  MemFiles files;
  files.put_folder("/w/sub");
  CHECK(refusal(files, "/w/sub", 1001, {{"/w", 1000}}) ==
        R"(there is no build.devgraph in /w/sub or above it
= `devgraph init` writes a first build.devgraph here
= `devgraph -C DIR …` works in another folder
)");
}

TEST_CASE("names outside are what the lock file says, and nobody is asked") {
  const std::string sha(64, 'a');
  const std::string commit(40, 'c');
  LoadedWorkspace ws;
  ws.put("build.devgraph", R"(devgraph 1
image_pull debian { ref = "debian:12" }
image_pull exact  { ref = "debian@sha256:)" +
                               sha + R"(" }
fetch      data   { url = ["https://me:pw@example.org/a", "https://mirror.example.org/a"] }
git_clone  source { url = "https://example.org/x", rev = "main" }
git_clone  head   { url = "https://example.org/x", submodules = true }
git_clone  full   { url = "https://example.org/x", rev = ")" +
                               commit + R"(" }
copy       all    { file = ./devgraph.lock }
tar        folder { files = { "src" = [./*] } }
)");
  ws.put("devgraph.lock", "devgraph lock 1\n");
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  const auto asks = [&](const std::string& label) {
    std::string text;
    for (const Asked& one : asks_of(*ws.graph, ws.node(label)))
      text += show(one.ask) + (one.locked ? " = " + *one.locked : " ?");
    return text;
  };
  CHECK(asks("//:debian") == "image debian:12 ?");
  CHECK(asks("//:exact") == "");
  CHECK(asks("//:data") == "file https://example.org/a ?");
  CHECK(asks("//:source") == "git https://example.org/x main ?");
  CHECK(asks("//:head") == "git https://example.org/x HEAD ?");
  CHECK(asks("//:full") == "");
  CHECK(ws.inputs("//:folder").find("devgraph.lock") == std::string::npos);
  CHECK(changed(ws) == "nothing");

  const std::string full = ws.args("//:full");
  ws.put("devgraph.lock", "devgraph lock 1\ngit https://example.org/x main " + commit +
                              "\nimage debian:12 docker.io/library/debian@sha256:" + sha +
                              "\nfile https://example.org/a sha256:" + sha + "\n");
  CHECK(changed(ws).starts_with("devgraph.lock: "));
  REQUIRE_MESSAGE(ws.load(), ws.errors());
  CHECK(asks("//:source") == "git https://example.org/x main = " + commit);
  // As if the manifest had said so itself.
  CHECK(ws.args("//:source") == full);
  CHECK(ws.args("//:debian").find("docker.io/library/debian@sha256:" + sha) != std::string::npos);
  CHECK(ws.args("//:data").find("sha256 = '" + sha + "'") != std::string::npos);
  // Other lines do not matter.
  ws.put("devgraph.lock", *ws.files.read("/ws/devgraph.lock") + "image alpine r/x@sha256:" + sha +
                              "\nnode damaged\n");
  CHECK(changed(ws) == "nothing");
}
