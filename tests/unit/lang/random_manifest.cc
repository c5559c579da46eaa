#include "random_manifest.h"

#include <functional>
#include <random>
#include <string_view>
#include <vector>

namespace devgraph::lang {
namespace {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::string file() {
    w();
    if (chance(3)) {
      put("devgraph 1");
      sep();
    }
    const int count = below(6) + 1;
    for (int i = 0; i < count; ++i) {
      top();
      if (i + 1 < count || !chance(4)) sep();
    }
    return out_;
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  bool chance(int n) { return below(n) == 0; }
  void put(std::string_view text) { out_ += text; }
  template <std::size_t N>
  void one_of(const char* const (&texts)[N]) {
    put(texts[below(static_cast<int>(N))]);
  }

  // --- blanks ---
  void s() {
    if (chance(2)) put(" ");
    if (chance(20)) put("\t ");
  }
  void b() { put(chance(8) ? "  " : " "); }
  void comment() {
    static constexpr const char* kTexts[] = {"# note",         "#",  "## doc", "##x",
                                             "# a } ] ) \" '", "###"};
    one_of(kTexts);
  }
  void newline() { put(chance(10) ? "\r\n" : "\n"); }
  void w() {
    if (holes_ > 0) return s();
    const int count = chance(4) ? below(4) : 0;
    for (int i = 0; i < count; ++i) {
      s();
      if (chance(3)) comment();
      newline();
    }
    s();
  }
  void sep() {
    s();
    if (holes_ > 0 || chance(2)) {
      put(",");
    } else {
      if (chance(4)) comment();
      newline();
    }
    w();
  }
  void items(const std::function<void()>& item) {
    w();
    const int count = below(4);
    for (int i = 0; i < count; ++i) {
      if (i > 0) sep();
      item();
    }
    if (count > 0 && chance(3)) sep();
    if (count > 0 && ends_in_script_) sep_line();
    w();
  }
  void sep_line() {
    newline();
    ends_in_script_ = false;
  }

  // --- words and texts ---
  void name() {
    static constexpr const char* kNames[] = {"a",    "bb",   "kebab-case", "_x",
                                             "app2", "type", "as",         "x-1"};
    one_of(kNames);
  }
  void hole() {
    ++holes_;
    put("{");
    s();
    expr();
    s();
    put("}");
    --holes_;
  }
  void string() {
    const int kind = below(8);
    if (kind == 0) return put("'raw \\d{2} \"'");
    if (kind == 1 && holes_ == 0) return put("'''two\n  lines  \n'''");
    const bool wide = kind == 2 && holes_ == 0;
    put(wide ? "\"\"\"" : "\"");
    static constexpr const char* kTexts[] = {"text", " ", "\\n", "\\{", "é", "\\u{41}", "#no", "$"};
    const int count = below(4);
    for (int i = 0; i < count; ++i) {
      if (chance(4) && depth_ < 4) {
        hole();
      } else {
        one_of(kTexts);
        if (wide && chance(3)) put(chance(5) ? "  \r\n" : "  \n ");
      }
    }
    put(wide ? "\"\"\"" : "\"");
  }
  void path() {
    put(chance(2) ? "./" : "//");
    const int count = below(4);
    for (int i = 0; i < count; ++i) {
      if (i > 0) put("/");
      static constexpr const char* kParts[] = {"src",  "**", "*.c", "a?b", "\"with blank\"",
                                               "x-1.2"};
      if (chance(5) && depth_ < 4) {
        hole();
      } else {
        one_of(kParts);
      }
    }
    if (count > 0 && chance(4)) put("/");
  }

