/// Any text as the manifest of a workspace: checks, evaluation and the graph end without a crash,
/// a graph comes out or a fault is told, and every fault stands in a text that was read.

#include <cstdlib>
#include <string>

#include "lang/load.h"
#include "tests/fuzz/target.h"
#include "tests/support/mem_files.h"

using namespace devgraph;

namespace {

void check_places(const Diagnostics& found, const Sources& sources) {
  const auto expect = [&](const Range& range) {
    if (range.begin > range.end || range.end > sources.text(range.source).size()) std::abort();
  };
  for (const Diagnostic& one : found.all()) {
    if (one.code.size() != 4 || one.message.empty()) std::abort();
    if (one.where) expect(one.where->range);
    for (const Pointer& also : one.also)
      expect(also.range);
  }
  static_cast<void>(render_text(found, sources, true));
  static_cast<void>(render_json(found, sources));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MemFiles files;
  files.put("/ws/build.devgraph", std::string_view(reinterpret_cast<const char*>(data), size));
  files.put("/ws/a.txt", "1\n");
  files.put("/ws/src/a.c", "int main;");
  files.put("/ws/src/b.c", "");
  files.put("/ws/a.json", R"({"a": {"b": [1, "x", null]}})");
  files.put("/ws/.env", "A=1\n");
  files.put("/ws/sub/build.devgraph", "write w { text = \"sub\" }\n");
  files.put("/ws/rules/r.devgraph", "rule r(x: string) { write self { text = x } }\n");
  files.put("/bin/cc", "cc");
  lang::LoadOptions options;
  options.workspace = "/ws";
  options.environment = {{"PATH", "/bin"}};
  options.projects = {"..."};
  options.jobs = 1;
  Sources sources;
  Diagnostics found;
  const std::optional<Graph> graph = lang::load(sources, files, options, found);
  if (graph.has_value() == found.has_errors()) std::abort();
  found.sort(sources);
  check_places(found, sources);
  return 0;
}
