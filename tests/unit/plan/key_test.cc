#include "engine/plan/key.h"

#include <functional>
#include <set>

#include <doctest/doctest.h>

#include "engine/graph/builder.h"
#include "engine/plan/judge.h"

using namespace devgraph;

namespace {

/// One node of everything, as the base of small changes.
struct Spec {
  std::string name = "node";
  std::string body = "cat";
  std::string file = "build.devgraph";
  std::uint32_t line = 3;
  std::string arg = "-O2";
  std::string env_name = "CC";
  std::string env = "gcc";
  std::string input = "a.c";
  std::string input_path = "src/a.c";
  std::string declared = "a.o";
  std::string path = "out/a.o";
  OutputKind kind = OutputKind::File;
  std::uint32_t secret_epoch = 1;
  std::string depfile;
  Traits traits;
  std::vector<std::uint32_t> ok = {0};
  std::string pool;
  std::string normalize;
  ActionKind action = ActionKind::Script;
  std::string native;
  bool swap = false;  ///< Two inputs of one name, mentioned the other way round.
};

Graph make(const Spec& spec) {
  GraphBuilder b;
  const NodeId id = b.add_node();
  const InputId input = b.add_input({.kind = InputKind::Source,
                                     .ref = index_of(b.file(spec.input_path)),
                                     .name = b.str(spec.input),
                                     .normalize = b.str(spec.normalize)});
  const InputId twin = b.add_input(
      {.kind = InputKind::Source, .ref = index_of(b.file("twin/a.c")), .name = b.str(spec.input)});
  Node row;
  row.name = b.str(spec.name);
  row.kind = spec.action;
  row.action = b.str(spec.native);
  row.script = b.script(spec.body, spec.file, {{b.str(spec.body), spec.line}});
  const ValueId pair = spec.swap
                           ? b.list(ValueTag::List, {b.input(input), b.input(twin), b.input(input)})
                           : b.list(ValueTag::List, {b.input(input), b.input(twin), b.input(twin)});
  row.args = b.map({{b.str("dg1"), b.string(spec.arg)}, {b.str("dg2"), pair}});
  row.env = b.map({{b.str(spec.env_name), b.string(spec.env)}});
  row.stdin_text = b.none();
  row.within = b.none();
  row.asks = b.none();
  row.secrets = b.map({{b.str("token"), b.secret("T", spec.secret_epoch)}});
  row.inputs = b.inputs({input, twin});
  row.outputs = b.add_outputs(id, {{.kind = spec.kind,
                                    .field = b.str("out"),
                                    .declared = b.str(spec.declared),
                                    .path = b.str(spec.path)}});
  Traits traits = spec.traits;
  traits.ok = b.numbers(spec.ok);
  traits.pool = b.str(spec.pool);
  row.traits = b.traits(traits);
  row.counts_with = id;
  row.manifest = b.str(spec.file);
  row.line = spec.line;
  row.depfile = b.str(spec.depfile);
  b.set_node(id, row);
  return b.finish();
}

Digest key(const Spec& spec, std::uint64_t content = 1, unsigned version = 1) {
  const Graph graph = make(spec);
  IdVec<InputId, Digest> contents(graph.input_count());
  contents[InputId{0}] = Digest{0, content};
  contents[InputId{1}] = Digest{0, 99};
  return plan::full_key(graph, NodeId{0}, plan::static_key(graph, NodeId{0}, version), contents);
}

}  // namespace

TEST_CASE("the key covers what can change the result, and each change gives another key") {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  const auto is_new = [&](const Digest& digest) {
    return seen.insert({digest.high, digest.low}).second;
  };
  CHECK(is_new(key({})));
  CHECK(is_new(key({}, 2)));
  struct Case {
    const char* name;
    std::function<void(Spec&)> edit;
  };
  const Case cases[] = {
      {"script", [](Spec& s) { s.body = "cat -n"; }},
      {"argument", [](Spec& s) { s.arg = "-O3"; }},
      {"env value", [](Spec& s) { s.env = "clang"; }},
      {"env name", [](Spec& s) { s.env_name = "CXX"; }},
      {"input name", [](Spec& s) { s.input = "b.c"; }},
      {"filters of an input", [](Spec& s) { s.normalize = "crlf"; }},
      {"which of two inputs of one name", [](Spec& s) { s.swap = true; }},
      {"output name", [](Spec& s) { s.declared = "b.o"; }},
      {"output kind", [](Spec& s) { s.kind = OutputKind::Tree; }},
      {"epoch of a secret", [](Spec& s) { s.secret_epoch = 2; }},
      {"depfile", [](Spec& s) { s.depfile = "a.d"; }},
      {"cwd", [](Spec& s) { s.traits.cwd = Cwd::Project; }},
      {"network", [](Spec& s) { s.traits.network = 1; }},
      {"sandbox", [](Spec& s) { s.traits.sandbox = 0; }},
      {"ok codes", [](Spec& s) { s.ok = {0, 5}; }},
      {"kind of action", [](Spec& s) { s.action = ActionKind::Exec; }},
      {"native action",
       [](Spec& s) {
         s.action = ActionKind::Native;
         s.native = "copy";
       }},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Spec spec;
    c.edit(spec);
    CHECK(is_new(key(spec)));
  }
  Spec native;
  native.action = ActionKind::Native;
  native.native = "copy";
  CHECK(is_new(key(native, 1, 2)));
}

