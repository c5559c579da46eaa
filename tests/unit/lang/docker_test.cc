/// Dockerfiles: what is read of them, what of the context a target uses, and ignore files.

#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "lang/docker/dockerfile.h"
#include "lang/docker/ignore.h"
#include "lang/docker/use.h"
#include "lang/docker/variables.h"

using namespace devgraph::lang;

namespace {

Dockerfile parsed(std::string_view text) {
  std::expected<Dockerfile, DockerFault> file = parse_dockerfile(text);
  if (!file) FAIL(file.error().message);
  return *std::move(file);
}

std::string fault_of(std::string_view text) {
  const std::expected<Dockerfile, DockerFault> file = parse_dockerfile(text);
  if (file) return "none";
  return std::string(text.substr(file.error().begin, file.error().end - file.error().begin)) +
         ": " + file.error().message + ": " + file.error().label;
}

DockerUse used(std::string_view text, DockerTarget target = {}) {
  target.images.insert("base");
  target.platform = "linux/arm64/v8";
  std::expected<DockerUse, DockerFault> use = use_of(parsed(text), target);
  if (!use) FAIL(use.error().message);
  return *std::move(use);
}

std::vector<std::string> sources(std::string_view text, DockerTarget target = {}) {
  const DockerUse use = used(text, std::move(target));
  std::vector<std::string> found;
  found.reserve(use.sources.size());
  for (const DockerSource& source : use.sources)
    found.push_back(source.pattern.empty() ? "." : source.pattern);
  return found;
}

std::string refused(std::string_view text, DockerTarget target = {}) {
  target.images.insert("base");
  const std::expected<DockerUse, DockerFault> use = use_of(parsed(text), target);
  return use ? "nothing" : use.error().code + " " + use.error().message;
}

using Names = std::vector<std::string>;

bool excludes(std::string_view rules, std::string_view path) {
  devgraph::Result<DockerIgnore> ignore = DockerIgnore::parse(rules);
  if (!ignore) FAIL(ignore.error().message);
  return ignore->excludes(path);
}

}  // namespace

TEST_CASE("instructions, continued lines, comments between them") {
  const Dockerfile file = parsed(
      "# syntax=docker/dockerfile:1\n\nARG V=1\nfrom  --platform=linux/amd64 base:$V as One\n"
      "run a \\\n  # not a comment of the shell\n\n  && b\nCOPY --from=x --chown=1:2 a b /c/\n");
  CHECK(file.directives == "# syntax=docker/dockerfile:1\n");
  REQUIRE(file.globals.size() == 1);
  REQUIRE(file.stages.size() == 1);
  const DockerStage& stage = file.stages[0];
  CHECK(stage.image == "base:$V");
  CHECK(stage.name == "one");
  CHECK(stage.from.flag("platform") == "linux/amd64");
  REQUIRE(stage.steps.size() == 2);
  CHECK(stage.steps[0].word == "RUN");
  CHECK(stage.steps[0].rest == "a   && b");
  CHECK(stage.steps[0].text == "run a \\\n  && b\n");
  CHECK(stage.steps[1].flag("from") == "x");
  CHECK(words_of(stage.steps[1]) == Names{"a", "b", "/c/"});
}

TEST_CASE("another character that continues lines; the end of lines of Windows") {
  const Dockerfile file =
      parsed("# escape=`\r\nFROM base\r\nRUN a `\r\n b\r\nCOPY [\"a b\", \"c\"]\r\n");
  REQUIRE(file.stages[0].steps.size() == 2);
  CHECK(file.stages[0].steps[0].rest == "a  b");
  CHECK(words_of(file.stages[0].steps[1]) == Names{"a b", "c"});
}

TEST_CASE("here-documents belong to their instruction") {
  const Dockerfile file = parsed(
      "FROM base\nRUN <<EOF bash\nFROM nothing\n# kept\nEOF\nCOPY <<-\"A\" <<B /d/\n\tx\n\tA\nB\n"
      "RUN echo $((1<<2)) \"<<X\" a<<b\nENV A=1\n");
  REQUIRE(file.stages.size() == 1);
  REQUIRE(file.stages[0].steps.size() == 4);
  CHECK(file.stages[0].steps[0].text == "RUN <<EOF bash\nFROM nothing\n# kept\nEOF\n");
  CHECK(file.stages[0].steps[1].text == "COPY <<-\"A\" <<B /d/\n\tx\n\tA\nB\n");
  CHECK(here_documents("<<'E' x").at(0).is_literal);
}

