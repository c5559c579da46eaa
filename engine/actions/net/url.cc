#include "engine/actions/net/url.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "engine/actions/net/http.h"
#include "engine/base/text.h"

namespace devgraph::net {

namespace {

std::string lower_case(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// What stands before the colon of `https:`; empty: nothing does.
std::string_view scheme_of(std::string_view link) {
  const std::size_t colon = link.find(':');
  if (colon == std::string_view::npos || link.substr(0, colon).find_first_of("/?#") != link.npos) {
    return {};
  }
  return link.substr(0, colon);
}

/// A path without `.` and `..` (RFC 3986, 5.2.4).
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  const std::vector<std::string_view> parts = split(path.substr(1), '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool is_last = i + 1 == parts.size();
    if (parts[i] == "..") {
      if (!kept.empty()) kept.pop_back();
      if (is_last) kept.emplace_back();
    } else if (parts[i] == ".") {
      if (is_last) kept.emplace_back();
    } else {
      kept.push_back(parts[i]);
    }
  }
  std::string made;
  for (const std::string_view part : kept)
    made += fmt::format("/{}", part);
  return made.empty() ? "/" : made;
}

}  // namespace

Result<Url> parse_url(std::string_view url) {
  const auto wrong = [&](std::string_view why) {
    return fail(fmt::format("`{}` {}", shown(url), why));
  };
  const bool has_odd_signs = std::ranges::any_of(url, [](char c) {
    return c <= ' ' || c == '"' || c == '<' || c == '>' || c == '\\' || c == 127;
  });
  if (has_odd_signs) return wrong("is no URL: signs of it must be written as %XX");
  Url found;
  found.scheme = lower_case(scheme_of(url));
  if (found.scheme != "http" && found.scheme != "https") return wrong("is no https: URL");
  const std::string_view rest = url.substr(found.scheme.size() + 1);
  if (!rest.starts_with("//")) return wrong("is no URL: `//` is missing");
  const std::string_view tail = rest.substr(2);
  const std::string_view authority = tail.substr(0, tail.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos)
    return wrong("holds a login, which does not belong into a URL");
  if (authority.empty() || authority.starts_with(':')) return wrong("names no host");
  found.host = lower_case(authority);
  found.path = tail.substr(authority.size());
  found.path = found.path.substr(0, found.path.find_first_of("?#"));
  if (found.path.empty()) found.path = "/";
  return found;
}

std::string show(const Url& url) {
  return fmt::format("{}://{}{}", url.scheme, url.host, url.path);
}

bool is_loopback(std::string_view host) {
  if (host.starts_with('[')) return host.starts_with("[::1]");
  const std::string_view name = host.substr(0, host.find(':'));
  // `127.0.0.1.example.org` is somebody's.
  const bool is_number = name.find_first_not_of("0123456789.") == std::string_view::npos;
  return name == "localhost" || (is_number && name.starts_with("127."));
}

bool is_private(const Url& url) {
  return url.scheme == "https" || is_loopback(url.host);
}

std::string resolved(std::string_view page, std::string_view link) {
  link = link.substr(0, link.find('#'));
  if (!scheme_of(link).empty()) return std::string(link);
  const std::size_t scheme = page.find("://");
  if (scheme == std::string_view::npos) return std::string(link);
  if (link.starts_with("//")) return fmt::format("{}:{}", page.substr(0, scheme), link);
  const std::size_t path = std::min(page.find_first_of("/?#", scheme + 3), page.size());
  const std::string_view root = page.substr(0, path);
  std::string_view folder = page.substr(path, page.find_first_of("?#", path) - path);
  const std::size_t question = std::min(link.find('?'), link.size());
  const std::string_view tail = link.substr(question);
  const std::string_view head = link.substr(0, question);
  if (head.empty()) return fmt::format("{}{}{}", root, folder, tail);
  folder = folder.substr(0, folder.rfind('/') + 1);
  const std::string whole = head.starts_with('/')
                                ? std::string(head)
                                : fmt::format("{}{}", folder.empty() ? "/" : folder, head);
  return fmt::format("{}{}{}", root, without_dots(whole), tail);
}

std::string percent_decoded(std::string_view text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? digit(text[i + 1]) : -1;
    const int low = high >= 0 ? digit(text[i + 2]) : -1;
    if (low < 0) {
      made += text[i];
      continue;
    }
    made += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return made;
}

}  // namespace devgraph::net