TEST_CASE("the key does not cover where things stand and how they are scheduled") {
  const Digest before = key({});
  struct Case {
    const char* name;
    std::function<void(Spec&)> edit;
  };
  const Case cases[] = {
      {"label", [](Spec& s) { s.name = "other"; }},
      {"manifest", [](Spec& s) { s.file = "other.devgraph"; }},
      {"line", [](Spec& s) { s.line = 99; }},
      {"where the input lies", [](Spec& s) { s.input_path = "moved/a.c"; }},
      {"where the output lands", [](Spec& s) { s.path = "elsewhere/a.o"; }},
      {"timeout", [](Spec& s) { s.traits.timeout_ms = 5; }},
      {"retries", [](Spec& s) { s.traits.retries = 3; }},
      {"pool", [](Spec& s) { s.pool = "docker"; }},
      {"weight", [](Spec& s) { s.traits.weight = 4; }},
      {"may_fail", [](Spec& s) { s.traits.may_fail = 1; }},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Spec spec;
    c.edit(spec);
    CHECK(key(spec) == before);
  }
}

TEST_CASE("an input left out is in the key, and so are discovered ones") {
  const Graph graph = make({});
  IdVec<InputId, Digest> contents(graph.input_count(), Digest{0, 1});
  const Digest fixed = plan::static_key(graph, NodeId{0}, 0);
  const Digest whole = plan::full_key(graph, NodeId{0}, fixed, contents);
  const InputId missing[] = {InputId{0}};
  CHECK(plan::full_key(graph, NodeId{0}, fixed, contents, missing) != whole);
  CHECK(plan::key_with(whole, {}) == whole);
  const plan::Discovered one[] = {{"x.h", Digest{1, 1}}};
  const plan::Discovered other[] = {{"x.h", Digest{1, 2}}};
  CHECK(plan::key_with(whole, one) != whole);
  CHECK(plan::key_with(whole, one) != plan::key_with(whole, other));
}

TEST_CASE("the parts for people name what the key is made of, and changes are told in words") {
  Spec edited;
  edited.arg = "-O3";
  edited.env_name = "CXX";
  const Graph before = make({});
  const Graph after = make(edited);
  IdVec<InputId, Digest> old_contents(before.input_count(), Digest{1, 1});
  IdVec<InputId, Digest> contents(after.input_count(), Digest{1, 1});
  contents[InputId{0}] = digest_of("edited");
  const std::vector<plan::PartChange> changes =
      plan::changes(plan::key_parts(before, NodeId{0}, 0, old_contents),
                    plan::key_parts(after, NodeId{0}, 0, contents));
  std::string words;
  for (const plan::PartChange& change : changes)
    words += plan::in_words(change) + "; ";
  CHECK(words ==
        "a value in its script changed; env CXX is new; ./src/a.c changed; env CC is gone; ");
  CHECK(changes[0].before == "\"-O2\"");
  CHECK(changes[0].now == "\"-O3\"");
}

TEST_CASE("judge names the first reason why a node is stale") {
  store::MadeOutput made;
  made.content = Digest{3, 3};
  plan::OutputNow same{true, store::MadeKind::File, false, Digest{3, 3}};
  CHECK(plan::is_as_made(made, same));
  struct Case {
    const char* name;
    plan::OutputNow now;
  };
  const Case cases[] = {
      {"absent", {false, store::MadeKind::File, false, Digest{3, 3}}},
      {"another kind", {true, store::MadeKind::Link, false, Digest{3, 3}}},
      {"executable", {true, store::MadeKind::File, true, Digest{3, 3}}},
      {"another content", {true, store::MadeKind::File, false, Digest{3, 4}}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    CHECK_FALSE(plan::is_as_made(made, c.now));
  }
  CHECK(plan::judge(std::nullopt, Digest{1, 1}, {}) == plan::Stale::NeverBuilt);
}
