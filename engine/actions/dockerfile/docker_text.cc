#include "engine/actions/dockerfile/docker_text.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/base/text.h"

namespace devgraph::actions {

namespace {

std::string in_small_letters(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return made;
}

/// What ends a line that goes on in the next one, by a directive at the top.
char escape_of(std::string_view text) {
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with('#')) break;
    std::string words = in_small_letters(line);
    std::erase(words, ' ');
    if (words.starts_with("#escape=`")) return '`';
  }
  return '\\';
}

/// One that makes this text line by line. The evaluator wrote each FROM as one line, `FROM image`
/// or `FROM image AS name`, flags before the image; in a file that a node made it may be otherwise.
class Rewriter {
 public:
  Rewriter(std::string_view text, const std::map<std::string, std::string>& images,
           const std::string& label)
      : text_(text), images_(images), label_(label), escape_(escape_of(text)) {}

  std::string rewrite() {
    for (const std::string_view line : split(text_, '\n'))
      add(line);
    if (needs_label_) made_ += label_ + "\n";
    made_.pop_back();
    return std::move(made_);
  }

 private:
  void add(std::string_view line) {
    const std::string_view seen = trim(line);
    const bool counts = !seen.empty() && !seen.starts_with('#');
    if (counts && !goes_on_ && needs_label_) {
      made_ += label_ + "\n";
      needs_label_ = false;
    }
    made_ += counts && !goes_on_ ? instruction(line) : std::string(line);
    made_ += "\n";
    if (counts) goes_on_ = seen.ends_with(escape_);
  }

  std::string instruction(std::string_view line) {
    std::vector<std::string> words;
    for (const std::string_view word : split(line, ' '))
      words.emplace_back(word);
    std::size_t i = 0;
    while (words[i].empty())
      ++i;
    const std::string what = in_small_letters(words[i]);
    if (what == "from") from(words, i + 1);
    if (what == "copy" || what == "add") copy(words, i + 1);
    return fmt::format("{}", fmt::join(words, " "));
  }

  void from(std::vector<std::string>& words, std::size_t i) {
    const auto is_image = [](const std::string& word) {
      return !word.empty() && !word.starts_with("--");
    };
    const auto begin = words.begin() + static_cast<std::ptrdiff_t>(i);
    const auto image = std::find_if(begin, words.end(), is_image);
    if (image == words.end()) return;
    if (const auto known = images_.find(*image); known != images_.end()) {
      *image = known->second;
    } else {
      needs_label_ = !stages_.contains(in_small_letters(*image));
    }
    const auto as = std::find_if(image + 1, words.end(), is_image);
    const auto name = as == words.end() ? as : std::find_if(as + 1, words.end(), is_image);
    if (name != words.end()) stages_.insert(in_small_letters(*name));
  }

  void copy(std::vector<std::string>& words, std::size_t i) {
    constexpr std::string_view kFrom = "--from=";
    for (; i < words.size() && (words[i].empty() || words[i].starts_with("--")); ++i) {
      if (!words[i].starts_with(kFrom)) continue;
      const auto known = images_.find(words[i].substr(kFrom.size()));
      if (known != images_.end()) words[i] = std::string(kFrom) + known->second;
    }
  }

  std::string_view text_;
  const std::map<std::string, std::string>& images_;
  const std::string& label_;
  char escape_;
  std::string made_;
  std::set<std::string> stages_;
  bool goes_on_ = false;      // The line before this one does.
  bool needs_label_ = false;  // The stage, as soon as its FROM is over.
};

/// docker's `Step 2/6 : FROM a`, podman's `[1/2] STEP 1/3: FROM a`.
bool is_from_step(std::string_view line) {
  if (line.starts_with('[')) line.remove_prefix(std::min(line.size(), line.find("] ") + 2));
  if (!line.starts_with("Step ") && !line.starts_with("STEP ")) return false;
  return line.substr(line.find(':') + 1).starts_with(" FROM ");
}

/// docker's ` ---> ID`, podman's `--> ID` and `--> Using cache ID`.
std::string_view made_by_step(std::string_view line) {
  for (const std::string_view begin : {" ---> ", "--> Using cache ", "--> "}) {
    if (!line.starts_with(begin)) continue;
    const std::string_view word = trim(line.substr(begin.size()));
    const bool is_id = word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    return is_id ? word : std::string_view();
  }
  return {};
}

}  // namespace

std::string text_for_docker(std::string_view text, const std::map<std::string, std::string>& images,
                            const std::string& label) {
  return Rewriter(text, images, label).rewrite();
}

std::vector<std::string> stages_in(std::string_view log) {
  std::vector<std::string> ends;
  for (const std::string_view line : split(log, '\n')) {
    if (is_from_step(line)) ends.emplace_back();
    const std::string_view id = made_by_step(line);
    if (!ends.empty() && !id.empty()) ends.back() = id;
  }
  return ends;
}

}  // namespace devgraph::actions
