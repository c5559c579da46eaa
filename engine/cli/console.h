#pragma once
/// The two streams people see: stdout carries data, stderr carries talk.

#include <string>
#include <string_view>

namespace devgraph::cli {

class Console {
 public:
  virtual ~Console() = default;

  virtual void data(std::string_view text) = 0;  ///< To stdout; buffered until `finish`.
  virtual void talk(std::string_view text) = 0;  ///< To stderr, at once, in one write.
  /// Writes what is buffered. False if stdout did not take all of it, now or before; `error` says
  /// why.
  virtual bool finish(std::string& error) = 0;
  virtual unsigned width() const = 0;  ///< Columns of the terminal on stderr, asked now.
  virtual unsigned height() const = 0;

  bool talk_is_terminal = false;
  bool data_is_terminal = false;
  bool talk_color = false;
  bool data_color = false;
  bool quiet = false;
  bool verbose = false;
};

/// The process's own descriptors 1 and 2.
class ProcessConsole final : public Console {
 public:
  ~ProcessConsole() override;
  void data(std::string_view text) override;
  void talk(std::string_view text) override;
  bool finish(std::string& error) override;
  unsigned width() const override;
  unsigned height() const override;

 private:
  void flush();
  std::string buffer_;
  int error_ = 0;  ///< errno of the first write to stdout that failed.
};

/// Keeps what it is given; for tests.
class MemoryConsole final : public Console {
 public:
  void data(std::string_view text) override { out += text; }
  void talk(std::string_view text) override { err += text; }
  bool finish(std::string&) override { return true; }
  unsigned width() const override { return columns; }
  unsigned height() const override { return rows; }

  std::string out;
  std::string err;
  unsigned columns = 80;
  unsigned rows = 24;
};

// --- texts
// -----------------------------------------------------------------------------------------

enum class Paint { Red, Yellow, Green, Blue, Bold, Dim };
/// The text in SGR marks, or as it is.
std::string painted(bool color, Paint paint, std::string_view text);

/// One line of a log, fit to be shown: escape sequences and control characters are taken out (SGR
/// stays when `keep_color`, and is reset at the end), tabs become blanks, of what carriage returns
/// overwrite the last text stays, bytes that are no UTF-8 are written `\xNN`.
std::string clean_line(std::string_view line, bool keep_color);
/// Every line of a text, each with a newline.
std::string clean_text(std::string_view text, bool keep_color);

/// The first `width` columns of a text without escape sequences, with `…` where it was cut.
std::string cut_to_width(std::string_view text, unsigned width);
/// The same without its middle: labels differ at their ends.
std::string cut_middle(std::string_view text, unsigned width);
/// Code points, as far as that tells columns.
unsigned text_width(std::string_view text);

}  // namespace devgraph::cli
