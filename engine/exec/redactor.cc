#include "engine/exec/redactor.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "engine/base/text.h"

namespace devgraph::exec {
namespace {

// A shorter line of a secret, `}` for instance, says nothing of it; its base64 is everywhere.
constexpr std::size_t kShortestPart = 6;

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Where `bytes` stand in what is encoded.
struct Encoded {
  unsigned before = 0;  ///< Bytes (0 to 2) of another text before them in their group of three.
  bool ends = false;    ///< Nothing comes behind them: the last digit is filled with zeros.
  bool for_urls = false;
};

/// The digits of base64 that depend on `bytes` alone.
std::string base64(std::string_view bytes, const Encoded& as) {
  std::string digits;
  const unsigned before = as.before;
  const std::size_t known = (before + bytes.size()) * 8;
  const std::size_t bits = as.ends ? (known + 5) / 6 * 6 : known;
  const std::size_t first = (before * 8 + 5) / 6;
  const auto bit = [&](std::size_t at) -> unsigned {
    if (at >= known) return 0;
    const auto byte = static_cast<unsigned char>(bytes[at / 8 - before]);
    return (byte >> (7 - at % 8)) & 1U;
  };
  for (std::size_t digit = first; (digit + 1) * 6 <= bits; ++digit) {
    unsigned value = 0;
    for (std::size_t i = 0; i < 6; ++i)
      value = value << 1U | bit(digit * 6 + i);
    char shown = kBase64[value];
    if (as.for_urls && shown == '+') shown = '-';
    if (as.for_urls && shown == '/') shown = '_';
    digits += shown;
  }
  return digits;
}

std::string in_hex(std::string_view bytes, bool upper) {
  std::string out;
  for (const char c : bytes)
    out += upper ? fmt::format("{:02X}", static_cast<unsigned char>(c))
                 : fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

/// Signs beside letters and digits that programs leave as they are in URLs: all who follow RFC
/// 3986, those who write paths, forms, JavaScript's encodeURIComponent and encodeURI, Go, segments
/// of paths.
constexpr std::string_view kPlainInUrls[] = {
    "-_.~",
    "-_.~/",
    "-_.*",
    "-_.~!*'()",
    "-_.~!*'();,/?:@&=+$#",
    "-_.~$&+=:@",
    "-_.~!$&'()*+,;=:@/",
};

/// `plus`: a space as in a form.
std::string in_url(std::string_view bytes, std::string_view plain, bool upper, bool plus) {
  std::string out;
  for (const char c : bytes) {
    const bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_word || plain.find(c) != plain.npos) {
      out += c;
    } else if (plus && c == ' ') {
      out += '+';
    } else {
      out += '%' + in_hex({&c, 1}, upper);
    }
  }
  return out;
}

/// What some write otherwise in JSON: PHP `\/`, Go `<`, `>` and `&` as `\u003c`.
struct JsonStyle {
  bool slash = false;
  bool html = false;
};

std::string in_json(std::string_view bytes, JsonStyle style) {
  std::string out;
  for (const char c : bytes) {
    const bool is_html = c == '<' || c == '>' || c == '&';
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || (c == '/' && style.slash)) {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (code < 0x20 || (is_html && style.html)) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      out += c;
    }
  }
  return out;
}

/// The bytes of a character of valid UTF-8 that begins with `first`.
std::size_t utf8_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}

/// JSON of ASCII alone, as Python and others write it; `bytes` are valid UTF-8.
std::string in_ascii_json(std::string_view bytes, JsonStyle style, bool upper) {
  const auto escape = [upper](std::uint32_t unit) {
    return upper ? fmt::format("\\u{:04X}", unit) : fmt::format("\\u{:04x}", unit);
  };
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const std::size_t length = utf8_length(first);
    if (length == 1) {
      const bool is_control = first < 0x20 || first == 0x7f;
      if (first == '\b' || first == '\f') {
        out += first == '\b' ? "\\b" : "\\f";
      } else if (is_control && first != '\n' && first != '\r' && first != '\t') {
        out += escape(first);
      } else {
        out += in_json(bytes.substr(at, 1), style);
      }
    } else {
      std::uint32_t code = first & (0xffU >> (length + 1));
      for (const char c : bytes.substr(at + 1, length - 1))
        code = code << 6U | (static_cast<unsigned char>(c) & 0x3fU);
      if (code < 0x10000) {
        out += escape(code);
      } else {  // A surrogate pair.
        out += escape(0xd800 + ((code - 0x10000) >> 10U));
        out += escape(0xdc00 + (code & 0x3ffU));
      }
    }
    at += length;
  }
  return out;
}

