// stubs DISTIDX FOLDER OUT: what the type stubs of FOLDER declare, for the packages of the index.
// A stub is read line by line: `def` and `class` in the first column, and the methods below a class.

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "json.h"

namespace {

// The name behind `def ` or `class `, or nothing.
std::string declared(const std::string& line, std::size_t from) {
  for (const std::string word : {"def ", "async def ", "class "}) {
    if (line.compare(from, word.size(), word) != 0) continue;
    const std::size_t begin = from + word.size();
    return line.substr(begin, line.find_first_of("(:", begin) - begin);
  }
  return {};
}

Json names_in(const std::string& module, const std::string& text) {
  Json out;
  out.kind = Json::Object;
  std::string type;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string outer = declared(line, 0);
    const std::string inner = line.compare(0, 4, "    ") == 0 ? declared(line, 4) : std::string();
    if (!outer.empty()) {
      const bool is_class = line.compare(0, 6, "class ") == 0;
      type = is_class ? outer : std::string();
      out[module + "." + outer] = is_class ? "class" : "function";
    } else if (!inner.empty() && !type.empty()) {
      out[module + "." + type + "." + inner] = "function";
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("usage: stubs DISTIDX FOLDER OUT");
  const Json distidx = load(argv[1]);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[2]))
    if (entry.path().extension() == ".pyi") files.push_back(entry.path());
  std::sort(files.begin(), files.end());

  Json out;
  out["packages"].kind = Json::Object;
  out["unknown"].kind = Json::Array;
  for (const auto& path : files) {
    const std::string module = path.stem().string();
    if (distidx.object.count(module)) out["packages"][module] = names_in(module, slurp(path.string()));
    else out["unknown"].push(module);
  }
  for (const auto& [module, names] : out.at("packages").object)
    out["digests"][module] = distidx.at(module).at("digest");
  save(argv[3], out);
  std::cout << out.at("packages").object.size() << " stubs used of " << files.size() << '\n';
}
