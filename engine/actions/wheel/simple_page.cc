#include "engine/actions/wheel/simple_page.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/net/url.h"
#include "engine/base/digest.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

using nlohmann::json;

std::string lower_case(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/// What `&amp;` and `&#43;` stand for; none: not known, or not ASCII, which no URL holds.
std::optional<char> entity(std::string_view name) {
  static const std::map<std::string_view, char> kNames = {
      {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  if (const auto found = kNames.find(name); found != kNames.end()) return found->second;
  if (!name.starts_with('#')) return std::nullopt;
  const bool is_hex = name.starts_with("#x") || name.starts_with("#X");
  const std::string_view digits = name.substr(is_hex ? 2 : 1);
  int value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, is_hex ? 16 : 10);
  const bool is_whole = error == std::errc() && end == digits.data() + digits.size();
  if (!is_whole || value <= 0 || value > 127) return std::nullopt;
  return static_cast<char>(value);
}

std::string without_entities(std::string_view text) {
  constexpr std::size_t kLongest = 10;
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t end = text[i] == '&' ? text.substr(i, kLongest).find(';') : text.npos;
    const std::optional<char> sign =
        end == text.npos ? std::nullopt : entity(text.substr(i + 1, end - 1));
    made += sign.value_or(text[i]);
    if (sign) i += end;
  }
  return made;
}

/// The tags of a page one after the other. Comments, declarations and the text of scripts are none.
class Tags {
 public:
  explicit Tags(std::string_view page) : page_(page) {}

  struct Tag {
    std::string name;  ///< Lower case; `/a` at an end.
    std::map<std::string, std::string> attributes;
    std::string_view text;  ///< What stands between it and the next `<`.
  };
  /// None: the page is over.
  std::optional<Tag> next();

 private:
  /// False: the page ends before that.
  bool skip_to(std::string_view end) {
    const std::size_t found = page_.find(end, at_);
    at_ = found == std::string_view::npos ? page_.size() : found + end.size();
    return found != std::string_view::npos;
  }
  /// And the slash of `<br />`.
  void skip_spaces() {
    while (at_ < page_.size() && (is_space(page_[at_]) || page_[at_] == '/'))
      ++at_;
  }
  std::string_view word(std::string_view ends) {
    const std::size_t begin = at_;
    while (at_ < page_.size() && !is_space(page_[at_]) && !ends.contains(page_[at_]))
      ++at_;
    return page_.substr(begin, at_ - begin);
  }
  std::string value();
  void skip_script(const std::string& name);

  std::string_view page_;
  std::size_t at_ = 0;
};

std::string Tags::value() {
  while (at_ < page_.size() && is_space(page_[at_]))
    ++at_;
  if (at_ >= page_.size()) return {};
  const char quote = page_[at_];
  if (quote != '"' && quote != '\'') return without_entities(word(">"));
  const std::size_t begin = ++at_;
  skip_to(std::string_view(&quote, 1));
  const std::size_t end = std::min(page_.find(quote, begin), page_.size());
  return without_entities(page_.substr(begin, end - begin));
}

/// To the end tag of what holds no tags.
void Tags::skip_script(const std::string& name) {
  while (skip_to("</")) {
    if (lower_case(page_.substr(at_, name.size())) != name) continue;
    at_ -= 2;
    return;
  }
}

std::optional<Tags::Tag> Tags::next() {
  while (skip_to("<")) {
    if (page_.substr(at_).starts_with("!--")) {
      skip_to("-->");
      continue;
    }
    if (at_ < page_.size() && (page_[at_] == '!' || page_[at_] == '?')) {
      skip_to(">");
      continue;
    }
    Tag tag;
    if (at_ < page_.size() && page_[at_] == '/') {
      tag.name = "/";
      ++at_;
    }
    tag.name += lower_case(word(">/"));
    skip_spaces();
    while (at_ < page_.size() && page_[at_] != '>') {
      const std::size_t begin = at_;
      const std::string name = lower_case(word("=>/"));
      skip_spaces();
      std::string content;
      if (at_ < page_.size() && page_[at_] == '=') {
        ++at_;
        content = value();
      }
      tag.attributes.emplace(name, std::move(content));
      skip_spaces();
      if (at_ == begin) ++at_;
    }
    if (at_ < page_.size()) ++at_;
    tag.text = page_.substr(at_, std::min(page_.find('<', at_), page_.size()) - at_);
    if (tag.name == "script" || tag.name == "style" || tag.name == "title") skip_script(tag.name);
    return tag;
  }
  return std::nullopt;
}

/// `sha256=…` in what follows `#`.
std::string sha256_in(std::string_view link) {
  constexpr std::string_view kKey = "sha256=";
  const std::size_t hash = link.find('#');
  if (hash == std::string_view::npos) return {};
  for (const std::string_view part : split(link.substr(hash + 1), '&')) {
    if (!part.starts_with(kKey)) continue;
    const std::string digest = lower_case(part.substr(kKey.size()));
    if (parse_sha256(digest)) return digest;
  }
  return {};
}

/// The last part of the path, as it is called.
std::string name_in(std::string_view link) {
  const std::string_view path = link.substr(0, link.find_first_of("?#"));
  return net::percent_decoded(path.substr(path.rfind('/') + 1));
}

std::optional<Listed> find_in_html(std::string_view page, std::string_view url,
                                   std::string_view file) {
  std::string base(url);
  Tags tags(page);
  while (const std::optional<Tags::Tag> tag = tags.next()) {
    const auto link = tag->attributes.find("href");
    if (link == tag->attributes.end()) continue;
    if (tag->name == "base") base = net::resolved(url, link->second);
    const bool is_it =
        tag->name == "a" && (name_in(link->second) == file || trim(tag->text) == file);
    if (is_it) return Listed{net::resolved(base, link->second), sha256_in(link->second)};
  }
  return std::nullopt;
}

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<std::optional<Listed>> find_in_json(std::string_view page, std::string_view url,
                                           std::string_view file) {
  const json document = json::parse(page, nullptr, false);
  if (!document.is_object() || !document.contains("files") || !document["files"].is_array()) {
    return fail(fmt::format("{} is no page of a simple index", printable(url)));
  }
  const auto meta = document.find("meta");
  const std::string version =
      meta != document.end() && meta->is_object() ? text_of(*meta, "api-version") : std::string();
  if (!version.starts_with("1.")) {
    return fail(fmt::format("{} speaks version `{}` of the simple API; 1.x is known",
                            printable(url), printable(version)));
  }
  for (const json& one : document["files"]) {
    if (!one.is_object() || text_of(one, "filename") != file) continue;
    Listed listed{net::resolved(url, text_of(one, "url")), {}};
    const auto hashes = one.find("hashes");
    if (hashes != one.end() && hashes->is_object()) {
      const std::string digest = lower_case(text_of(*hashes, "sha256"));
      if (parse_sha256(digest)) listed.sha256 = digest;
    }
    return listed;
  }
  return std::nullopt;
}

}  // namespace

Result<std::optional<Listed>> find_listed(std::string_view page, std::string_view type,
                                          std::string_view url, std::string_view file) {
  const std::string kind = lower_case(trim(type.substr(0, type.find(';'))));
  if (kind.ends_with("json")) return find_in_json(page, url, file);
  return find_in_html(page, url, file);
}

}  // namespace devgraph::wheel