/// Within single quotes; `quote`: how a program writes one of these.
std::string in_quotes(std::string_view bytes, std::string_view quote) {
  std::string out;
  for (const char c : bytes) {
    if (c == '\'') {
      out += quote;
    } else {
      out += c;
    }
  }
  return out;
}

std::string with_backslashes(std::string_view bytes, std::string_view before) {
  std::string out;
  for (const char c : bytes) {
    if (before.find(c) != before.npos) out += '\\';
    out += c;
  }
  return out;
}

void add_json(std::string_view secret, std::vector<std::string>& forms) {
  const bool is_text = is_valid_utf8(secret);
  for (const JsonStyle style : {JsonStyle{}, JsonStyle{.slash = true}, JsonStyle{.html = true}}) {
    forms.push_back(in_json(secret, style));
    for (const bool upper : {false, true}) {
      if (is_text) forms.push_back(in_ascii_json(secret, style, upper));
    }
  }
}

void add_shell(std::string_view secret, std::vector<std::string>& forms) {
  forms.push_back(in_quotes(secret, "'\\''"));
  forms.push_back(in_quotes(secret, "'\"'\"'"));
  forms.push_back(with_backslashes(secret, "\"\\$`"));
  forms.push_back(with_backslashes(secret, " \"'\\$`|&;()<>!{}*[]?^,"));  // `printf %q` of bash.
}

void add_forms(std::string_view secret, std::vector<std::string>& forms) {
  forms.emplace_back(secret);
  add_json(secret, forms);
  add_shell(secret, forms);
  for (const bool upper : {false, true}) {
    for (const std::string_view plain : kPlainInUrls) {
      forms.push_back(in_url(secret, plain, upper, false));
      forms.push_back(in_url(secret, plain, upper, true));
    }
    if (secret.size() >= kShortestPart / 2) forms.push_back(in_hex(secret, upper));
  }
  for (unsigned before = 0; before < 3; ++before) {
    for (const bool ends : {false, true}) {
      for (const bool for_urls : {false, true}) {
        std::string digits = base64(secret, {before, ends, for_urls});
        if (digits.size() >= kShortestPart) forms.push_back(std::move(digits));
      }
    }
  }
}

}  // namespace

Redactor::Redactor(const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    add_forms(secret, forms_);
    // Programs drop what is around it, such as the end of a line of Windows.
    if (const std::string_view bare = trim(secret); bare.size() >= kShortestPart)
      add_forms(bare, forms_);
    std::size_t begin = 0;
    while (secret.find('\n') != secret.npos && begin < secret.size()) {
      const std::size_t end = std::min(secret.find('\n', begin), secret.size());
      const std::string_view line = trim(std::string_view(secret).substr(begin, end - begin));
      if (line.size() >= kShortestPart) add_forms(line, forms_);
      begin = end + 1;
    }
  }
  std::sort(forms_.begin(), forms_.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  forms_.erase(std::unique(forms_.begin(), forms_.end()), forms_.end());
  for (const std::string& form : forms_)
    begins_[static_cast<unsigned char>(form[0])] = true;
}

/// The length of the longest form with which the text begins, or 0.
std::size_t Redactor::longest_at(std::string_view text) const {
  for (const std::string& form : forms_) {
    if (text.starts_with(form)) return form.size();
  }
  return 0;
}

/// Whether the text is the beginning of a form, and more is to come.
bool Redactor::may_go_on(std::string_view text) const {
  return std::any_of(forms_.begin(), forms_.end(), [&](const std::string& form) {
    return form.size() > text.size() && form.starts_with(text);
  });
}

/// What of `text` can be shown; the rest is left in it.
std::string Redactor::take(std::string& text, bool is_end) const {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = std::string_view(text).substr(at);
    if (!begins_[static_cast<unsigned char>(rest[0])]) {
      out += rest[0];
      ++at;
      continue;
    }
    if (!is_end && may_go_on(rest)) break;
    const std::size_t length = longest_at(rest);
    if (length == 0) {
      out += rest[0];
      ++at;
    } else {
      out += kRedacted;
      at += length;
    }
  }
  text.erase(0, at);
  return out;
}

std::string Redactor::apply(std::string_view text) const {
  std::string all(text);
  return take(all, true);
}

std::string Redactor::Stream::push(std::string_view piece) {
  held_ += piece;
  return redactor_->take(held_, false);
}

std::string Redactor::Stream::finish() {
  return redactor_->take(held_, true);
}

}  // namespace devgraph::exec
