#pragma once
/// Scripts for tests of the shell lexer, made without the parser: `{name}` and `{name(…)}` are
/// holes as in a manifest.

#include <deque>
#include <string>
#include <string_view>

#include "engine/base/source.h"
#include "lang/ast.h"

namespace devgraph::lang {

/// Owns what the syntax tree points to.
struct ScriptText {
  Sources sources;
  SourceId source{};
  ast::Script script;
  std::deque<ast::Expr> exprs;

  /// `text`: lines that start with `$` or `>`.
  explicit ScriptText(std::string text) : source(sources.add("build.devgraph", std::move(text))) {
    const std::string_view all = sources.text(source);
    for (std::size_t begin = 0; begin < all.size();) {
      const std::size_t end = std::min(all.find('\n', begin), all.size());
      add_line(static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end));
      begin = end + 1;
    }
  }

 private:
  static bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }

  void add_line(std::uint32_t begin, std::uint32_t end) {
    const std::string_view all = sources.text(source);
    ast::CommandLine line;
    line.continues = all[begin] == '>';
    line.range = Range{source, begin, end};
    std::uint32_t i = std::min(begin + 2, end);
    std::uint32_t from = i;
    std::string text;
    const auto flush = [&](std::uint32_t to) {
      if (!text.empty()) line.pieces.push_back({text, nullptr, Range{source, from, to}});
      text.clear();
    };
    while (i < end) {
      const char next = i + 1 < end ? all[i + 1] : '\0';
      if (all[i] == '\\' && next != '\0') {
        if (next != '{' && next != '}') text += '\\';
        text += next;
        i += 2;
      } else if ((all[i] == '$' || all[i] == '{') && next == '{') {
        text += all.substr(i, 2);
        i += 2;
      } else if (all[i] == '{' && letter(next)) {
        std::uint32_t close = i + 1;
        while (close < end && (letter(all[close]) || (all[close] >= '0' && all[close] <= '9')))
          ++close;
        const std::string_view name = all.substr(i + 1, close - i - 1);
        const bool call = close < end && all[close] == '(';
        if (call) close = static_cast<std::uint32_t>(all.find(')', close)) + 1;
        if (close >= end || all[close] != '}') {
          text += all[i++];
          continue;
        }
        flush(i);
        line.pieces.push_back({"", hole(name, call, i + 1, close), Range{source, i, close + 1}});
        i = from = close + 1;
      } else {
        text += all[i++];
      }
    }
    flush(end);
    script.lines.push_back(std::move(line));
  }

  const ast::Expr* hole(std::string_view name, bool call, std::uint32_t begin, std::uint32_t end) {
    ast::Expr expr;
    expr.range = Range{source, begin, end};
    expr.value = ast::Name{name};
    exprs.push_back(expr);
    if (!call) return &exprs.back();
    ast::Expr made;
    made.range = expr.range;
    made.value = ast::Call{&exprs.back(), {}};
    exprs.push_back(made);
    return &exprs.back();
  }
};

}  // namespace devgraph::lang
