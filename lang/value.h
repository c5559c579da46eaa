#pragma once
/// What an expression of a manifest evaluates to.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/base/digest.h"
#include "engine/base/source.h"
#include "lang/semver.h"

namespace devgraph::lang {

enum class ValueKind : std::uint8_t {
  Error,  ///< Something was reported already: whatever is made of it is an Error again.
  None,
  Bool,      ///< number
  Int,       ///< number
  Duration,  ///< number, in milliseconds
  Size,      ///< number, in bytes
  String,    ///< StringObject
  Version,   ///< VersionObject
  Path,      ///< PathObject: a name without content
  File,      ///< FileObject: a source
  Tree,      ///< FileObject: a folder of sources
  Tool,      ///< StringObject: a name found on PATH
  Slot,      ///< number: an output of the node itself, where it is to be written
  Output,    ///< OutputObject: what a node makes
  Node,      ///< NodeObject: a handle
  Family,    ///< FamilyObject: handles of cells
  List,      ///< ListObject
  Map,       ///< MapObject: maps and records
  Glue,      ///< ListObject: one word of several parts
  Rsp,       ///< ListObject: one word, the path of a file that holds the words
  Text,      ///< ListObject of one: the content of a file when the node runs
  Secret,    ///< StringObject; number: epoch
  Script,    ///< ScriptObject
  Data,      ///< DataObject: a part of a file that was decoded
};

struct Object {
  virtual ~Object() = default;
};

class Value {
 public:
  Value() = default;  ///< None.
  explicit Value(ValueKind kind, std::int64_t number = 0, std::shared_ptr<const Object> object = {})
      : kind_(kind), number_(number), object_(std::move(object)) {}

  static Value error() { return Value(ValueKind::Error); }
  static Value boolean(bool value) { return Value(ValueKind::Bool, value ? 1 : 0); }
  static Value integer(std::int64_t value) { return Value(ValueKind::Int, value); }
  static Value string(std::string text);
  static Value list(std::vector<Value> items, ValueKind kind = ValueKind::List);
  static Value map(std::vector<std::pair<std::string, Value>> fields);
  static Value file(std::string path, std::string glob_base = {}, ValueKind kind = ValueKind::File);
  static Value path(std::string text, bool in_tree);

  ValueKind kind() const { return kind_; }
  bool is(ValueKind kind) const { return kind_ == kind; }
  bool is_error() const { return kind_ == ValueKind::Error; }
  bool is_none() const { return kind_ == ValueKind::None; }
  bool is_true() const { return kind_ == ValueKind::Bool && number_ != 0; }
  std::int64_t number() const { return number_; }
  template <class T>
  const T& as() const {
    return static_cast<const T&>(*object_);
  }
  template <class T>
  std::shared_ptr<const T> share() const {
    return std::static_pointer_cast<const T>(object_);
  }
  const std::string& text() const;                                   ///< Of String, Tool, Secret.
  const std::vector<Value>& items() const;                           ///< Of List, Glue, Rsp, Text.
  const std::vector<std::pair<std::string, Value>>& fields() const;  ///< Of Map.
  const Value* find(std::string_view name) const;                    ///< Of Map.

 private:
  ValueKind kind_ = ValueKind::None;
  std::int64_t number_ = 0;
  std::shared_ptr<const Object> object_;
};

using ValueFields = std::vector<std::pair<std::string, Value>>;

struct StringObject final : Object {
  std::string text;
};
struct VersionObject final : Object {
  SemVer version;
};
struct ListObject final : Object {
  std::vector<Value> items;
};
struct MapObject final : Object {
  ValueFields fields;
  std::unordered_map<std::string_view, std::uint32_t> index;  ///< Of large maps only.
};
struct PathObject final : Object {
  std::string text;  ///< Workspace-relative when `in_tree`, else as written.
  bool in_tree = false;
  bool is_folder = false;
};
struct FileObject final : Object {
  std::string path;       ///< Workspace-relative.
  std::string glob_base;  ///< The fixed part of the glob that found it, workspace-relative.
  std::shared_ptr<const std::string> glob;  ///< That glob; null where none found it.
  Range written{};  ///< Of the path in the manifest; empty where it has none.
};

struct Cell;    // eval.h
struct Family;  // eval.h

struct OutputObject final : Object {
  Cell* cell = nullptr;     ///< A leaf.
  std::uint32_t index = 0;  ///< Among its outputs.
  std::string part;         ///< A path below a tree; or empty.
};
struct NodeObject final : Object {
  Cell* cell = nullptr;
};
/// What one argument of an index asks for: one value of an axis, or with `in` several.
struct AxisPick {
  std::string axis;
  bool several = false;
  std::vector<Value> values;
  Range range;
};
/// What is taken of each cell: a field, or, where that is a family itself, some of its cells.
struct FamilyStep {
  std::string field;  ///< Empty: an index.
  std::vector<AxisPick> picks;
};
struct FamilyObject final : Object {
  Family* family = nullptr;
  std::vector<std::uint32_t> cells;  ///< In order.
  std::uint64_t fixed = 0;           ///< A bit per axis that an index has fixed.
  std::vector<FamilyStep> path;
};

/// A decoded file. Which parts of it are used is recorded, so that only they matter.
struct DataObject final : Object {
  std::string path;     ///< Workspace-relative.
  std::string decoder;  ///< `json`, `toml`, `yaml`, `dotenv`.
  std::vector<std::string> steps;
  Value inner;
};

/// `[file]`, `a string`, …: the kind of a value in a message.
std::string kind_name(const Value& value);
/// The value as it would be written, shortened: for messages.
std::string show(const Value& value);
/// The text of a string, int, bool or version; none for other kinds.
bool scalar_text(const Value& value, std::string& text);
/// Equality of `==`; values that hold nodes are equal when they are the same.
bool equal(const Value& a, const Value& b);
/// -1, 0, 1 of two values of one ordered kind.
int compare(const Value& a, const Value& b);
/// Of decoded data: None, Bool, Int, String, List, Map.
Digest digest_of_data(const Value& value);
/// A text that is equal for equal axis values and differs for others.
std::string axis_key(const Value& value);

}  // namespace devgraph::lang
