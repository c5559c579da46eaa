#include "engine/actions/engine_record.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include <nlohmann/json.hpp>

#include "engine/base/path.h"

namespace devgraph::actions {
namespace {

using nlohmann::json;

std::string line_of(std::string_view event, const Placed& one) {
  const json line = {{"event", event}, {"program", one.program}, {"engine", one.engine},
                     {"at", one.at},   {"label", one.label},     {"name", one.name},
                     {"ids", one.ids}};
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string text_of(const json& line, const char* name) {
  const auto found = line.find(name);
  return found != line.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// None of a line in which something is missing.
std::optional<Placed> placed_in(const json& line) {
  Placed one{text_of(line, "program"), text_of(line, "engine"), text_of(line, "at"),
             text_of(line, "label"),   text_of(line, "name"),   {}};
  const auto ids = line.find("ids");
  if (ids == line.end() || !ids->is_array()) return std::nullopt;
  for (const json& id : *ids) {
    if (!id.is_string() || id.get<std::string>().empty()) return std::nullopt;
    one.ids.push_back(id.get<std::string>());
  }
  if (one.program != "docker" && one.program != "podman") return std::nullopt;
  if (one.engine.empty() || one.name.empty()) return std::nullopt;
  return one;
}

bool is_same_place(const Placed& a, const Placed& b) {
  return a.program == b.program && a.engine == b.engine && a.name == b.name;
}

}  // namespace

Result<EngineRecord> EngineRecord::open(Files& files, const std::string& state) {
  EngineRecord record(files, join_path(state, "engines"));
  const Result<FileStat> stat = files.stat(record.path_);
  if (!stat) return std::unexpected(stat.error());
  if (!stat->exists()) return record;
  const Result<std::string> text = files.read(record.path_);
  if (!text) return std::unexpected(text.error());
  std::size_t begin = 0;
  for (std::size_t end = text->find('\n'); end != std::string::npos;
       end = text->find('\n', begin)) {
    record.take(std::string_view(*text).substr(begin, end - begin));
    begin = end + 1;
  }
  record.size_ = begin;
  return record;
}

void EngineRecord::take(std::string_view line) {
  const json fields = json::parse(line, nullptr, false);
  std::optional<Placed> one;
  if (fields.is_object()) one = placed_in(fields);
  if (!one) {
    ++damaged_;
    return;
  }
  const std::string event = text_of(fields, "event");
  if (event == "put") {
    place(*one);
  } else if (event == "gone") {
    std::erase_if(placed_, [&](const Placed& other) {
      return is_same_place(other, *one) && other.ids == one->ids;
    });
  } else {
    ++damaged_;
  }
}

/// Of two nodes that put the same, the later counts.
void EngineRecord::place(const Placed& one) {
  std::erase_if(placed_, [&](const Placed& other) {
    return is_same_place(other, one) && other.ids == one.ids;
  });
  placed_.push_back(one);
}

bool EngineRecord::is_latest(const Placed& one) const {
  const auto last = std::find_if(placed_.rbegin(), placed_.rend(),
                                 [&](const Placed& other) { return is_same_place(other, one); });
  return last != placed_.rend() && *last == one;
}

Status EngineRecord::append(std::string_view lines) {
  Result<std::unique_ptr<AppendFile>> file = files_->append_to(path_, size_);
  if (!file) return std::unexpected(file.error());
  if (Status done = (*file)->append(lines); !done) return done;
  if (Status done = (*file)->sync(); !done) return done;
  size_ += lines.size();
  return {};
}

Status EngineRecord::put(const std::vector<Placed>& all) {
  std::string lines;
  for (const Placed& one : all) {
    if (!is_latest(one)) lines += line_of("put", one);
  }
  if (lines.empty()) return {};
  if (Status done = append(lines); !done) return done;
  for (const Placed& one : all)
    place(one);
  return {};
}

Status EngineRecord::drop(const std::vector<Placed>& all) {
  std::string lines;
  for (const Placed& one : all)
    lines += line_of("gone", one);
  if (lines.empty()) return {};
  if (Status done = append(lines); !done) return done;
  for (const Placed& one : all)
    std::erase(placed_, one);
  return {};
}

Status note_placed(Files& files, const std::string& state, const std::vector<Placed>& all) {
  static std::mutex mutex;  // Guards the file: one devgraph at a time writes it.
  const std::lock_guard<std::mutex> lock(mutex);
  Result<EngineRecord> record = EngineRecord::open(files, state);
  if (!record) return std::unexpected(record.error());
  return record->put(all);
}

}  // namespace devgraph::actions
