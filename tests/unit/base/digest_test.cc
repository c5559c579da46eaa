#include "engine/base/digest.h"

#include <doctest/doctest.h>

using namespace devgraph;

TEST_CASE("digests agree with the published test values") {
  CHECK(hex(digest_of("")) == "99aa06d3014798d86001c324468d497f");
  CHECK(hex(sha256_of("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("hashing a stream equals hashing the whole") {
  Hasher xxh;
  Sha256Hasher sha;
  for (const std::string_view part : {"a", "", "bcdef", "g"}) {
    xxh.bytes(part);
    sha.bytes(part);
  }
  CHECK(xxh.finish() == digest_of("abcdefg"));
  CHECK(sha.finish() == sha256_of("abcdefg"));
}

TEST_CASE("fields are framed: moving a border changes the digest") {
  Hasher one;
  one.field("ab");
  one.field("c");
  Hasher two;
  two.field("a");
  two.field("bc");
  CHECK(one.finish() != two.finish());
}

TEST_CASE("digests survive their text form, and only that form parses") {
  const Digest digest = digest_of("x");
  CHECK(parse_digest(hex(digest)) == digest);
  CHECK(parse_sha256(hex(sha256_of("x"))) == sha256_of("x"));
  for (const char* bad :
       {"", "0", "99aa06d3014798d86001c324468d497", "99AA06D3014798D86001C324468D497F",
        "99aa06d3014798d86001c324468d497f0", "g9aa06d3014798d86001c324468d497f"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_digest(bad));
  }
}