TEST_CASE("what is wrong with a Dockerfile") {
  CHECK(fault_of("") == ": this Dockerfile has no FROM: nothing is built");
  CHECK(fault_of("FROM base\nCPOY a b\n") == "CPOY: no instruction `CPOY`: did you mean `COPY`?");
  CHECK(fault_of("RUN a\nFROM base\n") ==
        "RUN a: RUN stands before the first FROM: only ARG may stand here");
  CHECK(fault_of("FROM base of x\n") ==
        "FROM base of x: FROM names an image, and a stage behind AS: not of that form");
  CHECK(fault_of("FROM base AS a\nFROM base AS A\n") ==
        "FROM base AS A: two stages have the name `A`: the second one");
  CHECK(fault_of("FROM base\nRUN <<E\nx\n") ==
        "x\n: the here-document `E` has no end: no line `E` from here on");
}

TEST_CASE("variables") {
  DockerVariables known;
  known.set("A", "one");
  known.set("EMPTY", "");
  known.set("BELOW", std::nullopt);
  CHECK(known.expand("x-$A-${A}y") == "x-one-oney");
  CHECK(known.expand("${EMPTY:-two}${EMPTY-three}") == "two");
  CHECK(known.expand("${A:+yes}${EMPTY:+no}") == "yes");
  CHECK(known.expand("'$A' \"$A\" \\$A") == "$A one $A");
  CHECK(known.expand("$BELOW") == std::nullopt);
  CHECK(known.expand("$NOBODY") == std::nullopt);
  CHECK(known.expand("${A%e}") == std::nullopt);
}

TEST_CASE("the files that COPY, ADD and mounts use") {
  CHECK(sources("FROM base\nCOPY a b/ /c/\nADD *.tar /d\nCOPY --from=base /x /x\n") ==
        Names{"a", "b", "*.tar"});
  CHECK(sources("FROM base\nCOPY . /c\n") == Names{"."});
  CHECK(sources("FROM base\nCOPY ../../a/./b/ /c\n") == Names{"a/b"});
  CHECK(sources("FROM base\nARG D=src\nENV E=$D/x\nCOPY ${E} /c\n") == Names{"src/x"});
  CHECK(sources("FROM base\nARG D=src\nCOPY $D /c\n", {.args = {{"D", "lib"}}}) == Names{"lib"});
  CHECK(sources("ARG D=src\nFROM base\nARG D\nCOPY $D /c\n") == Names{"src"});
  // Only the engine knows what the image below sets.
  CHECK(sources("FROM base\nCOPY $HOME/x /c\n") == Names{"."});
  CHECK(sources("FROM base\nARG TARGETARCH\nCOPY bin-$TARGETARCH /c\n") == Names{"bin-arm64"});
  CHECK(
      sources(
          "FROM base\nRUN --mount=type=bind,source=a,target=/a --mount=type=cache,target=/b x\n") ==
      Names{"a"});
  CHECK(sources("FROM base\nRUN --mount=target=/a x\n") == Names{"."});
  CHECK(sources("FROM base\nRUN --mount=from=base,source=a,target=/a x\n").empty());
  CHECK(sources("FROM base\nCOPY <<E /a\nx\nE\n").empty());
  CHECK(sources("FROM base\nONBUILD COPY a /a\n") == Names{"a"});
  CHECK_FALSE(used("FROM base\nONBUILD COPY a /a\n").sources[0].is_now);
}

TEST_CASE("only the stages that a target needs") {
  constexpr std::string_view kText =
      "ARG V=1\nARG W=2\nFROM base AS one\nRUN 1-$V\n# comment\nFROM base\nRUN 2\n"
      "FROM one AS three\nCOPY --from=1 /x /x\nRUN --mount=type=bind,from=1,target=/y 3\n"
      "FROM three AS four\nCOPY z /z\n";
  CHECK(used(kText, {.stage = "one"}).text == "ARG V=1\nFROM base AS one\nRUN 1-$V\n");
  CHECK(used(kText, {.stage = "three"}).text ==
        "ARG V=1\nFROM base AS one\nRUN 1-$V\nFROM base AS stage-1\nRUN 2\nFROM one AS three\n"
        "COPY --from=stage-1 /x /x\nRUN --mount=type=bind,from=stage-1,target=/y 3\n");
  CHECK(sources(kText, {.stage = "three"}).empty());
  CHECK(sources(kText) == Names{"z"});
  CHECK(used(kText, {.stage = "1"}).text == "FROM base\nRUN 2\n");
  // A stage that is given from outside is not built.
  const DockerUse use = used(kText, {.stage = "four", .images = {"three"}});
  CHECK(use.text == "FROM three AS four\nCOPY z /z\n");
  CHECK(use.images == std::set<std::string>{"three"});
  CHECK(used("ARG I=base\nFROM ${I} AS x\n").text == "FROM base AS x\n");
}

