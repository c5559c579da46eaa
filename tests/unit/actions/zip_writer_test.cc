#include "engine/actions/wheel/zip_writer.h"

#include <string>

#include <doctest/doctest.h>

using namespace devgraph;
using namespace devgraph::wheel;

namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string made;
  for (const char c : bytes) {
    made += kDigits[static_cast<unsigned char>(c) >> 4U];
    made += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return made;
}

}  // namespace

TEST_CASE("the bytes of a zip are those of its entries and nothing else") {
  std::string bytes;
  ZipWriter zip([&](std::string_view part) -> Status {
    bytes += part;
    return {};
  });
  REQUIRE(zip.add("a", "x", false));
  REQUIRE(zip.add("\xc3\xa9", "", true));
  REQUIRE(zip.finish());
  const std::string a =
      "1400"
      "0000"
      "0000"
      "0000"
      "2100"
      "8316dc8c"
      "01000000"
      "01000000"
      "0100"
      "0000";
  const std::string e =
      "1400"
      "0008"
      "0000"
      "0000"
      "2100"
      "00000000"
      "00000000"
      "00000000"
      "0200"
      "0000";
  CHECK(hex(bytes) == "504b0304" + a +
                          "61"
                          "78"
                          "504b0304" +
                          e +
                          "c3a9"
                          "504b0102"
                          "1403" +
                          a +
                          "0000"
                          "0000"
                          "0000"
                          "0000a481"
                          "00000000"
                          "61"
                          "504b0102"
                          "1403" +
                          e +
                          "0000"
                          "0000"
                          "0000"
                          "0000ed81"
                          "20000000"
                          "c3a9"
                          "504b0506"
                          "0000"
                          "0000"
                          "0200"
                          "0200"
                          "5f000000"
                          "40000000"
                          "0000");
}

TEST_CASE("what compresses well is compressed") {
  std::string bytes;
  ZipWriter zip([&](std::string_view part) -> Status {
    bytes += part;
    return {};
  });
  REQUIRE(zip.add("a", std::string(100000, 'x'), false));
  REQUIRE(zip.finish());
  CHECK(bytes.size() < 500);
  CHECK(hex(bytes.substr(8, 2)) == "0800");
}

TEST_CASE("a name that is not UTF-8 and a full disk are errors") {
  ZipWriter zip([](std::string_view) -> Status { return {}; });
  CHECK(zip.add("\xff", "", false).error().message ==
        "the name `\\xff` is not UTF-8, as names in a wheel are");
  ZipWriter full([](std::string_view) -> Status { return fail("no space"); });
  CHECK(full.add("a", "", false).error().message == "no space");
}
