#include <limits>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "lang/decode_formats.h"

namespace devgraph::lang {
namespace {

using Json = nlohmann::json;

/// Builds values while the text is read: floats keep their text, and a key met twice is seen.
class Reader final : public nlohmann::json_sax<Json> {
 public:
  Value result;
  std::string problem;

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
  bool binary(binary_t&) override { return stop("binary data"); }
  bool start_object(std::size_t) override { return open(false); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& text) override {
    Level& level = levels_.back();
    if (!level.names.emplace(text).second) {
      return stop(fmt::format("the key `{}` stands twice in one object", printable(text)));
    }
    level.key = text;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const Json::exception& what) override {
    return stop(fmt::format("byte {}: {}", position, what.what()));
  }

 private:
  struct Level {
    bool is_list = false;
    std::string key;
    std::set<std::string> names;
    std::vector<Value> items;
    ValueFields fields;
  };

  bool stop(std::string text) {
    problem = std::move(text);
    return false;
  }
  bool open(bool is_list) {
    constexpr std::size_t kDeepest = 512;
    if (levels_.size() == kDeepest) return stop("it is nested too deep");
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

  std::vector<Level> levels_;
};

}  // namespace

Result<Value> decode_json(std::string_view text) {
  Reader reader;
  if (!Json::sax_parse(text, &reader)) return fail(reader.problem);
  return reader.result;
}

}  // namespace devgraph::lang
