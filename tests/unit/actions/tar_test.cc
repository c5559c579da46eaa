#include <cstdlib>
#include <ctime>

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "engine/actions/tar_writer.h"
#include "tests/unit/actions/action_test.h"

using namespace devgraph;
using namespace devgraph::actions;

namespace {

std::string listing(Bench& bench, const std::string& options = "") {
  const std::string out = bench.folder() / "listing";
  const std::string command = "LC_ALL=C TZ=UTC tar --quoting-style=literal " + options + " -tvf " +
                              bench.out() + " > " + out;
  REQUIRE_EQ(std::system(command.c_str()), 0);
  return bench.files().read(out).value();
}

}  // namespace

TEST_CASE("an archive is sorted, has all folders, and names neither time nor owner") {
  Bench bench;
  const ValueId b = bench.graph.input(bench.source("src/b.txt", "bb"));
  const ValueId a = bench.graph.input(bench.source("src/a.sh", "aaa", 0755));
  REQUIRE(
      bench.run("tar", {{"files", bench.map({{"/app/z.txt", b}, {"app/bin/", bench.list({a, b})}})},
                        {"prefix", bench.graph.string("top")}}));
  CHECK_EQ(listing(bench),
           "drwxr-xr-x 0/0               0 1980-01-01 00:00 top/\n"
           "drwxr-xr-x 0/0               0 1980-01-01 00:00 top/app/\n"
           "drwxr-xr-x 0/0               0 1980-01-01 00:00 top/app/bin/\n"
           "-rwxr-xr-x 0/0               3 1980-01-01 00:00 top/app/bin/a.sh\n"
           "-rw-r--r-- 0/0               2 1980-01-01 00:00 top/app/bin/b.txt\n"
           "-rw-r--r-- 0/0               2 1980-01-01 00:00 top/app/z.txt\n");
}

TEST_CASE("trees keep their folders, and the evaluator may name files below a glob") {
  Bench bench;
  bench.source("t/x/1", "1");
  bench.source("t/2", "2");
  const ValueId tree = bench.graph.input(bench.tree("t", {"2", "x/1"}));
  const ValueId file = bench.graph.input(bench.source("src/deep/f.c", "f"));
  const ValueId named = bench.list({bench.graph.string("deep/f.c"), file});
  REQUIRE(bench.run("tar", {{"files", bench.map({{"data", tree}, {"src/", bench.list({named})}})},
                            {"owner", bench.graph.string("1000:100")}}));
  const std::string text = listing(bench);
  CHECK(text.find(" 1000/100 ") != std::string::npos);
  CHECK(text.find(" data/x/1\n") != std::string::npos);
  CHECK(text.find(" data/2\n") != std::string::npos);
  CHECK(text.find(" src/deep/f.c\n") != std::string::npos);
}

TEST_CASE("archives do not depend on time zone, umask, locale or the order of fields") {
  std::string made[2];
  for (int i = 0; i < 2; ++i) {
    setenv("TZ", i == 0 ? "UTC" : "Asia/Kathmandu", 1);
    tzset();
    const mode_t before = umask(i == 0 ? 022 : 077);
    Bench bench;
    const std::string long_name(180, 'n');
    const std::pair<std::string, ValueId> a = {"a/" + long_name,
                                               bench.graph.input(bench.source("a", "a"))};
    const std::pair<std::string, ValueId> b = {"b\xff\xc3\xa9",
                                               bench.graph.input(bench.source("b", "b", 0700))};
    const auto fields = i == 0 ? std::vector{a, b} : std::vector{b, a};
    REQUIRE(bench.run("tar", {{"files", bench.map(fields)}}));
    made[i] = bench.text();
    umask(before);
  }
  unsetenv("TZ");
  tzset();
  CHECK((made[0] == made[1]));
}

TEST_CASE("names and links of any length and bytes come back whole") {
  Bench bench;
  const std::string deep =
      std::string(90, 'a') + "/" + std::string(90, 'b') + "/" + std::string(200, 'c');
  const std::vector<std::string> names = {
      "x",          deep,       std::string(240, 'l'),    "sp ace",
      "new\nline",  "\xff\xfe", std::string(150, '\xe9'), "-dash",
      "caf\xc3\xa9"};
  std::vector<std::pair<std::string, ValueId>> fields;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string text = "content " + std::to_string(i);
    fields.emplace_back(names[i], bench.graph.input(bench.source("f" + std::to_string(i), text)));
  }
  REQUIRE(bench.run("tar", {{"files", bench.map(fields)}}));
  const std::string into = bench.folder() / "into";
  REQUIRE(bench.files().make_folders(into));
  REQUIRE_EQ(std::system(("LC_ALL=C tar -xf " + bench.out() + " -C " + into).c_str()), 0);
  for (std::size_t i = 0; i < names.size(); ++i) {
    CAPTURE(names[i]);
    CHECK_EQ(bench.files().read(into + "/" + names[i]).value_or("<none>"),
             "content " + std::to_string(i));
  }
}

TEST_CASE("numbers too large for octal digits become pax records") {
  std::string text;
  TarWriter tar([&](std::string_view bytes) {
    text += bytes;
    return Status();
  });
  TarEntry entry;
  entry.path = "x";
  entry.user = 3'000'000;
  REQUIRE(tar.begin(entry));
  REQUIRE(tar.finish());
  CHECK(text.find("15 uid=3000000\n") != std::string::npos);
  CHECK_EQ(text.size() % 512, 0);
}

TEST_CASE("what two inputs would put in one place is refused") {
  const auto message_of = [](const auto& make) {
    Bench bench;
    return message(bench.run("tar", {{"files", make(bench)}}));
  };
  CHECK_EQ(message_of([](Bench& bench) {
             const ValueId a = bench.graph.input(bench.source("x/f", "1"));
             const ValueId b = bench.graph.input(bench.source("y/f", "2"));
             return bench.map({{"d/", bench.list({a, b})}});
           }),
           "`d/f` would be both x/f and y/f");
  CHECK_EQ(message_of([](Bench& bench) {
             const ValueId a = bench.graph.input(bench.source("x/f", "1"));
             return bench.map({{"d", a}, {"d/", bench.list({a})}});
           }),
           "`d` would be a file (x/f) and the folder of `d/f` (x/f)");
  CHECK_EQ(message_of([](Bench& bench) {
             const ValueId a = bench.graph.input(bench.source("x/f", "1"));
             return bench.map({{"../d", a}});
           }),
           "`../d` leads out of the archive");
  CHECK_EQ(message_of([](Bench& bench) {
             const ValueId a = bench.graph.input(bench.source("x/f", "1"));
             const ValueId b = bench.graph.input(bench.source("y/g", "2"));
             return bench.map({{"d", bench.list({a, b})}});
           }),
           "`d` is one name for 2 files; write `d/` for a folder of them");
}

TEST_CASE("a wrong owner is refused") {
  for (const char* owner : {"root", "1", "1:", ":1", "1:x", "-1:0"}) {
    CAPTURE(std::string(owner));
    Bench bench;
    const ValueId a = bench.graph.input(bench.source("a", "1"));
    CHECK(message(bench.run("tar", {{"files", bench.map({{"a", a}})},
                                    {"owner", bench.graph.string(owner)}}))
              .starts_with("`owner` is `"));
  }
}
