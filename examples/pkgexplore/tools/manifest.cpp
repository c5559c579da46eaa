// manifest OUT DATA --NAME FILE... --quarantine FILE...: the list of all data sets. Each file is copied
// into DATA under a name made of its content, so that a client fetches only what changed, and OUT says
// which name belongs to which set. Packages that a merge had to leave out are listed by name.

#include <set>

#include "json.h"

namespace {

// `graph.json` and the digest of its content make `graph-0123456789abcdef.json`.
std::string content_name(const std::string& set, const std::string& file, const std::string& bytes) {
  const std::string base = file.substr(file.rfind('/') + 1);
  const std::size_t dot = base.find('.');
  return set + "-" + fnv64(bytes) + (dot == std::string::npos ? "" : base.substr(dot));
}

// The package in a label such as `//:explored@pkg=asyncio`.
std::string package_in(const std::string& label) {
  const std::size_t at = label.find("@pkg=");
  return at == std::string::npos ? label : label.substr(at + 5);
}

void copy_to(const std::string& name, const std::string& bytes) {
  std::ofstream file(name, std::ios::binary);
  file << bytes;
  if (!file.flush()) fail(name + ": cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) fail("usage: manifest OUT DATA --NAME FILE... --quarantine FILE...");
  const std::string data = argv[2];
  Json sets;
  std::set<std::string> left_out;
  int i = 3;
  for (; i + 1 < argc && std::string(argv[i]) != "--quarantine"; i += 2) {
    const std::string set = std::string(argv[i]).substr(2);
    const std::string bytes = slurp(argv[i + 1]);
    const std::string name = content_name(set, argv[i + 1], bytes);
    copy_to(data + "/" + name, bytes);
    sets[set]["file"] = name;
    sets[set]["bytes"] = static_cast<std::int64_t>(bytes.size());
  }
  for (++i; i < argc; ++i)
    for (const Json& label : load(argv[i]).array) left_out.insert(package_in(label.string));

  Json out;
  out["sets"] = sets;
  out["quarantine"].kind = Json::Array;
  for (const std::string& package : left_out) out["quarantine"].push(package);
  save(argv[1], out);
  std::cout << sets.object.size() << " data sets, " << left_out.size() << " packages left out\n";
}