  // --- expressions ---
  void expr() {
    if (++depth_ > 6 || out_.size() > 2000) {
      name();
      --depth_;
      return;
    }
    const int kind = below(12);
    if (kind == 0) {
      put("if ");
      operators();
      gap();
      put("then ");
      w();
      expr();
      gap();
      put("else ");
      w();
      expr();
    } else if (kind == 1) {
      put("match ");
      operators();
      b();
      put("{");
      items([this] {
        static constexpr const char* kPatterns[] = {"\"a\"", "\"a\" | 'b'", "1",
                                                    "true",  "none",        "_"};
        one_of(kPatterns);
        s();
        put("=>");
        w();
        expr();
      });
      put("}");
    } else if (kind == 2 && holes_ == 0) {
      put(chance(3) ? "go.bin" : "image");
      b();
      block();
    } else {
      operators();
    }
    --depth_;
  }
  /// Blanks around a word, perhaps with a line end.
  void gap() {
    if (ends_in_script_) sep_line();
    put(" ");
    w();
    put(" ");
  }
  void operators() {
    static constexpr const char* kOps[] = {"??", "or", "and", "+", "-", "/", "+"};
    operand();
    const int count = chance(3) ? below(3) : 0;
    for (int i = 0; i < count; ++i) {
      b();
      one_of(kOps);
      put(" ");
      w();
      operand();
    }
    if (count == 0 && chance(8)) {
      static constexpr const char* kCompare[] = {"==", "!=", "<=", ">=", "<", ">", "in"};
      b();
      one_of(kCompare);
      put(" ");
      w();
      operand();
    }
  }
  void operand() {
    postfix();
    if (chance(15)) {
      put(" as ");
      type(3);
    }
  }
  void postfix() {
    after_path_ = false;
    primary();
    const int count = chance(3) && !after_path_ ? below(3) : 0;
    for (int i = 0; i < count; ++i) {
      const int kind = below(3);
      if (kind == 0) {
        put("(");
        items([this] { arg(false); });
        put(")");
      } else if (kind == 1) {
        put("[");
        items([this] { arg(true); });
        put("]");
      } else {
        if (chance(6)) w();
        put(chance(3) ? "?." : ".");
        name();
      }
    }
  }
  void arg(bool in_index) {
    const int kind = below(5);
    if (kind == 0) put("...");
    if (kind == 1) {
      name();
      s();
      put("=");
      w();
    }
    if (kind == 2 && in_index) {
      name();
      put(" in ");
      return operators();
    }
    expr();
  }
  void clauses() {
    const int count = below(2) + 1;
    for (int i = 0; i < count; ++i) {
      put("for ");
      name();
      if (chance(3)) {
        put(", ");
        name();
      }
      put(" in ");
      operators();
      if (chance(3)) {
        put(" if ");
        operators();
      }
      put(" ");
      w();
    }
    put(":");
    w();
  }
  void primary() {
    const int kind = depth_ > 5 ? below(6) : below(12);
    switch (kind) {
      case 0:
        return string();
      case 1: {
        static constexpr const char* kNumbers[] = {"0",    "42",    "30m", "8GiB",
                                                   "true", "false", "none"};
        return one_of(kNumbers);
      }
      case 2: {
        path();
        // A `?`, `.`, word or hole would go on with the path.
        after_path_ = true;
        return put(" ");
      }
      case 3:
        return put("//a/b:c");
      case 4:
      case 5:
        return name();
      case 6:
        put("[");
        items([this] {
          if (chance(5)) put("...");
          expr();
        });
        return put("]");
      case 7:
        put("{");
        items([this] { field(false); });
        return put("}");
      case 8:
        put("(");
        w();
        expr();
        w();
        after_path_ = false;
        return put(")");
      case 9:
        put("[");
        w();
        clauses();
        expr();
        w();
        return put("]");
      case 10:
        put("{");
        w();
        clauses();
        put("\"k{a}\" =");
        w();
        expr();
        w();
        return put("}");
      default:
        return name();
    }
  }
  void field(bool in_block) {
    const int kind = below(6);
    if (kind == 0) {
      put("...");
      return expr();
    }
    if (kind == 1) {
      name();
      if (chance(3)) put(".b");
      return;
    }
    if (kind == 2) {
      string();
    } else {
      name();
    }
    s();
    put("=");
    w();
    if (in_block && chance(8)) {
      newline();
      return script();
    }
    expr();
  }
  void block() {
    put("{");
    w();
    const int count = below(4);
    for (int i = 0; i < count; ++i) {
      field(true);
      if (ends_in_script_) {
        sep_line();
        w();
      } else {
        sep();
      }
    }
    if (holes_ == 0 && chance(3)) {
      newline();
      s();
      script();
      sep_line();
      w();
    }
    put("}");
  }
  void script() {
    const int count = below(3) + 1;
    for (int i = 0; i < count; ++i) {
      if (i > 0) {
        newline();
        if (chance(4)) {
          s();
          if (chance(2)) comment();
          newline();
        }
        s();
      }
      put(i > 0 && chance(3) ? "> " : "$ ");
      static constexpr const char* kTexts[] = {
          "echo  ", "${X}",          "{{.Go}}", "{print $1}",    "\\{",
          "{a.b}",  "{f(x, \"y\")}", "'q' ",    "# no comment ", "{}"};
      const int parts = below(5);
      for (int k = 0; k < parts; ++k)
        one_of(kTexts);
    }
    ends_in_script_ = true;
  }

