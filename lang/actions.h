#pragma once
/// Which function of the Builder each rule of the grammar calls, and how a fault is raised.
/// Included by parse.cc only.

#include <tao/pegtl.hpp>

#include "lang/grammar.h"
#include "lang/parse_builder.h"

// clang-format off
namespace devgraph::lang::grammar {

template <typename Rule> struct action : p::nothing<Rule> {};

// One line a rule: `b` is the Builder, `at` what the rule matched.
#define DEVGRAPH_ACTION(rule, call)                                  \
  template <> struct action<rule> {                                  \
    template <typename In> static void apply(const In& in, Builder& b) { \
      [[maybe_unused]] const Builder::Span at = b.span(in.begin(), in.end()); \
      call;                                                          \
    }                                                                \
  }

DEVGRAPH_ACTION(comment,        b.comment(at));

DEVGRAPH_ACTION(interp_open,    b.open(Bracket::Hole, at));
DEVGRAPH_ACTION(interp_close,   b.close());
DEVGRAPH_ACTION(interp,         b.interp(at));
DEVGRAPH_ACTION(escape,         b.escape(at));
DEVGRAPH_ACTION(plain_open,     b.open(Bracket::String, at));
DEVGRAPH_ACTION(plain_text,     b.append(at));
DEVGRAPH_ACTION(plain_string,   b.string(at, false, false));
DEVGRAPH_ACTION(block_open_q,   b.open(Bracket::BlockString, at));
DEVGRAPH_ACTION(block_text,     b.append_lines(at));
DEVGRAPH_ACTION(block_string,   b.string(at, false, true));
DEVGRAPH_ACTION(raw_open,       b.open(Bracket::RawString, at));
DEVGRAPH_ACTION(raw_text,       b.append(at));
DEVGRAPH_ACTION(raw_string,     b.string(at, true, false));
DEVGRAPH_ACTION(raw3_open,      b.open(Bracket::RawBlockString, at));
DEVGRAPH_ACTION(raw3_text,      b.append_lines(at));
DEVGRAPH_ACTION(raw3_string,    b.string(at, true, true));

DEVGRAPH_ACTION(here_open,      b.open(Bracket::Path, at));
DEVGRAPH_ACTION(root_open,      b.open(Bracket::Path, at));
DEVGRAPH_ACTION(path_text,      b.append(at));
DEVGRAPH_ACTION(path_slash,     b.append(at));
DEVGRAPH_ACTION(path_quoted,    b.path_quoted(at));
DEVGRAPH_ACTION(here_path,      b.path(at));
DEVGRAPH_ACTION(label_name,     b.label_name(at));
DEVGRAPH_ACTION(root_path,      b.root_path(at));

DEVGRAPH_ACTION(dollar,         b.command_begin(at, false));
DEVGRAPH_ACTION(angle,          b.command_begin(at, true));
DEVGRAPH_ACTION(sh_text,        b.append(at));
DEVGRAPH_ACTION(sh_escape,      b.shell_escape(at));
DEVGRAPH_ACTION(sh_other,       b.append(at));
DEVGRAPH_ACTION(sh_line,        b.command_end(at));
DEVGRAPH_ACTION(script,         b.script(at));
DEVGRAPH_ACTION(hole_open,      b.open(Bracket::Hole, at));
DEVGRAPH_ACTION(hole_name,      b.name(at));

DEVGRAPH_ACTION(kw_none,        b.none(at));
DEVGRAPH_ACTION(kw_true,        b.boolean(at, true));
DEVGRAPH_ACTION(kw_false,       b.boolean(at, false));
DEVGRAPH_ACTION(number,         b.number(at));
DEVGRAPH_ACTION(name,           b.name(at));
DEVGRAPH_ACTION(list_open,      b.open(Bracket::List, at));
DEVGRAPH_ACTION(list_spread,    b.list_item(at, true));
DEVGRAPH_ACTION(list_value,     b.list_item(at, false));
DEVGRAPH_ACTION(list_close,     b.list(at));
DEVGRAPH_ACTION(clause_for,     b.clause_begin(at));
DEVGRAPH_ACTION(clause_name,    b.word(at));
DEVGRAPH_ACTION(clause_if,      b.clause_condition());
DEVGRAPH_ACTION(clause,         b.clause());
DEVGRAPH_ACTION(list_comp_end,  b.list_comp(at));
DEVGRAPH_ACTION(map_comp_end,   b.map_comp(at));
DEVGRAPH_ACTION(field_word,     b.word(at));
DEVGRAPH_ACTION(field_spread,   b.field_spread(at));
DEVGRAPH_ACTION(field_string,   b.field_string(at));
DEVGRAPH_ACTION(field_named,    b.field_named(at));
DEVGRAPH_ACTION(field_script,   b.field_script(at));
DEVGRAPH_ACTION(pun,            b.pun(at));
DEVGRAPH_ACTION(record_open,    b.open(Bracket::Record, at));
DEVGRAPH_ACTION(record_close,   b.record(at));
DEVGRAPH_ACTION(block_begin,    b.open(Bracket::Block, at));
DEVGRAPH_ACTION(block,          b.block(at));
DEVGRAPH_ACTION(paren_open,     b.open(Bracket::Paren, at));
DEVGRAPH_ACTION(paren_close,    b.paren(at));
DEVGRAPH_ACTION(arg_name,       b.word(at));
DEVGRAPH_ACTION(arg_spread,     b.arg(at, true, false, false));
DEVGRAPH_ACTION(arg_named,      b.arg(at, false, true, false));
DEVGRAPH_ACTION(arg_in,         b.arg(at, false, false, true));
DEVGRAPH_ACTION(arg_value,      b.arg(at, false, false, false));
DEVGRAPH_ACTION(call_open,      b.open(Bracket::Call, at));
DEVGRAPH_ACTION(call,           b.call(at));
DEVGRAPH_ACTION(index_open,     b.open(Bracket::Index, at));
DEVGRAPH_ACTION(index,          b.index(at));
DEVGRAPH_ACTION(member_tail,    b.member(at));
DEVGRAPH_ACTION(cast,           b.cast(at));
DEVGRAPH_ACTION(prefix_not,     b.prefix_not(at));
DEVGRAPH_ACTION(op,             b.op(at));
DEVGRAPH_ACTION(if_expr,        b.if_expr(at));
DEVGRAPH_ACTION(match_open,     b.open(Bracket::Match, at));
DEVGRAPH_ACTION(match_arm,      b.match_arm());
DEVGRAPH_ACTION(match_expr,     b.match_expr(at));
DEVGRAPH_ACTION(rule_ref,       b.rule_ref(at));
DEVGRAPH_ACTION(node_lit,       b.node_lit(at));

DEVGRAPH_ACTION(type_name,      b.type_name(at));
DEVGRAPH_ACTION(type_literal,   b.type_literal(at));
DEVGRAPH_ACTION(type_list_o,    b.open(Bracket::TypeBracket, at));
DEVGRAPH_ACTION(type_list_c,    b.type_wrap(ast::TypeKind::List, at));
DEVGRAPH_ACTION(type_paren_o,   b.open(Bracket::TypeBracket, at));
DEVGRAPH_ACTION(type_paren_c,   b.close());
DEVGRAPH_ACTION(type_brace_o,   b.open(Bracket::TypeBracket, at));
DEVGRAPH_ACTION(type_fname,     b.word(at));
DEVGRAPH_ACTION(type_field,     b.type_field(at));
DEVGRAPH_ACTION(type_rec_c,     b.type_record(at));
DEVGRAPH_ACTION(type_map_c,     b.type_wrap(ast::TypeKind::Map, at));
DEVGRAPH_ACTION(type_option,    b.type_optional());

DEVGRAPH_ACTION(decl_name,      b.word(at));
DEVGRAPH_ACTION(given_value,    b.given_value());
DEVGRAPH_ACTION(condition,      b.condition());
DEVGRAPH_ACTION(result,         b.result());
DEVGRAPH_ACTION(use_begin,      b.decl_begin(at));
DEVGRAPH_ACTION(use_open,       b.open(Bracket::Uses, at));
DEVGRAPH_ACTION(use_close,      b.end_brackets(at));
DEVGRAPH_ACTION(use_name,       b.use_item_name(at));
DEVGRAPH_ACTION(use_as,         b.use_item_as(at));
DEVGRAPH_ACTION(use_decl,       b.use_decl(at));
DEVGRAPH_ACTION(ws_begin,       b.decl_begin(at));
DEVGRAPH_ACTION(ws_decl,        b.ws_decl(at));
DEVGRAPH_ACTION(param_begin,    b.decl_begin(at));
DEVGRAPH_ACTION(param_decl,     b.param_decl(at));
DEVGRAPH_ACTION(axis_begin,     b.decl_begin(at));
DEVGRAPH_ACTION(axis_decl,      b.axis_decl(at));
DEVGRAPH_ACTION(let_begin,      b.decl_begin(at));
DEVGRAPH_ACTION(let_decl,       b.let_decl(at));
DEVGRAPH_ACTION(assert_begin,   b.decl_begin(at));
DEVGRAPH_ACTION(assert_decl,    b.assert_decl(at));
DEVGRAPH_ACTION(node_rule,      b.node_begin(at));
DEVGRAPH_ACTION(axes_open,      b.open(Bracket::Axes, at));
DEVGRAPH_ACTION(node_axis,      b.node_axis());
DEVGRAPH_ACTION(axes_close,     b.node_axes(at));
DEVGRAPH_ACTION(node_decl,      b.node_decl(at));
DEVGRAPH_ACTION(params_open,    b.open(Bracket::Params, at));
DEVGRAPH_ACTION(params_close,   b.end_brackets(at));
DEVGRAPH_ACTION(param_name,     b.parameter_begin(at));
DEVGRAPH_ACTION(parameter,      b.parameter(at));
DEVGRAPH_ACTION(fn_begin,       b.decl_begin(at));
DEVGRAPH_ACTION(fn_decl,        b.fn_decl(at));
DEVGRAPH_ACTION(type_begin,     b.decl_begin(at));
DEVGRAPH_ACTION(new_type,       b.word(at));
DEVGRAPH_ACTION(type_decl,      b.type_decl(at));
DEVGRAPH_ACTION(extern_begin,   b.decl_begin(at));
DEVGRAPH_ACTION(extern_decl,    b.rule_decl(at));
DEVGRAPH_ACTION(rule_begin,     b.decl_begin(at));
DEVGRAPH_ACTION(body_open,      b.open(Bracket::Body, at));
DEVGRAPH_ACTION(body_close,     b.end_brackets(at));
DEVGRAPH_ACTION(rule_decl,      b.rule_decl(at));
DEVGRAPH_ACTION(top,            b.top_decl());
DEVGRAPH_ACTION(edition,        b.edition(at));

#undef DEVGRAPH_ACTION

template <> struct action<hole_body> {
  template <typename In> static bool apply(const In& in, Builder& b) { return b.hole(b.span(in.begin(), in.end())); }
};

// A hole is tried: when it is none, what was built for it goes away.
template <> struct action<hole> : p::maybe_nothing {
  template <typename Rule, p::apply_mode A, p::rewind_mode M, template <typename...> class Action,
            template <typename...> class Control, typename In>
  static bool match(In& in, Builder& b) {
    const Builder::Checkpoint checkpoint = b.begin_hole();
    const bool matched = p::match<Rule, A, M, Action, Control>(in, b);
    b.end_hole(checkpoint, matched);
    return matched;
  }
};

// Operators remember where the ones of the expression around them end.
template <> struct action<operators> : p::maybe_nothing {
  template <typename Rule, p::apply_mode A, p::rewind_mode M, template <typename...> class Action,
            template <typename...> class Control, typename In>
  static bool match(In& in, Builder& b) {
    const std::size_t outer = b.begin_operators();
    if (!p::match<Rule, A, M, Action, Control>(in, b)) {
      b.leave_operators(outer);
      return false;
    }
    b.end_operators(outer);
    return true;
  }
};

template <> struct action<expr> : p::maybe_nothing {
  template <typename Rule, p::apply_mode A, p::rewind_mode M, template <typename...> class Action,
            template <typename...> class Control, typename In>
  static bool match(In& in, Builder& b) {
    const Builder::Level level(b, in.current());
    return p::match<Rule, A, M, Action, Control>(in, b);
  }
};

template <> struct action<type> : p::maybe_nothing {
  template <typename Rule, p::apply_mode A, p::rewind_mode M, template <typename...> class Action,
            template <typename...> class Control, typename In>
  static bool match(In& in, Builder& b) {
    const Builder::Level level(b, in.current());
    const std::size_t first = b.begin_type();
    const char* const begin = in.current();
    if (!p::match<Rule, A, M, Action, Control>(in, b)) return false;
    b.end_type(first, b.span(begin, in.current()));
    return true;
  }
};

// --- faults: what each rule under must<> is called; a rule without words does not compile --------------

template <typename Rule> inline constexpr Fault kFaultOf{};

#define DEVGRAPH_FAULT(rule, code, ...) template <> inline constexpr Fault kFaultOf<rule>{code, __VA_ARGS__}

DEVGRAPH_FAULT(expr,           "E001", "a value");
DEVGRAPH_FAULT(operators,      "E001", "a value");
DEVGRAPH_FAULT(operand,        "E001", "a value");
DEVGRAPH_FAULT(type,           "E001", "a type", "types are string int bool duration size version path file tree script, [T], {T}, {a: T}, \"a\" | \"b\", T?");
DEVGRAPH_FAULT(type_base,      "E001", "a type");
DEVGRAPH_FAULT(eq,             "E006", "`=`");
DEVGRAPH_FAULT(type_colon,     "E006", "`:` and a type", "write  name: string");
DEVGRAPH_FAULT(decl_name,      "E001", "a name");
DEVGRAPH_FAULT(clause_name,    "E001", "a name");
DEVGRAPH_FAULT(use_as,         "E001", "a name");
DEVGRAPH_FAULT(clause_in,      "E001", "`in`", "write  for x in xs");
DEVGRAPH_FAULT(clause_colon,   "E001", "`:`", "write  [for x in xs: value]");
DEVGRAPH_FAULT(kw_then,        "E001", "`then`", "write  if condition then value else value");
DEVGRAPH_FAULT(kw_else,        "E001", "`else`", "an `if` is a value: write  if condition then value else value");
DEVGRAPH_FAULT(kw_rule,        "E001", "`rule`");
DEVGRAPH_FAULT(kw_axis,        "E001", "`axis`");
DEVGRAPH_FAULT(match_open,     "E001", "`{`", "write  match x { \"a\" => 1, _ => 2 }");
DEVGRAPH_FAULT(match_arm,      "E001", "a pattern", "write  \"a\" | \"b\" => value  or  _ => value");
DEVGRAPH_FAULT(pattern,        "E001", "a pattern", "a pattern is a string, a number, true, false, none or _");
DEVGRAPH_FAULT(arrow,          "E001", "`=>`", "write  \"a\" => value");
DEVGRAPH_FAULT(block,          "E001", "`{`");
DEVGRAPH_FAULT(body_open,      "E001", "`{`");
DEVGRAPH_FAULT(use_open,       "E001", "`{`", "write  use //folder/file { name }");
DEVGRAPH_FAULT(path,           "E009", "a path", "write  use //folder/file { name }");
DEVGRAPH_FAULT(params_open,    "E001", "`(`", "parameters stand right behind the name: rule name(a: string)");
DEVGRAPH_FAULT(string,         "E001", "a string");
DEVGRAPH_FAULT(assert_comma,   "E001", "`,` and a message", "write  assert condition, \"what is wrong\"");
DEVGRAPH_FAULT(escape_body,    "E004", "an escape", "escapes are \\\" \\\\ \\{ \\} \\n \\t \\r \\xNN \\u{1F600}; in '…' a backslash is itself");
DEVGRAPH_FAULT(hex2,           "E004", "two hexadecimal digits", "write \\x41");
DEVGRAPH_FAULT(code_point,     "E004", "a code point in braces", "write \\u{1F600}");
DEVGRAPH_FAULT(mark_end,       "E008", "a blank", "write  $ command");
DEVGRAPH_FAULT(plain_close,    "E003", "`\"`");
DEVGRAPH_FAULT(block_close_q,  "E003", "`\"\"\"`");
DEVGRAPH_FAULT(raw_close,      "E003", "`'`");
DEVGRAPH_FAULT(raw3_close,     "E003", "`'''`");
DEVGRAPH_FAULT(interp_close,   "E002", "`}`");
DEVGRAPH_FAULT(list_item,      "E001", "a value or `]`");
DEVGRAPH_FAULT(list_close,     "E002", "`]`");
DEVGRAPH_FAULT(list_comp_end,  "E002", "`]`");
DEVGRAPH_FAULT(map_comp_end,   "E002", "`}`");
DEVGRAPH_FAULT(record_item,    "E001", "a field or `}`", "fields are  name = value");
DEVGRAPH_FAULT(record_close,   "E002", "`}`");
DEVGRAPH_FAULT(block_item,     "E001", "a field or `}`", "fields are  name = value");
DEVGRAPH_FAULT(block_end,      "E002", "`}`");
DEVGRAPH_FAULT(match_close,    "E002", "`}`");
DEVGRAPH_FAULT(paren_close,    "E002", "`)`");
DEVGRAPH_FAULT(arg,            "E001", "a value or `)`");
DEVGRAPH_FAULT(call_close,     "E002", "`)`");
DEVGRAPH_FAULT(index_arg,      "E001", "a value or `]`");
DEVGRAPH_FAULT(index_close,    "E002", "`]`");
DEVGRAPH_FAULT(type_list_c,    "E002", "`]`");
DEVGRAPH_FAULT(type_paren_c,   "E002", "`)`");
DEVGRAPH_FAULT(type_field,     "E001", "a field or `}`", "fields of a type are  name: type");
DEVGRAPH_FAULT(type_rec_c,     "E002", "`}`");
DEVGRAPH_FAULT(type_map_c,     "E002", "`}`");
DEVGRAPH_FAULT(node_axis,      "E001", "the name of an axis or `]`", "write  name[axis]  or  name[axis in [\"a\", \"b\"]]");
DEVGRAPH_FAULT(axes_close,     "E002", "`]`");
DEVGRAPH_FAULT(parameter,      "E001", "a parameter or `)`", "parameters are  name: type = default");
DEVGRAPH_FAULT(params_close,   "E002", "`)`");
DEVGRAPH_FAULT(use_item,       "E001", "a name or `}`");
DEVGRAPH_FAULT(use_close,      "E002", "`}`");
DEVGRAPH_FAULT(inner,          "E018", "an axis, a let, an assert or a node, or `}`");
DEVGRAPH_FAULT(body_close,     "E002", "`}`");
DEVGRAPH_FAULT(top,            "E014", "a declaration");
DEVGRAPH_FAULT(top_end,        "E007", "the end of the line");

#undef DEVGRAPH_FAULT

template <typename Close> inline constexpr Fault kFaultOf<item_end<Close>>{"E007", "a comma or a new line", nullptr};

/// PEGTL's must_if with a table of faults instead of texts: the words depend on what stands there.
template <typename Rule>
struct control : p::normal<Rule> {
  template <typename In>
  [[noreturn]] static void raise(const In& in, Builder& b) {
    static_assert(kFaultOf<Rule>.code != nullptr, "give this rule words in the fault table");
    b.fault(kFaultOf<Rule>, in.current());
  }
};

}  // namespace devgraph::lang::grammar
// clang-format on
