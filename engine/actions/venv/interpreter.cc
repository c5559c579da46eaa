#include "engine/actions/venv/interpreter.h"

#include <charconv>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/actions/program.h"
#include "engine/base/path.h"
#include "engine/base/text.h"

namespace devgraph::wheel {

namespace {

using nlohmann::json;

constexpr std::string_view kQuestion = R"(import json, os, platform, sys
def libc():
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return ""
info = sys.implementation.version
level = "" if info.releaselevel == "final" else info.releaselevel[0] + str(info.serial)
print(json.dumps({
    "program": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "major": sys.version_info.major,
    "minor": sys.version_info.minor,
    "libc": libc(),
    "markers": {
        "implementation_name": sys.implementation.name,
        "implementation_version": "{}.{}.{}{}".format(info.major, info.minor, info.micro, level),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    },
}))
)";

constexpr int kOldestMinor = 7;

/// 11 of `cp311` behind `cp3`; none of what is for another Python. Nothing more is 0.
std::optional<int> minor_of(std::string_view tag, std::string_view start) {
  if (!tag.starts_with(start)) return std::nullopt;
  tag.remove_prefix(start.size());
  if (tag.empty()) return 0;
  int minor = 0;
  const auto [end, problem] = std::from_chars(tag.data(), tag.data() + tag.size(), minor);
  if (problem != std::errc{} || end != tag.data() + tag.size() || minor < 0) return std::nullopt;
  return minor;
}

int glibc_minor_of(std::string_view libc) {
  return minor_of(libc, "glibc 2.").value_or(-1);
}

Result<Interpreter> parsed(const std::string& program, const std::string& answer) {
  const json all = json::parse(answer, nullptr, false);
  try {
    Interpreter made;
    made.program = all.at("program").get<std::string>();
    made.minor = all.at("minor").get<int>();
    made.glibc_minor = glibc_minor_of(all.at("libc").get<std::string>());
    made.markers = all.at("markers").get<MarkerValues>();
    const bool is_old = all.at("major").get<int>() != 3 || made.minor < kOldestMinor;
    if (made.markers.at("implementation_name") == "cpython" && !is_old) return made;
    return fail(fmt::format("{} is {} {}; environments are made for CPython 3.{} and later",
                            printable(program), made.markers.at("platform_python_implementation"),
                            made.version(), kOldestMinor));
  } catch (const std::exception&) {
    return fail(fmt::format("{} does not answer as Python does", printable(program)));
  }
}

// --- tags

struct Tags {
  std::vector<std::string_view> pythons, abis, platforms;
};

std::optional<Tags> tags_of(std::string_view file) {
  file.remove_suffix(std::string_view(".whl").size());
  const std::vector<std::string_view> parts = split(file, '-');
  if (parts.size() < 5) return std::nullopt;
  const std::size_t n = parts.size();
  return Tags{split(parts[n - 3], '.'), split(parts[n - 2], '.'), split(parts[n - 1], '.')};
}

bool fits_python(std::string_view python, std::string_view abi, int minor) {
  if (const auto any = minor_of(python, "py3"); any && abi == "none") return *any <= minor;
  const std::optional<int> exact = minor_of(python, "cp3");
  if (!exact) return false;
  if (abi == "abi3") return *exact >= 2 && *exact <= minor;
  // `cp37m` until 3.7.
  const std::string own = fmt::format("cp3{}{}", minor, minor < 8 ? "m" : "");
  return *exact == minor && (abi == "none" || abi == own);
}

bool fits_platform(std::string_view platform, const Interpreter& interpreter) {
  if (platform == "any") return true;
  const std::string machine = "_" + interpreter.machine();
  if (interpreter.markers.find("sys_platform")->second != "linux" || !platform.ends_with(machine))
    return false;
  platform.remove_suffix(machine.size());
  if (platform == "linux") return true;
  int needs = -1;
  if (platform == "manylinux1") needs = 5;
  if (platform == "manylinux2010") needs = 12;
  if (platform == "manylinux2014") needs = 17;
  if (const std::optional<int> minor = minor_of(platform, "manylinux_2_")) needs = *minor;
  return needs >= 0 && needs <= interpreter.glibc_minor;
}

}  // namespace

Result<Interpreter> ask_interpreter(const actions::Context& context, const std::string& program) {
  const actions::Program question{
      .argv = {program, "-I", "-S", "-c", std::string(kQuestion)},
      .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "PYTHONHASHSEED=0"},
      .folder = context.scratch};
  const Result<std::string> answer = actions::run_program(context, question);
  if (!answer) return std::unexpected(answer.error());
  return parsed(program, *answer);
}

std::string misfit(std::string_view file, const Interpreter& interpreter) {
  const std::optional<Tags> tags = tags_of(file);
  if (!tags) return fmt::format("{} has no tags in its name", printable(file));
  for (const std::string_view python : tags->pythons) {
    for (const std::string_view abi : tags->abis) {
      if (!fits_python(python, abi, interpreter.minor)) continue;
      for (const std::string_view platform : tags->platforms)
        if (fits_platform(platform, interpreter)) return {};
    }
  }
  const std::string libc = interpreter.glibc_minor < 0
                               ? std::string("another C library than glibc")
                               : fmt::format("glibc 2.{}", interpreter.glibc_minor);
  return fmt::format("{} is not for Python {} on {} {} with {}", printable(file),
                     interpreter.version(), interpreter.markers.find("sys_platform")->second,
                     interpreter.machine(), libc);
}

}  // namespace devgraph::wheel
