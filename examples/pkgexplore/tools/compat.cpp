// compat GRAPH DISTIDX OUT: what a user may have meant: names that are spelt alike but for case and
// underscores, in all packages. Only those with more than one meaning are kept.

#include "json.h"

namespace {

// `OrderedDict`, `ordered_dict` and `ORDERED_DICT` are one name here.
std::string folded(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    else if (c != '_') out += c;
  }
  return out;
}

// Methods are found through their class, so only the names of a package itself count.
bool is_top_level(const Json& symbol) { return symbol.at("in").kind != Json::String; }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("usage: compat GRAPH DISTIDX OUT");
  const Json graph = load(argv[1]);
  const Json distidx = load(argv[2]);

  std::map<std::string, std::map<std::string, std::string>> meanings;
  for (const auto& [package, content] : graph.object) {
    if (!distidx.object.count(package)) fail(package + ": not in the index");
    for (const auto& [qualified, symbol] : content.at("symbols").object) {
      if (!is_top_level(symbol)) continue;
      const std::string name = qualified.substr(qualified.rfind('.') + 1);
      meanings[folded(name)][qualified] = symbol.at("kind").string;
    }
  }
  Json out;
  out["packages"] = static_cast<std::int64_t>(distidx.object.size());
  out["names"].kind = Json::Object;
  for (const auto& [name, places] : meanings) {
    if (places.size() < 2) continue;
    for (const auto& [qualified, kind] : places) out["names"][name][qualified] = kind;
  }
  save(argv[3], out);
  std::cerr << out.at("names").object.size() << " names with more than one meaning\n";
}
