// symgraphs RAW OUT: the graph of one package: its symbols, what each is, and where its edges lead
// (base classes, the target of an alias). An object with the package as its one key, so that the
// graphs of all packages can be joined.

#include "json.h"

namespace {

// The edges of a symbol: qualified names, sorted, each once.
Json edges(const Json& symbol) {
  std::map<std::string, bool> targets;
  for (const Json& base : symbol.at("bases").array) targets[base.string] = true;
  if (symbol.at("of").kind == Json::String) targets[symbol.at("of").string] = true;
  Json out;
  for (const auto& [target, _] : targets) out.push(target);
  return out;
}

// The symbol one level up, if it is one of the package: a method belongs to its class.
std::string parent_of(const std::string& qualified, const Json& symbols) {
  const std::string up = qualified.substr(0, qualified.rfind('.'));
  return symbols.object.count(up) ? up : std::string();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("usage: symgraphs RAW OUT");
  const Json raw = load(argv[1]);
  const Json& symbols = raw.at("symbols");
  const std::string& name = raw.at("name").string;

  Json graph;
  graph["version"] = raw.at("version");
  graph["doc"] = raw.at("doc");
  graph["symbols"].kind = Json::Object;
  std::size_t edge_count = 0;
  for (const auto& [qualified, symbol] : symbols.object) {
    Json& node = graph["symbols"][qualified];
    node["kind"] = symbol.at("kind");
    if (symbol.at("doc").kind == Json::String) node["doc"] = symbol.at("doc");
    const Json targets = edges(symbol);
    if (!targets.array.empty()) node["to"] = targets;
    edge_count += targets.array.size();
    const std::string parent = parent_of(qualified, symbols);
    if (!parent.empty()) node["in"] = parent;
  }
  Json out;
  out[name] = graph;
  save(argv[2], out);
  std::cout << name << ": " << symbols.object.size() << " symbols, " << edge_count << " edges\n";
}
