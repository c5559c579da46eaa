#pragma once
/// Keeps secrets out of logs: replaces them, in every form in which programs print them.

#include <string>
#include <string_view>
#include <vector>

namespace devgraph::exec {

/// What stands in a log where a secret was printed.
inline constexpr std::string_view kRedacted = "***";

/// Knows some secrets: as they are, line by line, in base64 (also within a longer text), in
/// hexadecimal digits, as in a URL, in a JSON string and quoted for a shell.
class Redactor {
 public:
  explicit Redactor(const std::vector<std::string>& secrets);

  /// A text that is whole.
  std::string apply(std::string_view text) const;

  /// A text in pieces: a secret may begin in one and end in another.
  class Stream {
   public:
    explicit Stream(const Redactor& redactor) : redactor_(&redactor) {}
    /// What can be shown by now. Held back is only what may be the beginning of a secret.
    std::string push(std::string_view piece);
    /// The rest.
    std::string finish();

   private:
    const Redactor* redactor_;
    std::string held_;
  };

 private:
  std::size_t longest_at(std::string_view text) const;
  bool may_go_on(std::string_view text) const;
  std::string take(std::string& text, bool is_end) const;

  std::vector<std::string> forms_;  // By length, the longest first.
  bool begins_[256] = {};           // Bytes with which a form begins.
};

}  // namespace devgraph::exec
