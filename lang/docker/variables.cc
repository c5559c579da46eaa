#include "lang/docker/variables.h"

namespace devgraph::lang {
namespace {

bool is_name_byte(char c, bool is_first) {
  const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return is_letter || (!is_first && c >= '0' && c <= '9');
}

std::size_t name_size(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && is_name_byte(text[size], size == 0))
    ++size;
  return size;
}

/// The `}` that closes a `{` before the text; npos if there is none.
std::size_t closing_brace(std::string_view text) {
  std::size_t depth = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '{') {
      ++depth;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

/// Words that blanks part, quotes kept; a blank in quotes or behind a backslash parts nothing.
std::vector<std::string> quoted_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_blank = c == ' ' || c == '\t';
    if (is_blank && quote == 0) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      continue;
    }
    word += c;
    if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
    } else if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

}  // namespace

std::optional<std::optional<std::string>> DockerVariables::find(std::string_view name) const {
  const auto held = values_.find(name);
  if (held == values_.end()) return std::nullopt;
  return held->second;
}

/// What stands between `${` and `}`.
std::optional<std::string> DockerVariables::braces(std::string_view inner) const {
  const std::size_t size = name_size(inner);
  const std::string_view name = inner.substr(0, size);
  std::string_view change = inner.substr(size);
  // Nobody set it here: the image below may have.
  const std::optional<std::optional<std::string>> held = find(name);
  if (!held || !*held || name.empty()) return std::nullopt;
  const std::string& value = **held;
  if (change.empty()) return value;
  const bool counts_empty = change.starts_with(':');
  if (counts_empty) change.remove_prefix(1);
  const bool is_set = !counts_empty || !value.empty();
  if (change.starts_with('-')) return is_set ? value : expand(change.substr(1));
  if (change.starts_with('+')) return is_set ? expand(change.substr(1)) : std::string();
  return std::nullopt;
}

/// What stands behind a `$`; takes it off.
std::optional<std::string> DockerVariables::reference(std::string_view& rest) const {
  if (rest.starts_with('{')) {
    const std::size_t close = closing_brace(rest.substr(1));
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view inner = rest.substr(1, close);
    rest.remove_prefix(close + 2);
    return braces(inner);
  }
  const std::size_t size = name_size(rest);
  if (size == 0) return std::string("$");
  const std::string_view name = rest.substr(0, size);
  rest.remove_prefix(size);
  return braces(name);
}

std::optional<std::string> DockerVariables::expand(std::string_view word) const {
  std::string made;
  char quote = 0;
  while (!word.empty()) {
    const char c = word.front();
    word.remove_prefix(1);
    if (c == '\\' && quote != '\'' && !word.empty()) {
      made += word.front();
      word.remove_prefix(1);
    } else if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == '$' && quote != '\'') {
      const std::optional<std::string> value = reference(word);
      if (!value) return std::nullopt;
      made += *value;
    } else {
      made += c;
    }
  }
  return made;
}

std::vector<DockerAssignment> assignments_of(const DockerInstruction& instruction) {
  std::vector<DockerAssignment> made;
  const std::vector<std::string> words = quoted_words(instruction.rest);
  if (words.empty()) return made;
  // The old form: `ENV NAME all the rest`.
  if (instruction.word == "ENV" && words[0].find('=') == std::string::npos) {
    std::string_view rest = instruction.rest;
    rest.remove_prefix(words[0].size());
    while (rest.starts_with(' ') || rest.starts_with('\t'))
      rest.remove_prefix(1);
    made.push_back({words[0], std::string(rest)});
    return made;
  }
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) {
      made.push_back({word, std::nullopt});
    } else {
      made.push_back({word.substr(0, equals), word.substr(equals + 1)});
    }
  }
  return made;
}

}  // namespace devgraph::lang
