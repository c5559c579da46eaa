#include "lang/builtins.h"

#include <unordered_map>

namespace devgraph::lang {
namespace {

using P = BuiltinParameter;
constexpr BuiltinPlace kAnywhere = BuiltinPlace::Anywhere;
constexpr BuiltinPlace kManifest = BuiltinPlace::Manifest;
constexpr BuiltinPlace kWords = BuiltinPlace::Words;

// clang-format off
constexpr P kX[]         = {{"x", "any"}};
constexpr P kMap[]       = {{"m", "{T}"}};
constexpr P kHas[]       = {{"m", "{T}"}, {"k", "string"}};
constexpr P kList[]      = {{"xs", "[T]"}};
constexpr P kLists[]     = {{"xss", "[[T]]"}};
constexpr P kRange[]     = {{"a", "int"}, {"b", "int"}};
constexpr P kZip[]       = {{"xs", "[T]"}, {"ys", "[U]"}};
constexpr P kGroup[]     = {{"xs", "[T]"}, {"re", "string"}};
constexpr P kJoin[]      = {{"sep", "string"}, {"xs", "[string | int | bool | version | text | file | tree]"}};
constexpr P kSplit[]     = {{"s", "string"}, {"sep", "string"}};
constexpr P kS[]         = {{"s", "string"}};
constexpr P kReplace[]   = {{"s", "string"}, {"from", "string"}, {"to", "string"}};
constexpr P kSub[]       = {{"s", "string"}, {"re", "string"}, {"to", "string"}};
constexpr P kSep[]       = {{"s", "string"}, {"sep", "string"}};
constexpr P kPrefix[]    = {{"s", "string"}, {"xs", "[string | int | bool | version | text | file | tree]"}};
constexpr P kSuffix[]    = {{"xs", "[string | int | bool | version | text | file | tree]"}, {"s", "string"}};
constexpr P kFind[]      = {{"s", "string"}, {"re", "string"}};
constexpr P kStarts[]    = {{"s", "string"}, {"p", "string"}};
constexpr P kStr[]       = {{"x", "string | int | bool | version"}};
constexpr P kBump[]      = {{"v", "version"}, {"part", "\"major\" | \"minor\" | \"patch\""}};
constexpr P kNamed[]     = {{"f", "file | tree | path"}};
constexpr P kMaybe[]     = {{"path", "any"}};
constexpr P kTree[]      = {{"tree", "tree"}};
constexpr P kFile[]      = {{"f", "file"}};
constexpr P kLines[]     = {{"f", "file"}, {"comments", "bool", "false"}};
constexpr P kNames[]     = {{"files", "[file] | tree"}};
constexpr P kExists[]    = {{"p", "file | tree | path"}};
constexpr P kSecret[]    = {{"name", "string"}, {"epoch", "int", "1"}};
constexpr P kName[]      = {{"name", "string"}};
constexpr P kFiles[]     = {{"files", "[file]"}};
constexpr P kOpt[]       = {{"flag", "string"}, {"x", "(string | int | bool | version | text | file | tree)?"}};
constexpr P kOpts[]      = {{"m", "{(string | int | bool | version | text | file | tree)?}"}};
constexpr P kEach[]      = {{"flag", "string"}, {"m", "{string | int | bool | version | text | file | tree}"}};
constexpr P kRsp[]       = {{"files", "[string | file | tree]"}};

constexpr Builtin kAll[] = {
    {BuiltinId::Len, "len", kX, "int", kAnywhere, "elements of a list, fields of a map or record, bytes of a string"},
    {BuiltinId::Keys, "keys", kMap, "[string]", kAnywhere, "the keys of a map or record, in written order"},
    {BuiltinId::Values, "values", kMap, "[T]", kAnywhere, "the values of a map or record, in written order"},
    {BuiltinId::Has, "has", kHas, "bool", kAnywhere, "whether a map has a key, or `has(app[py = \"3.9\"])` a family a cell"},
    {BuiltinId::Sort, "sort", kList, "[T]", kAnywhere, "sorted by bytes or by number"},
    {BuiltinId::Unique, "unique", kList, "[T]", kAnywhere, "without repetitions; the first of equals stays"},
    {BuiltinId::Reverse, "reverse", kList, "[T]", kAnywhere, "last element first"},
    {BuiltinId::Flatten, "flatten", kLists, "[T]", kAnywhere, "the elements of the lists in one list"},
    {BuiltinId::Range, "range", kRange, "[int]", kAnywhere, "a, a + 1, … b - 1"},
    {BuiltinId::Zip, "zip", kZip, "[{ a: T, b: U }]", kAnywhere, "pairs of two lists of the same length"},
    {BuiltinId::Group, "group", kGroup, "{[T]}", kAnywhere, "elements by the first group of a match"},
    {BuiltinId::Join, "join", kJoin, "string", kAnywhere, "one text, `sep` between the elements"},
    {BuiltinId::Split, "split", kSplit, "[string]", kAnywhere, "the parts between a literal separator; never an empty list"},
    {BuiltinId::Trim, "trim", kS, "string", kAnywhere, "without blanks and newlines at both ends"},
    {BuiltinId::Lower, "lower", kS, "string", kAnywhere, "ASCII letters in lower case"},
    {BuiltinId::Upper, "upper", kS, "string", kAnywhere, "ASCII letters in upper case"},
    {BuiltinId::Replace, "replace", kReplace, "string", kAnywhere, "each literal `from` replaced"},
    {BuiltinId::Sub, "sub", kSub, "string", kAnywhere, "each match of a pattern replaced; `\\1` is a group"},
    {BuiltinId::Before, "before", kSep, "string", kAnywhere, "the text before the first `sep`, all of it if there is none"},
    {BuiltinId::AfterLast, "after_last", kSep, "string", kAnywhere, "the text behind the last `sep`, all of it if there is none"},
    {BuiltinId::Prefix, "prefix", kPrefix, "[string]", kAnywhere, "each element with the text glued before it"},
    {BuiltinId::Suffix, "suffix", kSuffix, "[string]", kAnywhere, "each element with the text glued behind it"},
    {BuiltinId::Find, "find", kFind, "string", kAnywhere, "the first group of the first match; no match is an error"},
    {BuiltinId::FindAll, "find_all", kFind, "[string]", kAnywhere, "the first group of each match"},
    {BuiltinId::Matches, "matches", kFind, "bool", kAnywhere, "whether the pattern matches somewhere"},
    {BuiltinId::Starts, "starts", kStarts, "bool", kAnywhere, "whether the text starts with `p`"},
    {BuiltinId::Ends, "ends", kStarts, "bool", kAnywhere, "whether the text ends with `p`"},
    {BuiltinId::Str, "str", kStr, "string", kAnywhere, "the value as text"},
    {BuiltinId::Int, "int", kS, "int", kAnywhere, "the text as a number; an error if it is not exactly one"},
    {BuiltinId::Bool, "bool", kS, "bool", kAnywhere, "`true` or `false`; an error otherwise"},
    {BuiltinId::Version, "version", kS, "version", kAnywhere, "a SemVer 2.0 version"},
    {BuiltinId::Bump, "bump", kBump, "version", kAnywhere, "the next major, minor or patch version"},
    {BuiltinId::Floor, "floor", kBump, "version", kAnywhere, "the version with all behind that part at zero"},
    {BuiltinId::Base, "base", kNamed, "string", kAnywhere, "the last component of the declared name"},
    {BuiltinId::Stem, "stem", kNamed, "string", kAnywhere, "the base name before its first dot"},
    {BuiltinId::Ext, "ext", kNamed, "string", kAnywhere, "the base name behind its first dot"},
    {BuiltinId::Parent, "parent", kNamed, "string", kAnywhere, "the declared name without its last component"},
    {BuiltinId::Maybe, "maybe", kMaybe, "any", kAnywhere, "a glob that may match nothing, or a path that may be absent"},
    {BuiltinId::Files, "files", kTree, "[file]", kAnywhere, "the files of a source folder"},
    {BuiltinId::Read, "read", kFile, "string", kAnywhere, "the content of a source"},
    {BuiltinId::Lines, "lines", kLines, "[string]", kAnywhere, "the lines of a source that are not blank"},
    {BuiltinId::Json, "json", kFile, "data", kAnywhere, "a JSON source as data"},
    {BuiltinId::Toml, "toml", kFile, "data", kAnywhere, "a TOML source as data"},
    {BuiltinId::Yaml, "yaml", kFile, "data", kAnywhere, "a YAML source as data"},
    {BuiltinId::Dotenv, "dotenv", kFile, "data", kAnywhere, "a source of NAME=value lines as data"},
    {BuiltinId::Names, "names", kNames, "[string]", kAnywhere, "the base names of files, sorted"},
    {BuiltinId::Exists, "exists", kExists, "bool", kAnywhere, "whether a source is there"},
    {BuiltinId::Text, "text", kFile, "text", kAnywhere, "the content when the node runs, one newline at its end removed"},
    {BuiltinId::Secret, "secret", kSecret, "secret", kAnywhere, "a secret, found when the node runs"},
    {BuiltinId::Tool, "tool", kName, "file", kAnywhere, "a program of the PATH"},
    {BuiltinId::Env, "env", kName, "string?", kManifest, "a variable of the environment"},
    {BuiltinId::CommitOf, "git.commit_of", kFiles, "string", kManifest, "the last commit that touches the files, `-dirty` behind it if they differ"},
    {BuiltinId::Opt, "opt", kOpt, "[text]", kWords, "a flag and its value; `none` and `false` give nothing, `true` the flag alone"},
    {BuiltinId::Opts, "opts", kOpts, "[text]", kWords, "`{ a = 1 }` as `--a 1`"},
    {BuiltinId::Each, "each", kEach, "[text]", kWords, "the flag and `key=value` for each entry"},
    {BuiltinId::Rsp, "rsp", kRsp, "text", kWords, "the path of a file that holds the words, one a line"},
    {BuiltinId::Raw, "raw", kS, "text", kWords, "text pasted into the script as it is"},
};

constexpr BuiltinFact kFacts[] = {
    {"git", "commit", "string", "the commit, 40 digits"},
    {"git", "short", "string", "the commit, 12 digits"},
    {"git", "branch", "string?", "the branch; none when detached"},
    {"git", "tag", "string?", "the tag exactly at HEAD; the highest version if several"},
    {"git", "dirty", "bool", "whether tracked files of this project differ from HEAD"},
    {"host", "os", "string", "the operating system: linux"},
    {"host", "arch", "string", "the architecture: x86_64, aarch64"},
    {"host", "cores", "int", "how many processors it has"},
    {"host", "uid", "int", "the number of the user"},
    {"host", "gid", "int", "the number of the group"},
    {"host", "user", "string", "the name of the user"},
    {"host", "group", "string", "the name of the group"},
};
// clang-format on

}  // namespace

std::span<const Builtin> builtins() {
  return kAll;
}

const Builtin* find_builtin(std::string_view name) {
  static const std::unordered_map<std::string_view, const Builtin*> kByName = [] {
    std::unordered_map<std::string_view, const Builtin*> all;
    for (const Builtin& one : kAll)
      all.emplace(one.name, &one);
    return all;
  }();
  const auto at = kByName.find(name);
  return at == kByName.end() ? nullptr : at->second;
}

std::span<const BuiltinFact> builtin_facts() {
  return kFacts;
}

}  // namespace devgraph::lang
