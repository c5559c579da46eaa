#include "lang/docker/dockerfile.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"

namespace devgraph::lang {
namespace {

constexpr std::array<std::string_view, 18> kWords = {
    "FROM",    "RUN", "CMD",     "LABEL",      "MAINTAINER",  "EXPOSE",
    "ENV",     "ADD", "COPY",    "ENTRYPOINT", "VOLUME",      "USER",
    "WORKDIR", "ARG", "ONBUILD", "STOPSIGNAL", "HEALTHCHECK", "SHELL"};

std::string in_capitals(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return made;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

std::string_view without_head(std::string_view text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  return text;
}

std::string_view without_tail(std::string_view text) {
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

/// Takes the first word of a text off it, and the blanks behind it.
std::string_view take_word(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && !is_blank(text[size]))
    ++size;
  const std::string_view word = text.substr(0, size);
  text = without_head(text.substr(size));
  return word;
}

/// Takes `--from=x` and the like off.
void take_flags(std::string_view& text, std::vector<std::pair<std::string, std::string>>& flags) {
  while (text.starts_with("--") && !text.starts_with("-- ")) {
    const std::string_view flag = take_word(text).substr(2);
    const std::size_t equals = std::min(flag.find('='), flag.size());
    flags.emplace_back(flag.substr(0, equals), flag.substr(std::min(equals + 1, flag.size())));
  }
}

bool may_have_here_documents(std::string_view word) {
  return word == "RUN" || word == "COPY" || word == "ADD";
}

/// Reads a text line by line.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  std::expected<Dockerfile, DockerFault> file();

 private:
  bool at_end() const { return at_ >= text_.size(); }
  /// The next line without its end.
  std::string_view line() const {
    const std::size_t end = text_.find('\n', at_);
    return text_.substr(at_, end == std::string_view::npos ? end : end - at_);
  }
  void skip_line() {
    const std::size_t end = text_.find('\n', at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
  }
  /// Moves to the next line that is an instruction; false at the end.
  bool find_instruction();
  void directives();
  std::string joined_lines();
  std::optional<DockerFault> bodies(std::string_view joined);
  std::expected<DockerInstruction, DockerFault> instruction();
  std::optional<DockerFault> add(DockerInstruction instruction);
  std::expected<DockerStage, DockerFault> stage(DockerInstruction from) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::string kept_;  ///< Of the instruction that is being read.
  Dockerfile made_;
};

DockerFault fault_at(const DockerInstruction& at, std::string message, std::string label,
                     std::string help = {}) {
  return {at.begin, at.end, "E420", std::move(message), std::move(label), std::move(help)};
}

/// `# escape=\`` and the like, as long as lines are nothing else.
void Reader::directives() {
  while (!at_end()) {
    std::string_view rest = without_head(line());
    if (!rest.starts_with('#')) return;
    rest = without_head(rest.substr(1));
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return;
    const std::string name = in_small_letters(without_tail(rest.substr(0, equals)));
    const std::string_view value = without_tail(without_head(rest.substr(equals + 1)));
    if (name != "escape" && name != "syntax" && name != "check") return;
    if (name == "escape" && value.size() == 1) made_.escape = value[0];
    made_.directives += std::string(without_tail(line())) + "\n";
    skip_line();
  }
}

bool Reader::find_instruction() {
  while (!at_end()) {
    const std::string_view bare = without_tail(without_head(line()));
    if (!bare.empty() && !bare.starts_with('#')) return true;
    skip_line();
  }
  return false;
}

/// An instruction's lines as one; comments and empty lines between them are nothing.
std::string Reader::joined_lines() {
  std::string joined;
  while (!at_end()) {
    const std::string_view whole = line();
    const std::string_view bare = without_tail(without_head(whole));
    const bool is_first = joined.empty() && kept_.empty();
    skip_line();
    if (!is_first && (bare.empty() || bare.starts_with('#'))) continue;
    const std::string_view shown = without_tail(whole);
    kept_ += std::string(shown) + "\n";
    if (!shown.ends_with(made_.escape)) return joined + std::string(shown);
    joined += shown.substr(0, shown.size() - 1);
  }
  return joined;
}

/// The here-documents of the line that was read.
std::optional<DockerFault> Reader::bodies(std::string_view joined) {
  for (const HereDocument& here : here_documents(joined)) {
    const std::size_t begin = at_;
    while (true) {
      if (at_end()) {
        return DockerFault{static_cast<std::uint32_t>(std::min(begin, text_.size())),
                           static_cast<std::uint32_t>(text_.size()), "E420",
                           fmt::format("the here-document `{}` has no end", printable(here.name)),
                           fmt::format("no line `{}` from here on", printable(here.name))};
      }
      std::string_view body = line();
      kept_ += std::string(body) + "\n";
      skip_line();
      if (body.ends_with('\r')) body.remove_suffix(1);
      if (here.drops_tabs) body.remove_prefix(std::min(body.find_first_not_of('\t'), body.size()));
      if (body == here.name) break;
    }
  }
  return std::nullopt;
}

std::expected<DockerInstruction, DockerFault> Reader::instruction() {
  DockerInstruction made;
  kept_.clear();
  made.begin = static_cast<std::uint32_t>(at_ + (line().size() - without_head(line()).size()));
  made.end = static_cast<std::uint32_t>(at_ + without_tail(line()).size());
  const std::string joined = joined_lines();
  std::string_view rest = without_tail(without_head(joined));
  const std::string_view word = take_word(rest);
  made.word = in_capitals(word);
  if (std::find(kWords.begin(), kWords.end(), made.word) == kWords.end()) {
    const std::vector<std::string> known(kWords.begin(), kWords.end());
    const std::optional<std::string> near = nearest(made.word, known);
    made.end = static_cast<std::uint32_t>(made.begin + word.size());
    return std::unexpected(
        fault_at(made, fmt::format("no instruction `{}`", printable(word)),
                 near ? fmt::format("did you mean `{}`?", *near) : "unknown",
                 "a line that continues the one before needs a backslash at that one's end"));
  }
  if (made.word != "CMD" && made.word != "ENTRYPOINT") take_flags(rest, made.flags);
  made.rest = std::string(rest);
  std::string_view inner = rest;
  const std::string of = made.word == "ONBUILD" ? in_capitals(take_word(inner)) : made.word;
  if (may_have_here_documents(of)) {
    if (std::optional<DockerFault> fault = bodies(inner)) return std::unexpected(*fault);
  }
  made.text = kept_;
  return made;
}

std::expected<DockerStage, DockerFault> Reader::stage(DockerInstruction from) const {
  DockerStage made;
  std::string_view rest = from.rest;
  made.image = std::string(take_word(rest));
  const std::string_view as = take_word(rest);
  const std::string_view name = take_word(rest);
  const bool has_name = in_capitals(as) == "AS" && !name.empty() && rest.empty();
  if (made.image.empty() || (!as.empty() && !has_name)) {
    return std::unexpected(fault_at(from, "FROM names an image, and a stage behind AS",
                                    "not of that form", "write  FROM image AS name"));
  }
  made.name = in_small_letters(name);
  made.from = std::move(from);
  for (const DockerStage& other : made_.stages) {
    if (!made.name.empty() && other.name == made.name) {
      return std::unexpected(fault_at(made.from,
                                      fmt::format("two stages have the name `{}`", printable(name)),
                                      "the second one"));
    }
  }
  return made;
}

std::optional<DockerFault> Reader::add(DockerInstruction instruction) {
  if (instruction.word == "FROM") {
    std::expected<DockerStage, DockerFault> made = stage(std::move(instruction));
    if (!made) return std::move(made).error();
    made_.stages.push_back(*std::move(made));
    return std::nullopt;
  }
  if (!made_.stages.empty()) {
    made_.stages.back().steps.push_back(std::move(instruction));
    return std::nullopt;
  }
  if (instruction.word != "ARG") {
    return fault_at(instruction, fmt::format("{} stands before the first FROM", instruction.word),
                    "only ARG may stand here");
  }
  made_.globals.push_back(std::move(instruction));
  return std::nullopt;
}

std::expected<Dockerfile, DockerFault> Reader::file() {
  directives();
  while (find_instruction()) {
    std::expected<DockerInstruction, DockerFault> next = instruction();
    if (!next) return std::unexpected(std::move(next).error());
    if (std::optional<DockerFault> fault = add(*std::move(next))) return std::unexpected(*fault);
  }
  if (made_.stages.empty()) {
    return std::unexpected(DockerFault{0, 0, "E420", "this Dockerfile has no FROM",
                                       "nothing is built", "write  FROM scratch"});
  }
  return std::move(made_);
}

}  // namespace

std::string_view DockerInstruction::flag(std::string_view name) const {
  for (const auto& [key, value] : flags) {
    if (key == name) return value;
  }
  return {};
}

std::string in_small_letters(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

DockerInstruction on_build(const DockerInstruction& instruction) {
  DockerInstruction made = instruction;
  std::string_view rest = instruction.rest;
  made.word = in_capitals(take_word(rest));
  take_flags(rest, made.flags);
  made.rest = std::string(rest);
  return made;
}

std::expected<Dockerfile, DockerFault> parse_dockerfile(std::string_view text) {
  return Reader(text).file();
}

std::vector<std::string> words_of(const DockerInstruction& instruction) {
  std::vector<std::string> words;
  if (instruction.rest.starts_with('[')) {
    const nlohmann::json array = nlohmann::json::parse(instruction.rest, nullptr, false);
    const bool is_texts =
        array.is_array() &&
        std::all_of(array.begin(), array.end(), [](const auto& one) { return one.is_string(); });
    if (is_texts) {
      for (const auto& one : array)
        words.push_back(one.template get<std::string>());
      return words;
    }
  }
  std::string_view rest = instruction.rest;
  while (!rest.empty())
    words.emplace_back(take_word(rest));
  return words;
}

/// As BuildKit has it: a word that is `<<NAME`, `<<-NAME` or `3<<"NAME"`, and nothing else.
std::vector<HereDocument> here_documents(std::string_view line) {
  std::vector<HereDocument> found;
  while (!(line = without_head(line)).empty()) {
    std::string word;
    char quote = 0;
    bool is_quoted = false;
    std::size_t at = 0;
    for (; at < line.size() && (quote != 0 || !is_blank(line[at])); ++at) {
      const char c = line[at];
      if (c == '\\' && quote != '\'' && at + 1 < line.size()) {
        word += line[++at];
      } else if (quote != 0 && c == quote) {
        quote = 0;
      } else if (quote == 0 && (c == '\'' || c == '"')) {
        // Quotes before `<<` make it text.
        quote = c;
        is_quoted = true;
        if (word.find("<<") == std::string::npos) word += '"';
      } else {
        word += c;
      }
    }
    line.remove_prefix(at);
    const std::size_t digits = std::min(word.find_first_not_of("0123456789"), word.size());
    std::string_view name = std::string_view(word).substr(digits);
    if (!name.starts_with("<<")) continue;
    name.remove_prefix(2);
    HereDocument here;
    here.is_literal = is_quoted;
    here.drops_tabs = name.starts_with('-');
    if (here.drops_tabs) name.remove_prefix(1);
    here.name = std::string(name);
    if (!name.empty() && name.find('<') == std::string_view::npos) found.push_back(std::move(here));
  }
  return found;
}

}  // namespace devgraph::lang
