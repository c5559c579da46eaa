/// Random graphs under random edits against a from-scratch oracle: after every build each output is
/// what a build from nothing would make, and exactly those nodes ran whose key had no result yet.

#include <algorithm>
#include <random>
#include <set>

#include <doctest/doctest.h>

#include "engine/base/digest.h"
#include "tests/unit/exec/build_world.h"

using namespace devgraph;

namespace {

struct Model {
  struct Node {
    std::string name;
    std::string script;
    std::vector<std::string> inputs;  ///< As in NodeSpec.
    unsigned outputs = 1;
    unsigned cutoff = 0;  ///< Not 0: the result is a number below it.
    bool present = true;
    bool broken = false;
  };
  std::vector<Node> nodes;
  std::map<std::string, std::string> sources;  ///< Name -> content.
};

/// What a command makes of its script and inputs.
std::string result_of(const std::string& script, unsigned cutoff, unsigned index,
                      const std::vector<std::string>& inputs) {
  Hasher hasher;
  hasher.field(script);
  hasher.number(index);
  for (const std::string& input : inputs)
    hasher.field(input);
  const Digest digest = hasher.finish();
  return cutoff == 0 ? hex(digest) : std::to_string(digest.low % cutoff);
}

class RandomBuilds {
 public:
  explicit RandomBuilds(std::uint64_t seed) : random_(seed) {
    make_model();
    world_.seed = seed;
    world_.options.keep_going = true;
    world_.options.jobs = 1 + static_cast<unsigned>(pick(6));
    if (pick(3) == 0) world_.options.shuffle = seed;
    for (const auto& [name, content] : model_.sources)
      world_.files.put("/w/" + name, content);
  }

  void round(int number) {
    CAPTURE(number);
    if (number > 0) edit();
    tell();
    const Result<exec::Summary> summary = world_.try_build();
    const std::string error = summary ? "" : summary.error().message;
    REQUIRE(error == "");
    compare(*summary);
  }

 private:
  std::size_t pick(std::size_t below) { return random_() % below; }

  void make_model() {
    const std::size_t sources = 1 + pick(6);
    for (std::size_t i = 0; i < sources; ++i) {
      model_.sources["s" + std::to_string(i)] = std::to_string(pick(3));
    }
    const std::size_t count = 2 + pick(18);
    for (std::size_t i = 0; i < count; ++i) {
      Model::Node node;
      node.name = "n" + std::to_string(i);
      node.script = "script " + std::to_string(pick(6));
      node.outputs = 1 + static_cast<unsigned>(pick(2));
      node.cutoff = pick(2) == 0 ? 2 : 0;
      const std::size_t inputs = pick(5);
      for (std::size_t k = 0; k < inputs; ++k) {
        std::string input = "./s" + std::to_string(pick(sources));
        if (i > 0 && pick(3) != 0) {
          const std::size_t from = pick(i);
          const std::size_t output = pick(model_.nodes[from].outputs);
          input = "n" + std::to_string(from) + ":" + std::to_string(output);
        }
        const bool new_one =
            std::find(node.inputs.begin(), node.inputs.end(), input) == node.inputs.end();
        if (new_one) node.inputs.push_back(input);
      }
      model_.nodes.push_back(std::move(node));
    }
  }

  void edit() {
    for (std::size_t i = 1 + pick(3); i > 0; --i)
      edit_once();
  }

  void edit_once() {
    const std::string source = "s" + std::to_string(pick(model_.sources.size()));
    Model::Node& node = model_.nodes[pick(model_.nodes.size())];
    const std::string output = "/w/out/" + node.name + "/o0";
    switch (pick(10)) {
      case 0:
      case 1:
      case 2: {
        // A small alphabet, so that states come back; equal sizes, so that only times tell.
        const std::int64_t mtime = world_.files.stat("/w/" + source)->mtime_ns;
        model_.sources[source] = std::to_string(pick(3));
        world_.files.put("/w/" + source, model_.sources[source]);
        if (pick(2) == 0) world_.files.set_mtime("/w/" + source, mtime);
        break;
      }
      case 3:
        world_.files.touch("/w/" + source);
        break;
      case 4:
        world_.files.replace("/w/" + source, model_.sources[source]);
        break;
      case 5:
        node.script = "script " + std::to_string(pick(6));
        break;
      case 6:
        world_.files.erase(output);
        break;
      case 7:
        if (world_.files.exists(output)) world_.files.put(output, "altered");
        break;
      case 8:
        node.broken = !node.broken;
        break;
      default:
        // Only a leaf of the graph may leave it.
        if (!is_used(node.name)) node.present = !node.present;
        break;
    }
  }

  bool is_used(const std::string& name) const {
    for (const Model::Node& node : model_.nodes) {
      if (!node.present) continue;
      for (const std::string& input : node.inputs) {
        if (input.starts_with(name + ":")) return true;
      }
    }
    return false;
  }

