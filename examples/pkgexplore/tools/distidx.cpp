// distidx GRAPH OUT: an index of the merged graph: for every package its version, how many symbols of
// each kind it has, which packages it leads to, and a digest of its part of the graph.

#include <set>
#include <sstream>

#include "json.h"

namespace {

// The package that a qualified name belongs to: the longest one that it begins with.
std::string package_of(const std::string& qualified, const Json& graph) {
  std::string prefix = qualified;
  while (!prefix.empty()) {
    if (graph.object.count(prefix)) return prefix;
    const std::size_t dot = prefix.rfind('.');
    prefix = dot == std::string::npos ? std::string() : prefix.substr(0, dot);
  }
  return {};
}

std::string digest(const Json& value) {
  std::ostringstream text;
  write(text, value);
  return fnv64(text.str());
}

Json index(const std::string& name, const Json& package, const Json& graph) {
  std::map<std::string, std::int64_t> kinds;
  std::set<std::string> leads_to;
  for (const auto& [qualified, symbol] : package.at("symbols").object) {
    ++kinds[symbol.at("kind").string];
    for (const Json& target : symbol.at("to").array) {
      const std::string other = package_of(target.string, graph);
      if (!other.empty() && other != name) leads_to.insert(other);
    }
  }
  Json out;
  out["version"] = package.at("version");
  out["digest"] = digest(package);
  out["kinds"].kind = Json::Object;
  for (const auto& [kind, number] : kinds) out["kinds"][kind] = number;
  out["needs"].kind = Json::Array;
  for (const std::string& other : leads_to) out["needs"].push(other);
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("usage: distidx GRAPH OUT");
  const Json graph = load(argv[1]);
  Json out;
  out.kind = Json::Object;
  for (const auto& [name, package] : graph.object) out[name] = index(name, package, graph);
  save(argv[2], out);
  std::cout << out.object.size() << " packages indexed\n";
}
