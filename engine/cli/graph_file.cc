#include "engine/cli/graph_file.h"

#include <algorithm>

#include "engine/base/path.h"

namespace devgraph::cli {
namespace {

constexpr std::string_view kMagic{"devgraph graph \x02", 16};
constexpr std::size_t kAlignment = 64;  // Of the block in the file, as Graph::from_memory wants it.

void append_number(std::string& out, std::uint64_t value) {
  for (unsigned shift = 0; shift < 64; shift += 8)
    out += static_cast<char>((value >> shift) & 0xFF);
}

std::uint64_t number_at(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 8; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return value;
}

std::size_t aligned(std::size_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

std::string encode_graph_file(const GraphHeader& header, std::string_view graph) {
  std::string projects;
  for (const std::string& project : header.projects) {
    projects += project;
    projects += '\0';
  }
  std::string out(kMagic);
  for (const Digest& digest : {header.engine, header.options}) {
    append_number(out, digest.high);
    append_number(out, digest.low);
  }
  append_number(out, header.doubts);
  append_number(out, projects.size());
  append_number(out, graph.size());
  out += projects;
  out.resize(aligned(out.size()), '\0');
  out += graph;
  return out;
}

std::optional<GraphFile> decode_graph_file(std::string_view bytes) {
  constexpr std::size_t kFixed = 72;
  if (bytes.size() < kFixed || !bytes.starts_with(kMagic)) return std::nullopt;
  GraphFile file;
  file.header.engine = {.high = number_at(bytes, 16), .low = number_at(bytes, 24)};
  file.header.options = {.high = number_at(bytes, 32), .low = number_at(bytes, 40)};
  file.header.doubts = number_at(bytes, 48);
  const std::uint64_t names = number_at(bytes, 56);
  const std::uint64_t graph = number_at(bytes, 64);
  if (names > bytes.size() - kFixed) return std::nullopt;
  const std::size_t begin = aligned(kFixed + names);
  if (begin > bytes.size() || graph != bytes.size() - begin) return std::nullopt;
  std::string_view list = bytes.substr(kFixed, names);
  while (!list.empty()) {
    const std::size_t end = list.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    file.header.projects.emplace_back(list.substr(0, end));
    list.remove_prefix(end + 1);
  }
  file.graph = bytes.substr(begin);
  return file;
}

bool covers(std::span<const std::string> have, std::span<const std::string> want) {
  const auto folder_of = [](std::string_view project) {
    return project == "..." ? std::string_view() : project.substr(0, project.size() - 4);
  };
  const auto is_open = [](std::string_view project) {
    return project == "..." || project.ends_with("/...");
  };
  return std::all_of(want.begin(), want.end(), [&](const std::string& wanted) {
    const std::string_view folder = is_open(wanted) ? folder_of(wanted) : std::string_view(wanted);
    return std::any_of(have.begin(), have.end(), [&](const std::string& had) {
      return had == wanted || (is_open(had) && is_within(folder, folder_of(had)));
    });
  });
}

}  // namespace devgraph::cli