  // --- types ---
  void type(int depth) {
    type_base(depth);
    while (chance(5)) {
      put(" |");
      w();
      type_base(depth);
    }
    if (chance(4)) put("?");
  }
  void type_base(int depth) {
    const int kind = depth > 4 ? below(2) : below(7);
    switch (kind) {
      case 0:
        return put("\"lit\"");
      case 2:
        put("[");
        w();
        type(depth + 1);
        w();
        return put("]");
      case 3:
        put("{");
        w();
        type(depth + 1);
        w();
        return put("}");
      case 4:
        put("(");
        w();
        type(depth + 1);
        w();
        return put(")");
      case 5: {
        put("{");
        w();
        const int count = below(3) + 1;
        for (int i = 0; i < count; ++i) {
          if (i > 0) sep();
          name();
          s();
          put(":");
          w();
          type(depth + 1);
        }
        w();
        return put("}");
      }
      default: {
        static constexpr const char* kNames[] = {"string", "file", "Image", "int"};
        return one_of(kNames);
      }
    }
  }

  // --- declarations ---
  void value() {
    s();
    put("=");
    w();
    expr();
  }
  void parameters() {
    put("(");
    items([this] {
      name();
      s();
      put(":");
      w();
      type(0);
      if (chance(3)) value();
    });
    put(")");
    if (chance(2)) {
      put(" -> ");
      type(0);
    }
  }
  void node() {
    put(chance(4) ? "go.bin " : "run ");
    name();
    if (chance(3)) {
      put("[");
      items([this] {
        name();
        if (chance(3)) {
          put(" in ");
          operators();
        }
      });
      put("]");
    }
    if (chance(4)) {
      put(" where ");
      operators();
    }
    put(" ");
    block();
  }
  void inner() {
    switch (below(5)) {
      case 0:
        put(chance(3) ? "late axis " : "axis ");
        name();
        return value();
      case 1:
        put("let ");
        name();
        if (chance(3)) {
          put(":");
          w();
          type(0);
        }
        return value();
      case 2:
        put("assert ");
        operators();
        s();
        put(",");
        w();
        return string();
      default:
        return node();
    }
  }
  void top() {
    switch (below(10)) {
      case 0:
        put("use //lib/x ");
        put("{");
        items([this] {
          name();
          if (chance(3)) put(" as q");
        });
        return put("}");
      case 1:
        put("workspace ");
        return block();
      case 2:
        put("param ");
        name();
        s();
        put(":");
        w();
        type(0);
        if (chance(2)) value();
        if (chance(3)) {
          put(" ");
          w();
          put("where ");
          operators();
        }
        return;
      case 3:
        put("fn ");
        name();
        parameters();
        return value();
      case 4:
        put("type T");
        s();
        put("=");
        w();
        return type(0);
      case 5:
        put(chance(2) ? "extern effect rule " : "extern rule ");
        name();
        return parameters();
      case 6: {
        put(chance(3) ? "effect rule " : "rule ");
        name();
        parameters();
        put(" {");
        items([this] { inner(); });
        return put("}");
      }
      default:
        return inner();
    }
  }

  std::mt19937_64 random_;
  std::string out_;
  int depth_ = 0;
  int holes_ = 0;
  bool ends_in_script_ = false;
  bool after_path_ = false;
};

}  // namespace

std::string random_manifest(std::uint64_t seed) {
  return Generator(seed).file();
}

}  // namespace devgraph::lang