  void tell() {
    // A node that comes back must not use one that is gone.
    for (Model::Node& node : model_.nodes) {
      for (const std::string& input : node.inputs) {
        if (input.starts_with("./")) continue;
        const std::size_t from = std::stoul(input.substr(1));
        if (node.present) model_.nodes[from].present = true;
      }
    }
    for (std::size_t i = model_.nodes.size(); i-- > 0;) {
      if (!model_.nodes[i].present) continue;
      for (const std::string& input : model_.nodes[i].inputs) {
        if (!input.starts_with("./")) model_.nodes[std::stoul(input.substr(1))].present = true;
      }
    }
    world_.maker = {};
    world_.actions.clear();
    for (const Model::Node& node : model_.nodes) {
      if (!node.present) continue;
      NodeSpec spec;
      spec.name = node.name;
      spec.inputs = node.inputs;
      spec.script = node.script + (node.cutoff != 0 ? " small" : "");
      spec.outputs.clear();
      for (unsigned i = 0; i < node.outputs; ++i)
        spec.outputs.push_back("o" + std::to_string(i));
      world_.maker.add(spec);
      world_.actions["//:" + node.name] = [node](FakeRunner::Job& job) {
        std::vector<std::string> inputs;
        for (std::size_t i = 0; i < job.input_count(); ++i)
          inputs.push_back(job.input(i));
        if (node.broken) return 1;
        for (unsigned i = 0; i < node.outputs; ++i) {
          job.output(i, result_of(node.script, node.cutoff, i, inputs));
        }
        return 0;
      };
    }
  }

  /// Evaluates the model from nothing, and with it which nodes have to run.
  void compare(const exec::Summary& summary) {
    std::map<std::string, std::string> made;
    std::set<std::string> bad, expected;
    std::multiset<std::string> keys_to_run;
    std::map<std::string, std::string> key_of;
    std::size_t failed = 0, blocked = 0;
    for (const Model::Node& node : model_.nodes) {
      if (!node.present) {
        // Gone with its node, unless it was edited by hand.
        const std::optional<std::string> left = world_.files.get("/w/out/" + node.name + "/o0");
        CHECK(left.value_or("altered") == "altered");
        continue;
      }
      std::vector<std::string> inputs;
      std::string key =
          node.script + "#" + std::to_string(node.cutoff) + "#" + std::to_string(node.outputs);
      bool is_blocked = false;
      for (const std::string& input : node.inputs) {
        const bool source = input.starts_with("./");
        is_blocked = is_blocked || bad.contains(input.substr(0, input.find(':')));
        const std::string content = source ? model_.sources[input.substr(2)] : made[input];
        inputs.push_back(content);
        // Names of inputs are in the key: of a source its path, of an output its declared name.
        key += "|" + (source ? input : input.substr(input.find(':'))) + "=" + content;
      }
      if (is_blocked || (node.broken && !seen_.contains(key))) {
        bad.insert(node.name);
        ++(is_blocked ? blocked : failed);
        if (!is_blocked) keys_to_run.insert(key);
        if (!is_blocked) key_of["//:" + node.name] = key;
        continue;
      }
      for (unsigned i = 0; i < node.outputs; ++i) {
        const std::string content = result_of(node.script, node.cutoff, i, inputs);
        made[node.name + ":" + std::to_string(i)] = content;
        CHECK(world_.files.get("/w/out/" + node.name + "/o" + std::to_string(i)) == content);
      }
      if (!seen_.contains(key)) key_of["//:" + node.name] = key;
      if (!seen_.contains(key)) new_keys_.insert(key);
    }
    CHECK(summary.failed == failed);
    CHECK(summary.blocked == blocked);
    // Every new key ran at least once (nodes that share one may have run side by side), and nothing
    // else ran, nor anything twice.
    std::set<std::string> ran_keys;
    std::set<std::string> ran_labels;
    for (const std::string& label : world_.ran) {
      CAPTURE(label);
      CHECK(ran_labels.insert(label).second);
      REQUIRE(key_of.contains(label));
      ran_keys.insert(key_of[label]);
    }
    for (const std::string& key : new_keys_)
      CHECK(ran_keys.contains(key));
    for (const std::string& key : keys_to_run)
      CHECK(ran_keys.contains(key));
    seen_.insert(new_keys_.begin(), new_keys_.end());
    new_keys_.clear();
  }

  std::mt19937_64 random_;
  Model model_;
  World world_;
  std::set<std::string> seen_;  ///< Keys with a result.
  std::set<std::string> new_keys_;
};

}  // namespace

TEST_CASE("random graphs under random edits are built soundly and minimally") {
  const std::uint64_t graphs = setting("DEVGRAPH_RANDOM_GRAPHS", 80);
  for (std::uint64_t seed = 1; seed <= graphs; ++seed) {
    CAPTURE(seed);
    RandomBuilds builds(seed);
    for (int i = 0; i < 12; ++i)
      builds.round(i);
  }
}