TEST_CASE("images without a digest are what the lock file says") {
  const std::string text =
      "FROM debian:12 AS debian\nCOPY --from=alpine /x /x\nFROM debian\n"
      "RUN --mount=type=bind,from=alpine,target=/m x\n";
  DockerTarget target;
  target.locked = [](const std::string& name) -> std::optional<std::string> {
    if (name == "debian:12") return "docker.io/library/debian@sha256:d";
    return std::nullopt;
  };
  const DockerUse half = used(text, target);
  REQUIRE(half.asks.size() == 2);
  CHECK(half.asks[0].ask.name == "debian:12");
  CHECK(half.asks[0].locked == "docker.io/library/debian@sha256:d");
  CHECK(half.asks[1].ask.name == "alpine");
  CHECK_FALSE(half.asks[1].locked);
  target.locked = [](const std::string& name) -> std::optional<std::string> {
    return name.substr(0, name.find(':')) + "@sha256:d";
  };
  CHECK(used(text, target).text ==
        "FROM debian@sha256:d AS debian\nCOPY --from=alpine@sha256:d /x /x\nFROM debian\n"
        "RUN --mount=type=bind,from=alpine@sha256:d,target=/m x\n");
  CHECK(used("FROM debian@sha256:" + std::string(64, 'a') + "\n", target).asks.empty());
  CHECK(used("FROM scratch\n", target).asks.empty());
}

TEST_CASE("what could be something else tomorrow is refused") {
  const std::expected<DockerUse, DockerFault> use = use_of(parsed("FROM base\n"), {});
  REQUIRE_FALSE(use);
  CHECK(use.error().message == "this node does not say which image `base` is");
  CHECK(refused("FROM debian@sha256:" + std::string(64, 'a') + "\n") == "nothing");
  CHECK(refused("FROM scratch\nCOPY --from=$X /x /x\n") == "E420 `$X` is no name of an image");
  CHECK(refused("FROM base\nADD https://example.org/x /x\n") ==
        "E421 ADD of `https://example.org/x` without a digest");
  CHECK(refused("FROM $WHO\n") == "E420 the image `$WHO` is not known");
  CHECK(refused("FROM later\nFROM base AS later\n", {.stage = "0"}) ==
        "E420 the stage `later` comes later");
  CHECK(refused("FROM base AS one\n", {.stage = "oen"}) == "E422 no stage `oen`");
  CHECK(refused("FROM base\nCOPY a\n") == "E420 COPY needs a source and a destination");
}

TEST_CASE("ignore files as Docker reads them") {
  CHECK(excludes("docs\n", "docs"));
  CHECK(excludes("docs\n", "docs/a/b"));
  CHECK_FALSE(excludes("docs\n", "src/docs"));  // Anchored, unlike git.
  CHECK(excludes("**/__pycache__\n", "__pycache__/x"));
  CHECK(excludes("**/__pycache__\n", "a/b/__pycache__/x"));
  CHECK(excludes("*.pyc\n", "a.pyc"));
  CHECK_FALSE(excludes("*.pyc\n", "a/b.pyc"));
  CHECK(excludes("/a/./b/\n", "a/b"));
  CHECK(excludes("*\n!keep\n", "x"));
  CHECK_FALSE(excludes("*\n!keep\n", "keep"));
  CHECK_FALSE(excludes("*\n!keep\n", "keep/a/b"));
  CHECK(excludes("*\n!keep\nkeep/a\n", "keep/a/b"));
  CHECK_FALSE(excludes("# x\n \nx y\n", "x"));
  CHECK(excludes(" x \n", "x"));
  CHECK(excludes("a?c\n",
                 "a\xc3\xa4"
                 "c"));
  CHECK_FALSE(excludes("a?c\n", "a/c"));
  CHECK(excludes("[a-c]x\n", "bx"));
  CHECK(excludes("a.b\n", "a.b"));
  CHECK_FALSE(excludes("a.b\n", "axb"));
  CHECK(excludes("\\*\n", "*"));
  CHECK_FALSE(excludes("\\*\n", "x"));
  CHECK(excludes("a/**\n", "a/b/c"));
  CHECK_FALSE(excludes("a/**\n", "a"));
  CHECK(excludes("**\n", "a/b"));
  CHECK(excludes("a/**/z\n", "a/z"));
  CHECK(excludes("a/**/z\n", "a/b/c/z"));
  CHECK_FALSE(excludes("../x\n", "x"));
  CHECK_FALSE(DockerIgnore::parse("a\n!\n").has_value());
  CHECK_FALSE(DockerIgnore::parse("a[\n").has_value());
}
