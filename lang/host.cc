#include "lang/host.h"

#include <thread>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace devgraph::lang {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

std::string host_fact(std::string_view fact) {
  if (fact == "os" || fact == "arch") {
    utsname names{};
    if (::uname(&names) != 0) return {};
    return fact == "os" ? lower(names.sysname) : std::string(names.machine);
  }
  if (fact == "cores") return fmt::format("{}", std::thread::hardware_concurrency());
  if (fact == "uid") return fmt::format("{}", ::getuid());
  if (fact == "gid") return fmt::format("{}", ::getgid());
  // A user without an entry is known by the number.
  if (fact == "user") {
    const passwd* entry = ::getpwuid(::getuid());
    return entry ? std::string(entry->pw_name) : fmt::format("{}", ::getuid());
  }
  if (fact == "group") {
    const group* entry = ::getgrgid(::getgid());
    return entry ? std::string(entry->gr_name) : fmt::format("{}", ::getgid());
  }
  return {};
}

}  // namespace devgraph::lang
