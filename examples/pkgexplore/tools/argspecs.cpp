// argspecs RAW GRAPH DISTIDX OUT: the signatures of one package, with the types of defaults resolved
// in the merged graph: by the builtin types of base.json first, then by the symbols of all packages.
// One key, the package, as in symgraphs.

#include "json.h"

namespace {

class Resolver {
 public:
  Resolver(const Json& graph, const Json& distidx) : graph_(graph), distidx_(distidx) {}

  // What a type is called for readers; `?` before one that no package and no base knows.
  std::string operator()(const std::string& type) const {
    const Json& base = graph_.at("base").at("types").at(type);
    if (base.kind == Json::String) return base.string;
    for (std::size_t dot = type.rfind('.'); dot != std::string::npos && dot > 0;
         dot = type.rfind('.', dot - 1)) {
      const std::string package = type.substr(0, dot);
      if (!distidx_.object.count(package)) continue;
      if (graph_.at(package).at("symbols").object.count(type)) return type;
    }
    return "?" + type;
  }

 private:
  const Json& graph_;
  const Json& distidx_;
};

// `(self, timeout: float = 1, *args)` as data.
Json signature(const Json& arguments, const Resolver& resolve) {
  Json out;
  out.kind = Json::Array;
  for (const Json& argument : arguments.array) {
    Json entry;
    entry["name"] = argument.at("name");
    const std::string& kind = argument.at("kind").string;
    if (kind != "positional_or_keyword") entry["kind"] = kind;
    if (argument.at("default_type").kind == Json::String) {
      entry["type"] = resolve(argument.at("default_type").string);
      entry["default"] = argument.at("default").kind == Json::String ? argument.at("default") : Json("...");
    }
    out.push(entry);
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) fail("usage: argspecs RAW GRAPH DISTIDX OUT");
  const Json raw = load(argv[1]);
  const Json graph = load(argv[2]);
  const Json distidx = load(argv[3]);
  const Resolver resolve(graph, distidx);

  Json found;
  found.kind = Json::Object;
  std::size_t unknown = 0;
  for (const auto& [qualified, symbol] : raw.at("symbols").object) {
    if (symbol.at("kind").string != "function") continue;
    if (symbol.at("args").kind == Json::Array) found[qualified] = signature(symbol.at("args"), resolve);
    else ++unknown;
  }
  Json out;
  out[raw.at("name").string] = found;
  save(argv[4], out);
  std::cout << found.object.size() << " signatures, " << unknown << " that Python does not tell\n";
}
