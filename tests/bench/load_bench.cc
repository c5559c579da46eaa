/// How long a load takes: a family of 100,000 cells, 10,000 plain nodes, 20,000 instances of a
/// rule.

#include <chrono>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "lang/load.h"
#include "tests/support/mem_files.h"

using namespace devgraph;

namespace {

std::string family(int cells) {
  return fmt::format(R"(devgraph 1
axis i = range(0, {})
let common = ./common.txt
run raw[i] {{
  out = "{{i}}.txt"
  env = {{ MODE = "fast" }}
  $ sort {{common}} --key {{i}} > {{out}}
}}
run next[i] {{
  out = "n"
  $ sort {{raw[i]}} > {{out}}
}}
run all {{
  out = "all"
  $ cat {{next}} > {{out}}
}}
)",
                     cells);
}

std::string plain(int nodes) {
  std::string text = "devgraph 1\nlet source = ./common.txt\n";
  for (int i = 0; i < nodes; ++i) {
    text += fmt::format("run n{0} {{\n  out = \"n{0}\"\n  $ cat {{{1}}} > {{out}}\n}}\n", i,
                        i == 0 ? "source" : fmt::format("n{}", (i - 1) / 2));
  }
  return text;
}

std::string instances(int cells) {
  return fmt::format(R"(devgraph 1
axis i = range(0, {})
rule step(text: string, parts: [file] = []) {{
  write _text {{ text }}
  run self {{
    out = "{{name}}.txt"
    $ cat {{_text}} {{parts}} > {{out}}
  }}
}}
step one[i] {{ text = "{{i}}" }}
step two[i] {{ text = "x", parts = one[i] }}
)",
                     cells);
}

bool measure(const char* name, const std::string& manifest) {
  MemFiles files;
  files.put("/ws/build.devgraph", manifest);
  files.put("/ws/common.txt", "x");
  Sources sources;
  Diagnostics found;
  lang::LoadOptions options;
  options.workspace = "/ws";
  const auto start = std::chrono::steady_clock::now();
  const std::optional<Graph> graph = lang::load(sources, files, options, found);
  const auto end = std::chrono::steady_clock::now();
  if (!graph) {
    std::fputs(render_text(found, sources, false).c_str(), stderr);
    return false;
  }
  const auto reads_start = std::chrono::steady_clock::now();
  const bool holds = !lang::changed_read(*graph, files, options);
  const auto reads_end = std::chrono::steady_clock::now();
  const auto ms = [](auto time) { return std::chrono::duration<double, std::milli>(time).count(); };
  fmt::print("{:<24} {:>8} nodes {:>9.1f} ms   {:>6.1f} MB   reads again {:>7.2f} ms\n", name,
             graph->node_count(), ms(end - start), static_cast<double>(graph->bytes().size()) / 1e6,
             ms(reads_end - reads_start));
  return holds;
}

}  // namespace

int main() {
  bool good = measure("family", family(100'000));
  good = measure("plain", plain(10'000)) && good;
  good = measure("instances", instances(20'000)) && good;
  return good ? 0 : 1;
}
