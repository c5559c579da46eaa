#pragma once
// JSON as the tools need it: objects keep their keys sorted, so equal data gives equal bytes.
// Numbers are whole. Any fault ends the program with the file and the byte.

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

struct Json {
  enum Kind { Null, False, True, Number, String, Array, Object };
  Kind kind = Null;
  std::int64_t number = 0;
  std::string string;
  std::vector<Json> array;
  std::map<std::string, Json> object;

  Json() = default;
  Json(const std::string& text) : kind(String), string(text) {}
  Json(const char* text) : kind(String), string(text) {}
  Json(std::int64_t value) : kind(Number), number(value) {}
  Json(int value) : kind(Number), number(value) {}

  // The value of a key; a null where there is none.
  const Json& at(const std::string& key) const {
    static const Json none;
    const auto found = object.find(key);
    return found == object.end() ? none : found->second;
  }
  Json& operator[](const std::string& key) {
    kind = Object;
    return object[key];
  }
  void push(Json value) {
    kind = Array;
    array.push_back(std::move(value));
  }
};

[[noreturn]] inline void fail(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(1);
}

class JsonReader {
 public:
  JsonReader(const std::string& name, const std::string& text) : name_(name), text_(text) {}

  Json read() {
    Json value = any(0);
    blanks();
    if (at_ != text_.size()) wrong("more than one value");
    return value;
  }

 private:
  [[noreturn]] void wrong(const std::string& why) {
    fail(name_ + ": byte " + std::to_string(at_) + ": " + why);
  }
  void blanks() {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
  }
  char peek() {
    blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void need(char c) {
    if (!take(c)) wrong(std::string("expected ") + c);
  }
  bool word(const std::string& text) {
    if (text_.compare(at_, text.size(), text) != 0) return false;
    at_ += text.size();
    return true;
  }

  Json any(int depth) {
    if (depth > 64) wrong("nested too deeply");
    Json value;
    const char c = peek();
    if (c == '{') {
      ++at_;
      value.kind = Json::Object;
      if (take('}')) return value;
      do {
        if (peek() != '"') wrong("expected a key");
        const std::string key = text();
        need(':');
        value.object[key] = any(depth + 1);
      } while (take(','));
      need('}');
    } else if (c == '[') {
      ++at_;
      value.kind = Json::Array;
      if (take(']')) return value;
      do value.array.push_back(any(depth + 1));
      while (take(','));
      need(']');
    } else if (c == '"') {
      value.kind = Json::String;
      value.string = text();
    } else if (word("true")) {
      value.kind = Json::True;
    } else if (word("false")) {
      value.kind = Json::False;
    } else if (word("null")) {
      value.kind = Json::Null;
    } else {
      std::size_t used = 0;
      value.kind = Json::Number;
      try {
        value.number = std::stoll(text_.substr(at_, 20), &used);
      } catch (const std::exception&) {
        wrong("expected a value");
      }
      at_ += used;
    }
    return value;
  }

  std::string text() {
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') {
        out += text_[at_];
        continue;
      }
      const char c = ++at_ < text_.size() ? text_[at_] : '\0';
      const std::string plain = "\"\\/bfnrt", means = "\"\\/\b\f\n\r\t";
      const std::size_t which = plain.find(c);
      if (c == 'u') {
        unit(out);
      } else if (c != '\0' && which != std::string::npos) {
        out += means[which];
      } else {
        wrong("unknown escape");
      }
    }
    if (at_ >= text_.size()) wrong("unfinished string");
    ++at_;
    return out;
  }

  // One \uXXXX as UTF-8; the halves of a pair become one character.
  void unit(std::string& out) {
    std::uint32_t code = std::stoul(text_.substr(at_ + 1, 4), nullptr, 16);
    at_ += 4;
    if (code >= 0xD800 && code < 0xDC00 && text_.compare(at_ + 1, 2, "\\u") == 0) {
      code = 0x10000 + ((code - 0xD800) << 10) + (std::stoul(text_.substr(at_ + 3, 4), nullptr, 16) - 0xDC00);
      at_ += 6;
    }
    if (code < 0x80) {
      out += static_cast<char>(code);
      return;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    out += static_cast<char>((0xF00 >> more & 0xFF) | (code >> (6 * more)));
    for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80 | (code >> (6 * i) & 0x3F));
  }

  std::string name_;
  const std::string& text_;
  std::size_t at_ = 0;
};

inline void write(std::ostream& out, const std::string& text) {
  static const char* digits = "0123456789abcdef";
  out << '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out << '\\';
    if (static_cast<unsigned char>(c) < 0x20) out << "\\u00" << digits[c >> 4 & 15] << digits[c & 15];
    else out << c;
  }
  out << '"';
}

// Arrays and objects of one level on a line of their own: small diffs, no deep indents.
inline void write(std::ostream& out, const Json& value, int depth = 0) {
  const char* separator = depth < 2 ? ",\n" : ", ";
  bool first = true;
  switch (value.kind) {
    case Json::Null: out << "null"; return;
    case Json::False: out << "false"; return;
    case Json::True: out << "true"; return;
    case Json::Number: out << value.number; return;
    case Json::String: write(out, value.string); return;
    case Json::Array:
      out << '[';
      for (const Json& item : value.array) {
        if (!first) out << separator;
        first = false;
        write(out, item, depth + 1);
      }
      out << ']';
      return;
    case Json::Object:
      out << '{';
      for (const auto& [key, item] : value.object) {
        if (!first) out << separator;
        first = false;
        write(out, key);
        out << ": ";
        write(out, item, depth + 1);
      }
      out << '}';
      return;
  }
}

inline std::string slurp(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) fail(name + ": cannot be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// An empty file is a step that somebody pinned to nothing: it has no entries.
inline Json load(const std::string& name) {
  const std::string text = slurp(name);
  if (text.empty()) {
    Json nothing;
    nothing.kind = Json::Object;
    return nothing;
  }
  return JsonReader(name, text).read();
}

inline void save(const std::string& name, const Json& value) {
  std::ofstream file(name, std::ios::binary);
  write(file, value);
  file << '\n';
  if (!file.flush()) fail(name + ": cannot be written");
}

// FNV-1a, 64 bits: names data by content.
inline std::string fnv64(const std::string& bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const unsigned char c : bytes) hash = (hash ^ c) * 1099511628211ULL;
  std::string out(16, '0');
  for (int i = 15; i >= 0; --i, hash >>= 4) out[i] = "0123456789abcdef"[hash & 15];
  return out;
}
