// symtypes RAW OUT: the types that a package speaks of: those of its values and of the defaults of
// its parameters, each with how often and in which role. One key, the package, as in symgraphs.

#include "json.h"

namespace {

struct Uses {
  std::int64_t values = 0;
  std::int64_t defaults = 0;
  std::int64_t bases = 0;
};

void count_arguments(const Json& symbol, std::map<std::string, Uses>& types) {
  for (const Json& argument : symbol.at("args").array)
    if (argument.at("default_type").kind == Json::String)
      ++types[argument.at("default_type").string].defaults;
}

std::map<std::string, Uses> count(const Json& symbols) {
  std::map<std::string, Uses> types;
  for (const auto& [qualified, symbol] : symbols.object) {
    if (symbol.at("type").kind == Json::String) ++types[symbol.at("type").string].values;
    for (const Json& base : symbol.at("bases").array) ++types[base.string].bases;
    count_arguments(symbol, types);
  }
  return types;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("usage: symtypes RAW OUT");
  const Json raw = load(argv[1]);
  const std::string& name = raw.at("name").string;
  const std::map<std::string, Uses> types = count(raw.at("symbols"));

  Json found;
  found.kind = Json::Object;
  for (const auto& [type, uses] : types) {
    Json& entry = found[type];
    entry["values"] = uses.values;
    entry["defaults"] = uses.defaults;
    entry["bases"] = uses.bases;
  }
  Json out;
  out[name] = found;
  save(argv[2], out);
  std::cout << name << ": " << types.size() << " types\n";
}
