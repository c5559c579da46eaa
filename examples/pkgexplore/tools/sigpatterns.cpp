// sigpatterns ARGSPECS STUBS OUT: the shapes that signatures have, most frequent first: how many
// functions have each, how many of these a stub declares too, and one example.

#include <algorithm>

#include "json.h"

namespace {

struct Pattern {
  std::int64_t functions = 0;
  std::int64_t in_stubs = 0;
  std::string example;
};

// `self, a, b=int, *, c=str, **` : places, not names.
std::string shape(const Json& signature) {
  std::string out;
  std::size_t position = 0;
  for (const Json& argument : signature.array) {
    if (!out.empty()) out += ", ";
    const std::string kind = argument.at("kind").kind == Json::String ? argument.at("kind").string : "";
    const std::string& name = argument.at("name").string;
    if (kind == "var_positional") out += "*";
    else if (kind == "var_keyword") out += "**";
    else if (position == 0 && (name == "self" || name == "cls")) out += name;
    else out += kind == "keyword_only" ? "key" : "a" + std::to_string(position);
    if (argument.at("type").kind == Json::String) out += "=" + argument.at("type").string;
    ++position;
  }
  return "(" + out + ")";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("usage: sigpatterns ARGSPECS STUBS OUT");
  const Json argspecs = load(argv[1]);
  const Json stubs = load(argv[2]);

  std::map<std::string, Pattern> patterns;
  for (const auto& [package, functions] : argspecs.object) {
    const Json& declared = stubs.at("packages").at(package);
    for (const auto& [qualified, signature] : functions.object) {
      Pattern& pattern = patterns[shape(signature)];
      ++pattern.functions;
      if (declared.object.count(qualified)) ++pattern.in_stubs;
      if (pattern.example.empty()) pattern.example = qualified;
    }
  }
  std::vector<std::pair<std::string, Pattern>> ranked(patterns.begin(), patterns.end());
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.second.functions > b.second.functions;
  });
  Json out;
  out.kind = Json::Array;
  for (const auto& [text, pattern] : ranked) {
    Json entry;
    entry["shape"] = text;
    entry["functions"] = pattern.functions;
    entry["in_stubs"] = pattern.in_stubs;
    entry["example"] = pattern.example;
    out.push(entry);
  }
  save(argv[3], out);
  std::cout << ranked.size() << " shapes\n";
}
