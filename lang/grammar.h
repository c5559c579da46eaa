#pragma once
/// The grammar of the language reference, section "Grammar", one struct a rule. Included by
/// parse.cc and by the test that runs PEGTL's analysis over it; everything else sees lang/ast.h.

#include <array>
#include <cstring>
#include <string_view>

#include <tao/pegtl.hpp>
#include <tao/pegtl/contrib/analyze_traits.hpp>

#include "lang/grammar_abandoned.h"
#include "lang/words.h"

// clang-format off
namespace devgraph::lang::grammar {

namespace p = tao::pegtl;

// --- hand-made tokens: they consume nothing unless they match ---------------------------------------

/// A word in kebab-case. A minus is part of it only before a letter or digit.
struct word {
  using rule_t = word;
  using subs_t = p::empty_list;
  template <typename Input>
  static bool match(Input& in) {
    const std::size_t size = word_length({in.current(), in.size()});
    if (size > 0) in.bump_in_this_line(size);
    return size > 0;
  }
};

/// A word that is not reserved.
struct ident {
  using rule_t = ident;
  using subs_t = p::empty_list;
  template <typename Input>
  static bool match(Input& in) {
    const std::string_view rest(in.current(), in.size());
    const std::size_t size = word_length(rest);
    if (size == 0 || is_reserved(rest.substr(0, size))) return false;
    in.bump_in_this_line(size);
    return true;
  }
};

/// One given word, whole.
template <char... Cs>
struct keyword {
  using rule_t = keyword;
  using subs_t = p::empty_list;
  template <typename Input>
  static bool match(Input& in) {
    static constexpr std::array<char, sizeof...(Cs)> kText{Cs...};
    if (in.size() < kText.size() || *in.current() != kText[0]) return false;
    const std::string_view rest(in.current(), in.size());
    if (word_length(rest) != kText.size()) return false;
    if (std::memcmp(in.current(), kText.data(), kText.size()) != 0) return false;
    in.bump_in_this_line(kText.size());
    return true;
  }
};

/// Everything up to the line end, which may be LF, CR LF or the end of the file.
struct rest_of_line {
  using rule_t = rest_of_line;
  using subs_t = p::empty_list;
  template <typename Input>
  static bool match(Input& in) {
    in.bump_in_this_line(line_length({in.current(), in.size()}));
    return true;
  }
};

// --- blanks, comments, separators ---------------------------------------------------------------------

struct comment      : p::seq<p::one<'#'>, rest_of_line> {};
struct s            : p::star<p::blank> {};
struct w            : p::star<p::sor<p::one<' ', '\t', '\r', '\n'>, comment>> {};
struct line_end     : p::seq<p::opt<comment>, p::eol> {};
struct sep          : p::seq<s, p::sor<p::one<','>, line_end>, w> {};

template <typename Close> struct item_end : p::sor<sep, p::seq<s, p::at<Close>>> {};
/// What stands between an opening bracket and Close, with Close.
template <typename Item, typename Close>
struct items : p::seq<w, p::star<p::not_at<Close>, p::must<Item>, p::must<item_end<Close>>>, p::must<Close>> {};

struct kw_use       : keyword<'u', 's', 'e'> {};
struct kw_param     : keyword<'p', 'a', 'r', 'a', 'm'> {};
struct kw_axis      : keyword<'a', 'x', 'i', 's'> {};
struct kw_late      : keyword<'l', 'a', 't', 'e'> {};
struct kw_let       : keyword<'l', 'e', 't'> {};
struct kw_fn        : keyword<'f', 'n'> {};
struct kw_rule      : keyword<'r', 'u', 'l', 'e'> {};
struct kw_effect    : keyword<'e', 'f', 'f', 'e', 'c', 't'> {};
struct kw_extern    : keyword<'e', 'x', 't', 'e', 'r', 'n'> {};
struct kw_assert    : keyword<'a', 's', 's', 'e', 'r', 't'> {};
struct kw_if        : keyword<'i', 'f'> {};
struct kw_then      : keyword<'t', 'h', 'e', 'n'> {};
struct kw_else      : keyword<'e', 'l', 's', 'e'> {};
struct kw_match     : keyword<'m', 'a', 't', 'c', 'h'> {};
struct kw_for       : keyword<'f', 'o', 'r'> {};
struct kw_in        : keyword<'i', 'n'> {};
struct kw_where     : keyword<'w', 'h', 'e', 'r', 'e'> {};
struct kw_or        : keyword<'o', 'r'> {};
struct kw_and       : keyword<'a', 'n', 'd'> {};
struct kw_not       : keyword<'n', 'o', 't'> {};
struct kw_true      : keyword<'t', 'r', 'u', 'e'> {};
struct kw_false     : keyword<'f', 'a', 'l', 's', 'e'> {};
struct kw_none      : keyword<'n', 'o', 'n', 'e'> {};
struct kw_as        : keyword<'a', 's'> {};
struct kw_type      : keyword<'t', 'y', 'p', 'e'> {};
struct kw_workspace : keyword<'w', 'o', 'r', 'k', 's', 'p', 'a', 'c', 'e'> {};
struct kw_devgraph  : keyword<'d', 'e', 'v', 'g', 'r', 'a', 'p', 'h'> {};

struct equals       : p::seq<p::at<p::one<'='>, p::not_at<p::one<'=', '>'>>>, p::one<'='>> {};
struct eq           : p::seq<s, equals, w> {};
struct type_colon   : p::one<':'> {};
struct dots         : p::string<'.', '.', '.'> {};

struct expr;
struct operators;
struct type;

// --- strings ------------------------------------------------------------------------------------------

struct interp_open  : p::one<'{'> {};
struct interp_close : p::one<'}'> {};
struct interp       : p::seq<interp_open, s, p::must<expr>, s, p::must<interp_close>> {};

struct hex2         : p::seq<p::xdigit, p::xdigit> {};
struct code_point   : p::seq<p::one<'{'>, p::rep_min_max<1, 6, p::xdigit>, p::one<'}'>> {};
struct escape_plain : p::one<'"', '\\', '{', '}', 'n', 't', 'r'> {};
struct escape_body  : p::sor<escape_plain, p::seq<p::one<'x'>, p::must<hex2>>, p::seq<p::one<'u'>, p::must<code_point>>> {};
struct escape       : p::seq<p::one<'\\'>, p::must<escape_body>> {};

struct plain_open   : p::one<'"'> {};
struct plain_close  : p::one<'"'> {};
struct plain_text   : p::plus<p::not_one<'"', '\n', '\\', '{'>> {};
struct plain_string : p::seq<plain_open, p::star<p::sor<plain_text, escape, interp>>, p::must<plain_close>> {};

struct block_quote  : p::string<'"', '"', '"'> {};
struct block_open_q : block_quote {};
struct block_close_q: block_quote {};
struct block_text   : p::plus<p::not_at<block_quote>, p::not_one<'\\', '{'>> {};
struct block_string : p::seq<block_open_q, p::star<p::sor<block_text, escape, interp>>, p::must<block_close_q>> {};

struct raw_open     : p::one<'\''> {};
struct raw_close    : p::one<'\''> {};
struct raw_text     : p::plus<p::not_one<'\'', '\n'>> {};
struct raw_string   : p::seq<raw_open, p::opt<raw_text>, p::must<raw_close>> {};

struct raw3_quote   : p::string<'\'', '\'', '\''> {};
struct raw3_open    : raw3_quote {};
struct raw3_close   : raw3_quote {};
struct raw3_text    : p::plus<p::not_at<raw3_quote>, p::any> {};
struct raw3_string  : p::seq<raw3_open, p::opt<raw3_text>, p::must<raw3_close>> {};

struct string       : p::sor<block_string, plain_string, raw3_string, raw_string> {};

// --- paths and labels ---------------------------------------------------------------------------------

struct path_text    : p::plus<p::sor<p::alnum, p::one<'_', '.', '+', '@', '%', '*', '?', '-'>>> {};
struct path_quoted  : p::seq<p::at<p::one<'"', '\''>>, string> {};
struct path_slash   : p::one<'/'> {};
struct segment      : p::plus<p::sor<path_text, interp, path_quoted>> {};
struct segments     : p::seq<p::opt<segment>, p::star<path_slash, p::opt<segment>>> {};
struct here_open    : p::string<'.', '/'> {};
struct root_open    : p::string<'/', '/'> {};
struct label_name   : p::seq<p::one<':'>, word> {};
struct here_path    : p::seq<here_open, segments> {};
struct root_path    : p::seq<root_open, segments, p::opt<label_name>> {};
struct path         : p::sor<here_path, root_path> {};

// --- scripts ------------------------------------------------------------------------------------------

struct call;
struct index;
struct member_tail  : p::seq<p::opt<p::one<'?'>>, p::one<'.'>, word> {};
struct hole_open    : p::one<'{'> {};
struct hole_name    : ident {};
struct hole_body    : p::seq<hole_open, hole_name, p::star<p::sor<call, index, member_tail>>, p::one<'}'>> {};

struct hole         : p::try_catch_type<Abandoned, hole_body> {};
struct sh_text      : p::plus<p::not_one<'\n', '\r', '$', '{', '\\'>> {};
struct sh_escape    : p::seq<p::one<'\\'>, p::not_at<p::eol>, p::any> {};
struct sh_other     : p::sor<p::string<'$', '{'>, p::string<'{', '{'>, p::seq<p::not_at<p::eol>, p::any>> {};
struct sh_line      : p::star<p::sor<sh_text, sh_escape, hole, sh_other>> {};
struct mark_end     : p::sor<p::blank, p::at<p::eolf>> {};
struct dollar       : p::one<'$'> {};
struct angle        : p::one<'>'> {};
struct command      : p::seq<dollar, p::must<mark_end>, sh_line> {};
struct continuation : p::seq<angle, p::must<mark_end>, sh_line> {};
struct script_next  : p::seq<p::plus<s, line_end>, s, p::sor<command, continuation>> {};
struct script       : p::seq<command, p::star<script_next>> {};

// --- expressions --------------------------------------------------------------------------------------

struct number       : p::seq<p::opt<p::one<'-'>>, p::plus<p::digit>, p::star<p::alpha>, p::not_at<word>> {};

struct list_open    : p::one<'['> {};
struct list_close   : p::one<']'> {};
struct list_spread  : p::seq<dots, p::must<expr>> {};
struct list_value   : p::seq<expr> {};
struct list_item    : p::sor<list_spread, list_value> {};

struct clause_for   : kw_for {};
struct clause_name  : ident {};
struct clause_in    : kw_in {};
struct clause_if    : p::seq<kw_if, s, p::must<operators>> {};
struct clause       : p::seq<clause_for, s, p::must<clause_name>, p::opt<s, p::one<','>, s, p::must<clause_name>>,
                             s, p::must<clause_in>, s, p::must<operators>, p::opt<s, clause_if>, w> {};
struct clause_colon : p::one<':'> {};
struct clauses      : p::seq<p::plus<clause>, p::must<clause_colon>, w> {};
struct list_comp_end: p::one<']'> {};
struct list_comp    : p::seq<p::at<kw_for>, clauses, p::must<expr>, w, p::must<list_comp_end>> {};
struct list         : p::seq<list_open, w, p::sor<list_comp, items<list_item, list_close>>> {};

struct field_word   : word {};
struct field_spread : p::seq<dots, p::must<expr>> {};
struct field_string : p::seq<p::at<p::one<'"', '\''>>, string, p::must<eq>, p::must<expr>> {};
struct field_named  : p::seq<p::at<word, eq>, field_word, eq, p::must<expr>> {};
struct field_script : p::seq<script> {};
struct pun          : p::seq<ident, p::star<p::one<'.'>, word>> {};

struct record_open  : p::one<'{'> {};
struct record_close : p::one<'}'> {};
struct record_item  : p::sor<field_spread, field_string, field_named, pun> {};
struct map_comp_end : p::one<'}'> {};
struct map_comp     : p::seq<p::at<kw_for, p::plus<p::blank>, ident>, clauses, p::must<string>, p::must<eq>, p::must<expr>,
                             w, p::must<map_comp_end>> {};
struct record       : p::seq<record_open, w, p::sor<map_comp, items<record_item, record_close>>> {};

struct block_begin  : p::one<'{'> {};
struct block_end    : p::one<'}'> {};
struct block_item   : p::sor<field_spread, field_string, field_named, field_script, pun> {};
struct block        : p::seq<block_begin, items<block_item, block_end>> {};

struct paren_open   : p::one<'('> {};
struct paren_close  : p::one<')'> {};
struct paren        : p::seq<paren_open, w, p::must<expr>, w, p::must<paren_close>> {};

struct name         : ident {};
struct primary      : p::sor<string, path, number, list, record, paren, kw_true, kw_false, kw_none, name> {};

struct arg_name     : ident {};
struct arg_spread   : p::seq<dots, p::must<expr>> {};
struct arg_named    : p::seq<p::at<ident, eq>, arg_name, eq, p::must<expr>> {};
struct arg_value    : p::seq<expr> {};
struct arg          : p::sor<arg_spread, arg_named, arg_value> {};
struct call_open    : p::one<'('> {};
struct call_close   : p::one<')'> {};
struct call         : p::seq<call_open, items<arg, call_close>> {};
struct arg_in       : p::seq<p::at<ident, s, kw_in>, arg_name, s, kw_in, w, p::must<operators>> {};
struct index_arg    : p::sor<arg_spread, arg_named, arg_in, arg_value> {};
struct index_open   : p::one<'['> {};
struct index_close  : p::one<']'> {};
struct index        : p::seq<index_open, items<index_arg, index_close>> {};
struct postfix      : p::sor<script, p::seq<primary, p::star<p::sor<call, index, p::seq<w, member_tail>>>>> {};

struct cast         : p::seq<kw_as, s, p::must<type>> {};
struct prefix_not   : p::seq<kw_not, s> {};
struct operand      : p::seq<p::star<prefix_not>, postfix, p::opt<s, cast>> {};
struct minus_sign   : p::seq<p::one<'-'>, p::at<p::space>> {};
struct join_sign    : p::seq<p::one<'/'>, p::not_at<p::one<'/'>>> {};
struct op           : p::sor<p::string<'?', '?'>, p::string<'=', '='>, p::string<'!', '='>, p::string<'<', '='>, p::string<'>', '='>,
                             p::one<'<', '>', '+'>, kw_in, kw_or, kw_and, minus_sign, join_sign> {};
/// All binary operators in one loop; the builder knows their precedence. That keeps the native stack
/// small: ten nested rules a level would be needed otherwise.
struct operators    : p::seq<operand, p::star<s, op, w, p::must<operand>>> {};

struct if_expr      : p::seq<kw_if, s, p::must<operators>, w, p::must<kw_then>, w, p::must<expr>, w, p::must<kw_else>, w, p::must<expr>> {};

struct match_begin  : kw_match {};
struct match_open   : p::one<'{'> {};
struct match_close  : p::one<'}'> {};
struct pattern      : p::sor<string, number, kw_true, kw_false, p::seq<kw_none>, name> {};
struct arrow        : p::string<'=', '>'> {};
struct match_arm    : p::seq<pattern, p::star<s, p::one<'|'>, s, p::must<pattern>>, s, p::must<arrow>, w, p::must<expr>> {};
struct match_expr   : p::seq<match_begin, s, p::must<operators>, s, p::must<match_open>, items<match_arm, match_close>> {};

struct rule_ref     : p::seq<ident, p::opt<p::one<'.'>, ident>> {};
struct node_lit     : p::seq<p::at<rule_ref, s, p::one<'{'>>, rule_ref, s, block> {};
struct expr         : p::sor<if_expr, match_expr, node_lit, operators> {};

// --- types --------------------------------------------------------------------------------------------

struct type_name    : word {};
struct type_literal : p::seq<string> {};
struct type_list_o  : p::one<'['> {};
struct type_list_c  : p::one<']'> {};
struct type_list    : p::seq<type_list_o, w, p::must<type>, w, p::must<type_list_c>> {};
struct type_paren_o : p::one<'('> {};
struct type_paren_c : p::one<')'> {};
struct type_paren   : p::seq<type_paren_o, w, p::must<type>, w, p::must<type_paren_c>> {};
struct type_fname   : word {};
struct type_field   : p::seq<type_fname, s, p::must<type_colon>, w, p::must<type>> {};
struct type_rec_c   : p::one<'}'> {};
struct type_record  : p::seq<p::at<word, s, p::one<':'>>, items<type_field, type_rec_c>> {};
struct type_map_c   : p::one<'}'> {};
struct type_map     : p::seq<p::must<type>, w, p::must<type_map_c>> {};
struct type_brace_o : p::one<'{'> {};
struct type_braces  : p::seq<type_brace_o, w, p::sor<type_record, type_map>> {};
struct type_base    : p::sor<type_list, type_braces, type_paren, type_literal, type_name> {};
struct type_bar     : p::seq<s, p::one<'|'>, w, p::must<type_base>> {};
struct type_option  : p::one<'?'> {};
struct type         : p::seq<type_base, p::star<type_bar>, p::opt<type_option>> {};

// --- declarations -------------------------------------------------------------------------------------

struct decl_name    : ident {};
struct given_value  : p::seq<eq, p::must<expr>> {};   // `eq` commits: a default value, a definition

struct use_begin    : kw_use {};
struct use_open     : p::one<'{'> {};
struct use_close    : p::one<'}'> {};
struct use_name     : word {};
struct use_as       : ident {};
struct use_item     : p::seq<use_name, p::opt<s, kw_as, s, p::must<use_as>>> {};
struct use_decl     : p::seq<use_begin, s, p::must<path>, s, p::must<use_open>, items<use_item, use_close>> {};

struct ws_begin     : kw_workspace {};
struct ws_decl      : p::seq<p::at<kw_workspace, s, p::one<'{'>>, ws_begin, s, block> {};

struct condition    : p::seq<kw_where, s, p::must<operators>> {};
struct param_begin  : kw_param {};
struct param_decl   : p::seq<param_begin, s, p::must<decl_name>, s, p::must<type_colon>, w, p::must<type>,
                             p::opt<given_value>, p::opt<w, condition>> {};

struct axis_begin   : p::sor<p::seq<kw_late, s, p::must<kw_axis>>, kw_axis> {};
struct axis_decl    : p::seq<axis_begin, s, p::must<decl_name>, p::must<eq>, p::must<expr>> {};

struct let_begin    : kw_let {};
struct let_decl     : p::seq<let_begin, s, p::must<decl_name>, p::opt<s, type_colon, w, p::must<type>>, p::must<eq>, p::must<expr>> {};

struct assert_begin : kw_assert {};
struct assert_comma : p::one<','> {};
struct assert_decl  : p::seq<assert_begin, s, p::must<operators>, s, p::must<assert_comma>, w, p::must<string>> {};

struct node_rule    : rule_ref {};
struct axes_open    : p::one<'['> {};
struct axes_close   : p::one<']'> {};
struct node_axis    : p::seq<decl_name, p::opt<s, kw_in, s, p::must<operators>>> {};
struct node_axes    : p::seq<axes_open, items<node_axis, axes_close>> {};
struct node_decl    : p::seq<node_rule, s, p::must<decl_name>, p::opt<node_axes>, p::opt<s, condition>, s, p::must<block>> {};

struct params_open  : p::one<'('> {};
struct params_close : p::one<')'> {};
struct param_name   : ident {};
struct parameter    : p::seq<param_name, s, p::must<type_colon>, w, p::must<type>, p::opt<given_value>> {};
struct params       : p::seq<p::must<params_open>, items<parameter, params_close>> {};
struct result       : p::opt<s, p::string<'-', '>'>, s, p::must<type>> {};

struct fn_begin     : kw_fn {};
struct fn_decl      : p::seq<fn_begin, s, p::must<decl_name>, params, result, p::must<eq>, p::must<expr>> {};

struct type_begin   : kw_type {};
struct new_type     : word {};
struct type_decl    : p::seq<p::at<kw_type, p::plus<p::blank>, word>, type_begin, s, new_type, p::must<eq>, p::must<type>> {};

struct extern_begin : p::seq<kw_extern, s, p::opt<kw_effect, s>, p::must<kw_rule>> {};
struct extern_decl  : p::seq<extern_begin, s, p::must<decl_name>, params, result> {};

struct rule_begin   : p::sor<p::seq<kw_effect, s, p::must<kw_rule>>, kw_rule> {};
struct body_open    : p::one<'{'> {};
struct body_close   : p::one<'}'> {};
struct inner        : p::sor<axis_decl, let_decl, assert_decl, node_decl> {};
struct body         : p::seq<p::must<body_open>, items<inner, body_close>> {};
struct rule_decl    : p::seq<rule_begin, s, p::must<decl_name>, params, result, s, body> {};

struct top          : p::sor<use_decl, ws_decl, param_decl, fn_decl, type_decl, extern_decl, rule_decl, inner> {};

struct last_line    : p::seq<s, p::opt<comment>, p::eof> {};
struct top_end      : p::sor<sep, last_line> {};
struct edition      : p::plus<p::digit> {};
struct edition_line : p::seq<p::at<kw_devgraph, p::plus<p::blank>, p::digit>, kw_devgraph, s, edition, p::must<top_end>> {};
struct file_head    : p::seq<w, p::opt<edition_line>> {};
struct file_item    : p::seq<p::must<top>, p::must<top_end>> {};

/// The whole file without recovery; parse() runs its parts one by one.
struct file         : p::seq<file_head, p::star<p::not_at<p::eof>, file_item>, p::eof> {};

}  // namespace devgraph::lang::grammar

namespace tao::pegtl {

template <typename Name> struct analyze_traits<Name, devgraph::lang::grammar::word> : analyze_any_traits<> {};
template <typename Name> struct analyze_traits<Name, devgraph::lang::grammar::ident> : analyze_any_traits<> {};
template <typename Name> struct analyze_traits<Name, devgraph::lang::grammar::rest_of_line> : analyze_opt_traits<> {};
template <typename Name, char... Cs>
struct analyze_traits<Name, devgraph::lang::grammar::keyword<Cs...>> : analyze_any_traits<> {};

}  // namespace tao::pegtl
// clang-format on
