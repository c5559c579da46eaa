#include "engine/store/log_file.h"

#include <doctest/doctest.h>

#include "tests/support/mem_files.h"

using namespace devgraph;
using store::LogFile;

namespace {

constexpr std::string_view kMagic = "DGTEST01";

std::vector<std::string> texts(const LogFile& log) {
  return {log.entries().begin(), log.entries().end()};
}

void append(Files& files, const std::string& text) {
  LogFile log = LogFile::load(files, "/log", kMagic);
  log.add(text);
  REQUIRE(log.flush());
}

}  // namespace

TEST_CASE("a log gives back what was appended, over several openings") {
  MemFiles files;
  append(files, "one");
  append(files, "");
  append(files, std::string("two\0three", 9));
  const LogFile log = LogFile::load(files, "/log", kMagic);
  CHECK(texts(log) == std::vector<std::string>{"one", "", std::string("two\0three", 9)});
  CHECK_FALSE(log.damaged());
}

TEST_CASE("a log cut at any byte keeps the whole entries, and takes new ones behind them") {
  MemFiles files;
  for (const char* text : {"first", "second", "third"})
    append(files, text);
  const std::string whole = *files.get("/log");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    files.put("/log", whole.substr(0, size));
    const std::vector<std::string> before = texts(LogFile::load(files, "/log", kMagic));
    append(files, "new");
    std::vector<std::string> after = texts(LogFile::load(files, "/log", kMagic));
    REQUIRE(after.size() == before.size() + 1);
    CHECK(after.back() == "new");
    after.pop_back();
    CHECK(after == before);
    CHECK_FALSE(LogFile::load(files, "/log", kMagic).damaged());
  }
}

TEST_CASE("a flipped bit ends a log there") {
  MemFiles files;
  for (const char* text : {"first", "second", "third"})
    append(files, text);
  const std::string whole = *files.get("/log");
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    files.put("/log", flipped);
    const LogFile log = LogFile::load(files, "/log", kMagic);
    CHECK(log.damaged());
    CHECK(log.entries().size() < 3);
    const std::vector<std::string> good{"first", "second", "third"};
    CHECK(std::equal(log.entries().begin(), log.entries().end(), good.begin()));
  }
}

TEST_CASE("a failed append stays failed, and the next opening is whole") {
  MemFiles files;
  append(files, "one");
  LogFile log = LogFile::load(files, "/log", kMagic);
  log.add("two");
  files.fail_nth(MemFiles::Call::Append, 1, 28);
  CHECK_FALSE(log.flush());
  log.add("three");
  CHECK_FALSE(log.flush());
  CHECK(texts(LogFile::load(files, "/log", kMagic)) == std::vector<std::string>{"one"});
}

TEST_CASE("a rewrite keeps what it is given, and later entries") {
  MemFiles files;
  for (const char* text : {"a", "b", "c"})
    append(files, text);
  LogFile log = LogFile::load(files, "/log", kMagic);
  const std::uint64_t id = log.id();
  REQUIRE(log.rewrite({log.entries()[2], log.entries()[0]}));
  CHECK(texts(log) == std::vector<std::string>{"c", "a"});
  CHECK(log.id() != id);
  log.add("d");
  REQUIRE(log.flush());
  CHECK(texts(LogFile::load(files, "/log", kMagic)) == std::vector<std::string>{"c", "a", "d"});
}
