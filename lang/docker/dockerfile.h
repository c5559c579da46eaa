#pragma once
/// A Dockerfile as it is written: stages and instructions (Dockerfile reference, docs.docker.com).
/// Only what devgraph has to know of them is understood; the engine that builds reads the rest.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace devgraph::lang {

/// What is wrong with a Dockerfile, and where: bytes of its text.
struct DockerFault {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::string code;  ///< `E420`; see docs/reference/errors.
  std::string message;
  std::string label;
  std::string help = {};  ///< May be empty.
};

struct DockerInstruction {
  std::string word;  ///< In capitals: `COPY`.
  /// `--from=x` as `from`, `x`; a flag without `=` has an empty value.
  std::vector<std::pair<std::string, std::string>> flags;
  std::string rest;  ///< What follows word and flags; continued lines are one.
  /// As it stands in the file, with its here-documents and a newline, but without comments.
  std::string text;
  std::uint32_t begin = 0;  ///< Its first line, without the newline.
  std::uint32_t end = 0;

  /// The value of a flag; empty if it has none.
  std::string_view flag(std::string_view name) const;
};

struct DockerStage {
  std::string image;  ///< What FROM names, variables and all.
  std::string name;   ///< In small letters; empty without AS.
  DockerInstruction from;
  std::vector<DockerInstruction> steps;
};

struct Dockerfile {
  std::string directives;                  ///< The lines of parser directives, as they are.
  char escape = '\\';                      ///< What continues a line.
  std::vector<DockerInstruction> globals;  ///< ARG before the first FROM.
  std::vector<DockerStage> stages;         ///< At least one.
};

std::expected<Dockerfile, DockerFault> parse_dockerfile(std::string_view text);

/// What an ONBUILD does in the images above.
DockerInstruction on_build(const DockerInstruction& instruction);

/// ASCII only: the names of stages and arguments.
std::string in_small_letters(std::string_view text);

/// The words of COPY and ADD: a JSON array, or what blanks part.
std::vector<std::string> words_of(const DockerInstruction& instruction);

/// The names behind `<<` on an instruction's line, and whether tabs before the end are dropped.
struct HereDocument {
  std::string name;
  bool drops_tabs = false;
  bool is_literal = false;  ///< Its name is quoted: nothing in it is expanded.
};
std::vector<HereDocument> here_documents(std::string_view line);

}  // namespace devgraph::lang
