#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "lang/decode_formats.h"

namespace devgraph::lang {
namespace {

using Json = nlohmann::json;

/// Reads the text, and lets others see how far the parser has come.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  std::string_view text;
  std::size_t at = 0;
  std::size_t* seen = nullptr;

  reference operator*() const { return text[at]; }
  Cursor& operator++() {
    *seen = ++at;
    return *this;
  }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at == b.at; }
};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '-' || c == '.';
}

/// What the library says, without its number, the place, and the text that is shown anyhow.
std::string short_message(std::string_view said) {
  const std::size_t column = said.find(", column ");
  const std::size_t begin = column == std::string_view::npos ? column : said.find(": ", column);
  if (begin != std::string_view::npos) said = said.substr(begin + 2);
  const std::size_t last = said.find("; last read: '");
  if (last == std::string_view::npos) return printable(said);
  const std::size_t expected = said.rfind("'; expected ");
  std::string text(said.substr(0, last));
  if (expected != std::string_view::npos && expected > last) text += said.substr(expected + 1);
  return printable(text);
}

/// Builds values while the text is read: floats keep their text, and a key met twice is seen.
class Reader final : public nlohmann::json_sax<Json> {
 public:
  Value result;
  DataFault problem;

  explicit Reader(std::string_view text) : text_(text) {}
  bool read() {
    const Cursor begin{text_, 0, &seen_};
    const Cursor end{text_, text_.size(), &seen_};
    return Json::sax_parse(begin, end, this);
  }

  bool null() override { return put(Value()); }
  bool boolean(bool value) override { return put(Value::boolean(value)); }
  bool number_integer(number_integer_t value) override { return put(Value::integer(value)); }
  bool number_unsigned(number_unsigned_t value) override {
    constexpr auto kMost = static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    if (value > kMost) return put(Value::string(fmt::format("{}", value)));
    return put(Value::integer(static_cast<std::int64_t>(value)));
  }
  bool number_float(number_float_t, const string_t& text) override {
    return put(Value::string(text));
  }
  bool string(string_t& text) override { return put(Value::string(text)); }
  bool binary(binary_t&) override { return stop("binary data", last_byte()); }
  bool start_object(std::size_t) override { return open(false); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& text) override {
    Level& level = levels_.back();
    if (!level.names.emplace(text).second) {
      return stop(fmt::format("the key `{}` stands twice in one object", printable(text)),
                  string_before(last_byte()));
    }
    level.key = text;
    return true;
  }
  /// `position` counts the bytes read; at the end of the text, one more. What the library calls
  /// the token holds what was read before it, too.
  bool parse_error(std::size_t position, const std::string&, const Json::exception& what) override {
    const std::string_view said(what.what());
    DataPlace place{position > 0 ? position - 1 : 0, position};
    if (place.begin < text_.size()) {
      const bool is_literal = said.find("invalid literal") != std::string_view::npos;
      if (text_[place.begin] == '"') {
        place = string_before(place);
      } else if (is_literal || is_word(text_[place.begin])) {
        place = word_before(place);
      }
    }
    return stop(short_message(said), place);
  }

 private:
  struct Level {
    bool is_list = false;
    std::string key;
    std::set<std::string> names;
    std::vector<Value> items;
    ValueFields fields;
  };

  bool stop(std::string text, DataPlace place) {
    problem = {std::move(text), place};
    return false;
  }
  DataPlace last_byte() const { return {seen_ > 0 ? seen_ - 1 : 0, seen_}; }
  /// The string that ends with a byte, its quotes included.
  DataPlace string_before(DataPlace place) const {
    const auto is_escaped = [&](std::size_t at) {
      std::size_t slashes = 0;
      while (slashes < at && text_[at - slashes - 1] == '\\')
        ++slashes;
      return slashes % 2 == 1;
    };
    while (place.begin > 0) {
      --place.begin;
      if (text_[place.begin] == '"' && !is_escaped(place.begin)) break;
    }
    return place;
  }
  /// A number or literal that ends with a byte or, where that is none of its own, before it.
  DataPlace word_before(DataPlace place) const {
    const bool ends_before = !is_word(text_[place.begin]);
    const std::size_t last = place.begin;
    while (place.begin > 0 && is_word(text_[place.begin - 1]))
      --place.begin;
    if (ends_before && place.begin < last) place.end = last;
    return place;
  }
  bool open(bool is_list) {
    constexpr std::size_t kDeepest = 512;
    if (levels_.size() == kDeepest) return stop("it is nested too deep", last_byte());
    levels_.emplace_back().is_list = is_list;
    return true;
  }
  bool put(Value value) {
    if (levels_.empty()) {
      result = std::move(value);
    } else if (levels_.back().is_list) {
      levels_.back().items.push_back(std::move(value));
    } else {
      levels_.back().fields.emplace_back(levels_.back().key, std::move(value));
    }
    return true;
  }
  bool close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    return put(level.is_list ? Value::list(std::move(level.items))
                             : Value::map(std::move(level.fields)));
  }

  std::string_view text_;  // Of the caller of decode_json, who waits.
  std::size_t seen_ = 0;   // How many bytes the parser took.
  std::vector<Level> levels_;
};

}  // namespace

Decoded<Value> decode_json(std::string_view text) {
  Reader reader(text);
  if (!reader.read()) return std::unexpected(reader.problem);
  return reader.result;
}

}  // namespace devgraph::lang
