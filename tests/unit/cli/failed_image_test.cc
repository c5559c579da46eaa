#include "engine/cli/failed_image.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using devgraph::cli::before_failure;

namespace {

constexpr std::string_view kFile =
    "# syntax=docker/dockerfile:1\n"
    "ARG V=1\n"
    "FROM base AS one\n"
    "RUN first\n"
    "FROM base AS two\n"
    "COPY a \\\n  b\n"
    "RUN <<END\nsecond\nEND\n"
    "RUN third\n";

}  // namespace

TEST_CASE("a Dockerfile is cut before the instruction that an engine came to") {
  const auto cut = [](std::string_view log) {
    const auto text = before_failure(kFile, log);
    return text ? *text : "!" + text.error().message;
  };
  CHECK(cut("[1/2] STEP 1/2: FROM x AS one\n[1/2] STEP 2/2: RUN first\n") ==
        kFile.substr(0, kFile.find("RUN first")));
  CHECK(cut("[2/2] STEP 1/4: FROM x AS two\n[2/2] STEP 3/4: RUN <<END\nSTEPPING\n") ==
        kFile.substr(0, kFile.find("RUN <<END")));
  // docker counts all instructions, ARG before the first FROM too.
  CHECK(cut("Step 6/7 : RUN <<END\n") == kFile.substr(0, kFile.find("RUN <<END")));
  CHECK(cut("Step 7/7 : RUN third\n") == kFile.substr(0, kFile.find("RUN third")));
  // And those that label what it keeps, which the file does not have.
  const std::string_view label = " : LABEL dev.devgraph.workspace=0123456789abcdef\n";
  CHECK(cut(fmt::format("Step 3/9{0}Step 6/9{0}Step 8/9 : RUN <<END\n", label)) ==
        kFile.substr(0, kFile.find("RUN <<END")));
  CHECK(cut(fmt::format("Step 3/9{0}Step 4/9 : RUN first\n", label)) ==
        kFile.substr(0, kFile.find("RUN first")));
  CHECK(cut(fmt::format("Step 3/9{0}Step 1/9 : ARG V=1\nStep 7/7 : RUN third\n", label)) ==
        kFile.substr(0, kFile.find("RUN third")));
  CHECK(
      cut(fmt::format("[1/2] STEP 1/3: FROM x AS one\n[1/2] STEP 2/3{}[1/2] STEP 3/3: RUN first\n",
                      label.substr(1))) == kFile.substr(0, kFile.find("RUN first")));
  const std::string nothing = "!it did not come to an instruction behind FROM";
  CHECK(cut("") == nothing);
  CHECK(cut("[2/2] STEP 1/4: FROM x AS two\n") == nothing);
  CHECK(cut("[3/3] STEP 2/4: RUN\n") == nothing);
  CHECK(cut("[2/2] STEP 9/9: RUN\n") == nothing);
  CHECK(cut("Step 1/7 : ARG V=1\n") == nothing);
  CHECK(cut("Step 99/7 : RUN\n") == nothing);
  CHECK(cut(fmt::format("Step 3/9{}", label)) == nothing);
  CHECK(cut("[ STEP\n") == nothing);
}

TEST_CASE("a Dockerfile with one stage has no number of it in the output") {
  const auto text =
      before_failure("FROM base\nRUN a\nRUN b\n", "STEP 1/3: FROM x\nSTEP 3/3: RUN b\n");
  REQUIRE(text);
  CHECK(*text == "FROM base\nRUN a\n");
}
