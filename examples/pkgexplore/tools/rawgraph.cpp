// rawgraph EXPLORED OUT: what was explored, made fit for use. Private names are dropped, texts are
// put on one line, and everything that later steps rely on is checked here, once.

#include "json.h"

namespace {

bool is_private(const std::string& qualified) {
  const std::string last = qualified.substr(qualified.rfind('.') + 1);
  const bool dunder = last.size() > 4 && last.compare(0, 2, "__") == 0 &&
                      last.compare(last.size() - 2, 2, "__") == 0;
  return !last.empty() && last[0] == '_' && !(dunder && last == "__init__");
}

std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) out += c;
    else if (!out.empty() && out.back() != ' ') out += ' ';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

const std::string& need_text(const Json& from, const std::string& key, const std::string& where) {
  const Json& value = from.at(key);
  if (value.kind != Json::String) fail(where + ": no " + key);
  return value.string;
}

Json argument(const Json& raw, const std::string& where) {
  Json out;
  out["name"] = need_text(raw, "name", where);
  out["kind"] = need_text(raw, "kind", where);
  for (const char* key : {"default", "default_type"})
    if (raw.at(key).kind == Json::String) out[key] = raw.at(key).string;
  return out;
}

Json symbol(const Json& raw, const std::string& where) {
  const std::string kind = need_text(raw, "kind", where);
  Json out;
  out["kind"] = kind;
  if (raw.at("doc").kind == Json::String && !raw.at("doc").string.empty())
    out["doc"] = one_line(raw.at("doc").string);
  if (kind == "class") {
    for (const Json& base : raw.at("bases").array) out["bases"].push(base);
  } else if (kind == "function") {
    if (raw.at("args").kind == Json::Array) {
      out["args"].kind = Json::Array;
      for (const Json& each : raw.at("args").array) out["args"].push(argument(each, where));
    }
  } else if (kind == "alias" || kind == "module") {
    out["of"] = need_text(raw, "of", where);
  } else if (kind == "value") {
    out["type"] = need_text(raw, "type", where);
  } else {
    fail(where + ": unknown kind " + kind);
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) fail("usage: rawgraph EXPLORED OUT");
  const Json raw = load(argv[1]);
  const std::string name = need_text(raw, "name", argv[1]);
  Json out;
  out["name"] = name;
  out["version"] = need_text(raw, "version", argv[1]);
  out["doc"] = one_line(need_text(raw, "doc", argv[1]));
  out["symbols"].kind = Json::Object;
  std::size_t dropped = 0;
  for (const auto& [qualified, entry] : raw.at("symbols").object) {
    if (qualified.compare(0, name.size() + 1, name + ".") != 0) fail(qualified + ": not of " + name);
    if (is_private(qualified)) ++dropped;
    else out["symbols"][qualified] = symbol(entry, qualified);
  }
  save(argv[2], out);
  std::cout << name << ": " << out.at("symbols").object.size() << " names, " << dropped
            << " private ones dropped\n";
}
