#pragma once
/// The types of the language (language reference, "Types") as values that can be compared and
/// shown.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace devgraph::lang {

enum class Kind : std::uint8_t {
  Any,    ///< Unknown after an error: fits everything, so that one fault is reported once.
  Never,  ///< The element type of an empty list: fits everything.
  None,
  String,
  Int,
  Bool,
  Duration,
  Size,
  Version,
  Path,
  File,
  Tree,
  Script,
  Text,
  Secret,
  Data,
  Literal,  ///< One string: "gzip".
  List,
  Map,
  Record,
  Union,
  Optional,
  Node,    ///< A node handle: the record of its outputs, and whether it fits `file`/`tree` as a
           ///< whole.
  Family,  ///< `item` is the Node (or an output of it); `axes` its open axes.
};

struct Type;
using TypeRef = std::shared_ptr<const Type>;

struct TypeField {
  std::string name;
  TypeRef type;
  bool has_default = false;
};

struct Type {
  Kind kind = Kind::Any;
  std::string text{};            ///< Literal: the string. Node: the rule's name; empty: any node.
  TypeRef item{};                ///< List, Map, Optional, Family.
  std::vector<TypeRef> items{};  ///< Union.
  std::vector<TypeField> fields{};    ///< Record, Node (its outputs and public children).
  std::vector<std::string> axes{};    ///< Family.
  std::vector<TypeRef> axis_types{};  ///< Family: what each axis's values are.
  bool open = false;                  ///< Node: has outputs that only evaluation knows.

  const TypeField* field(std::string_view name) const;
};

TypeRef simple(Kind kind);
TypeRef list_of(TypeRef item);
TypeRef map_of(TypeRef item);
TypeRef optional_of(TypeRef item);
TypeRef literal(std::string text);
TypeRef record_of(std::vector<TypeField> fields);
/// Flat, each member once; members that another one covers (a literal beside `string`) are left
/// out. More than kMaxLiterals literals are `string`. One member is itself; none is Never.
TypeRef union_of(const std::vector<TypeRef>& items);
TypeRef node_of(std::string rule, std::vector<TypeField> outputs, bool open = false);
/// A family of families is one with the axes of both; without axes it is its item.
TypeRef family_of(TypeRef item, std::vector<std::string> axes, std::vector<TypeRef> axis_types);

inline constexpr std::size_t kMaxLiterals = 64;

/// The same type: the same kind with the same parts, in any order for unions and fields.
bool same(const Type& a, const Type& b);

/// The members of a union, without none; else the type itself.
std::vector<TypeRef> alternatives(const TypeRef& type);

/// Without the optional mark: `string?` -> `string`.
TypeRef without_none(const TypeRef& type);

/// As the user would write it: `[file]`, `{string}`, `"a" | "b"`, `string?`.
std::string show(const Type& type);

}  // namespace devgraph::lang
