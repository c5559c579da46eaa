#include "engine/exec/words.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

std::int64_t integer_of(const Value& value) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(value.b) << 32 | value.a);
}

}  // namespace

Status WordMaker::words(ValueId id, std::vector<std::string>& out) {
  const Value& value = graph.value(id);
  switch (value.tag) {
    case ValueTag::None:
      return {};
    case ValueTag::False:
      out.emplace_back("false");
      return {};
    case ValueTag::True:
      out.emplace_back("true");
      return {};
    case ValueTag::Int:
      out.push_back(std::to_string(integer_of(value)));
      return {};
    case ValueTag::Str:
      out.emplace_back(graph.str(StrId{value.a}));
      return {};
    case ValueTag::Out:
      out.push_back(output_word(value.a));
      return {};
    case ValueTag::Input: {
      const InputId input{value.a};
      if (!std::binary_search(missing.begin(), missing.end(), input)) {
        out.push_back(input_word(input));
      }
      return {};
    }
    case ValueTag::List:
      for (const ValueId item : graph.items(value)) {
        if (Status done = words(item, out); !done) return done;
      }
      return {};
    case ValueTag::Join:
      return join(value, out);
    case ValueTag::Rsp:
      return response(value, out);
    case ValueTag::Text: {
      Result<std::string> content = text(InputId{value.a});
      if (!content) return std::unexpected(std::move(content.error()));
      out.push_back(std::move(*content));
      return {};
    }
    case ValueTag::Map:
      return fail("a map cannot be an argument of a command");
    case ValueTag::Secret:
      return fail("a secret cannot be an argument of a command");
  }
  return {};
}

Status WordMaker::join(const Value& value, std::vector<std::string>& out) {
  std::string glued;
  for (const ValueId item : graph.items(value)) {
    std::vector<std::string> parts;
    if (Status done = words(item, parts); !done) return done;
    for (const std::string& part : parts)
      glued += part;
  }
  out.push_back(std::move(glued));
  return {};
}

Status WordMaker::response(const Value& value, std::vector<std::string>& out) {
  std::vector<std::string> lines;
  for (const ValueId item : graph.items(value)) {
    if (Status done = words(item, lines); !done) return done;
  }
  std::string content;
  for (const std::string& line : lines) {
    if (line.find('\n') != std::string::npos) {
      return fail("`" + printable(line) +
                  "` has a newline, so it cannot be a line of a response file");
    }
    content += line + '\n';
  }
  std::string path = join_path(scratch, "rsp" + std::to_string(++response_files));
  if (Status done = files.write(path, content, 0644, false); !done) return done;
  out.push_back(std::move(path));
  return {};
}

Result<std::string> WordMaker::word(ValueId value, const std::string& what) {
  std::vector<std::string> found;
  if (Status done = words(value, found); !done) return std::unexpected(std::move(done.error()));
  if (found.size() != 1) {
    return fail(what + " must be one word, and is " + std::to_string(found.size()));
  }
  return std::move(found[0]);
}

Result<std::string> WordMaker::text(InputId input) {
  Result<std::string> content = files.read(input_content(input));
  if (!content) return content;
  if (content->find('\0') != std::string::npos) {
    return fail(printable(input_content(input)) +
                " has a NUL byte, which no argument or variable can hold");
  }
  if (content->ends_with('\n')) content->pop_back();
  return content;
}

std::string quoted(std::string_view word) {
  std::string out = "'";
  for (const char byte : word) {
    if (byte == '\'') {
      out += "'\\''";
    } else {
      out += byte;
    }
  }
  out += '\'';
  return out;
}

std::string array_text(std::string_view name, std::span<const std::string> words) {
  std::string out(name);
  out += "=(";
  for (const std::string& word : words) {
    if (!out.ends_with('(')) out += ' ';
    out += quoted(word);
  }
  out += ")\n";
  return out;
}

}  // namespace devgraph::exec
