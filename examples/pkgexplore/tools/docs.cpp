// docs GRAPH OUT: the first line of the documentation of every symbol, and for an alias without one
// that of the symbol it leads to.

#include "json.h"

namespace {

using Texts = std::map<std::string, std::string>;

// All documented symbols of all packages, by qualified name.
Texts documented(const Json& graph) {
  Texts texts;
  for (const auto& [package, content] : graph.object) {
    if (content.at("doc").kind == Json::String) texts[package] = content.at("doc").string;
    for (const auto& [qualified, symbol] : content.at("symbols").object)
      if (symbol.at("doc").kind == Json::String) texts[qualified] = symbol.at("doc").string;
  }
  return texts;
}

// A symbol's own text, else that of the first of its edges that has one.
const std::string* text_of(const std::string& qualified, const Json& symbol, const Texts& texts) {
  const auto own = texts.find(qualified);
  if (own != texts.end()) return &own->second;
  for (const Json& target : symbol.at("to").array) {
    const auto found = texts.find(target.string);
    if (found != texts.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("usage: docs GRAPH OUT");
  const Json graph = load(argv[1]);
  const Texts texts = documented(graph);

  Json out;
  out.kind = Json::Object;
  std::size_t without = 0, with = 0;
  for (const auto& [package, content] : graph.object) {
    Json& page = out[package];
    page["about"] = content.at("doc").kind == Json::String ? content.at("doc") : Json("");
    page["symbols"].kind = Json::Object;
    for (const auto& [qualified, symbol] : content.at("symbols").object) {
      const std::string* text = text_of(qualified, symbol, texts);
      if (text) page["symbols"][qualified] = *text;
      ++(text ? with : without);
    }
  }
  save(argv[2], out);
  std::cout << with << " symbols documented, " << without << " not\n";
}
