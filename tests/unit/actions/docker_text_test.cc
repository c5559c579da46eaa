#include "engine/actions/dockerfile/docker_text.h"

#include <doctest/doctest.h>

#include "engine/actions/dockerfile/kept.h"
#include "tests/support/mem_files.h"

using namespace devgraph;
using namespace devgraph::actions;

TEST_CASE("a Dockerfile names images by the daemon's words, and labels all that it makes") {
  struct Case {
    const char* name;
    const char* text;
    const char* want;
  };
  const Case cases[] = {
      {"an image that is given is labelled", "FROM base\nRUN x\n", "FROM ID1\nRUN x\n"},
      {"another is not", "FROM scratch\nCOPY a /a\n", "FROM scratch\nLABEL l\nCOPY a /a\n"},
      {"at the end of the file", "FROM a@sha256:1", "FROM a@sha256:1\nLABEL l"},
      {"flags and stages",
       "FROM --platform=linux/arm64 tools AS one\nFROM a@sha256:1 AS Two\nFROM two\nFROM ONE AS "
       "3\n",
       "FROM --platform=linux/arm64 ID2 AS one\nFROM a@sha256:1 AS Two\nLABEL l\nFROM two\n"
       "FROM ONE AS 3\n"},
      {"copies from images",
       "FROM base\nCOPY --chown=1:1 --from=tools [\"a  b\", \"/\"]\nADD --from=x a b\n",
       "FROM ID1\nCOPY --chown=1:1 --from=ID2 [\"a  b\", \"/\"]\nADD --from=x a b\n"},
      {"a line that goes on is none of these",
       "FROM scratch\nRUN sql \"SELECT a \\\n# comment\n\nFROM base\"\nRUN x\n",
       "FROM scratch\nLABEL l\nRUN sql \"SELECT a \\\n# comment\n\nFROM base\"\nRUN x\n"},
      {"by another sign", "# escape=`\nFROM base\nENV A=c:\\\nFROM base\nENV B=1 `\nFROM base\n",
       "# escape=`\nFROM ID1\nENV A=c:\\\nFROM ID1\nENV B=1 `\nFROM base\n"},
      {"as a node may have made it", "# a\\\n  from  other \\\n  as x\n\ncopy --from=base a b\n",
       "# a\\\n  from  other \\\n  as x\n\nLABEL l\ncopy --from=ID1 a b\n"},
      {"without an image", "FROM\nFROM --a\n", "FROM\nFROM --a\n"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CHECK(text_for_docker(one.text, {{"base", "ID1"}, {"tools", "ID2"}}, "LABEL l") == one.want);
  }
}

TEST_CASE("what docker prints tells with which image a stage ended") {
  using Ends = std::vector<std::string>;
  CHECK(stages_in("").empty());
  CHECK(stages_in(" ---> 0123456789ab\nSuccessfully built 0123456789ab\n").empty());
  CHECK(stages_in("Sending build context to Docker daemon  1.583kB\n"
                  "Step 1/6 : ARG A\nStep 2/6 : FROM a AS x\n ---> aaaaaaaaaaaa\n"
                  "Step 3/6 : RUN y\n ---> Running in 0123456789ab\n ---> said\n"
                  "Removing intermediate container 0123456789ab\n ---> bbbbbbbbbbbb\n"
                  "Step 4/6 : FROM scratch\n ---> \n"
                  "Step 5/6 : FROM a\n ---> aaaaaaaaaaaa\n"
                  "Step 6/6 : ENV A=1\n ---> Using cache\n ---> cccccccccccc\n"
                  "Successfully built cccccccccccc\n") == Ends{"bbbbbbbbbbbb", "", "cccccccccccc"});
  CHECK(stages_in("[1/2] STEP 1/3: FROM scratch AS s\n[1/2] STEP 2/3: ENV A=1\n--> aaaaaaaaaaa\n"
                  "[1/2] STEP 3/3: RUN echo [\n[\n--> Using cache bbbb\n--> Pushing cache\n"
                  "[2/2] STEP 1/1: FROM a\n[2/2] COMMIT\n--> ccccccccccc\ncccc\n") ==
        Ends{"bbbb", "ccccccccccc"});
}

TEST_CASE("what is kept in docker has names of one workspace, node and image") {
  MemFiles files;
  const std::string id = workspace_id(files, "/w");
  CHECK(id.size() == 16);
  CHECK(id == workspace_id(files, "/w"));
  CHECK(id != workspace_id(files, "/w2"));
  const std::string other = std::string(16, 'x');
  for (const std::string& name : {base_name(id, "//:a", "base"), built_name(id, "//:a")}) {
    CHECK(is_build_name(name));
    CHECK(is_build_name(name, id));
    CHECK_FALSE(is_build_name(name, other));
    CHECK_FALSE(is_build_name("example.org/" + name));
    CHECK_FALSE(is_build_name(name + "0"));
  }
  CHECK(base_name(id, "//:a", "base").starts_with("devgraph/base:" + id + "-"));
  CHECK(base_name(id, "//:a", "base") != base_name(id, "//:a", "tools"));
  CHECK(base_name(id, "//:a", "base") != base_name(id, "//:b", "base"));
  CHECK(built_name(id, "//:a") != built_name(id, "//:b"));
  const std::string stage = built_name(id, "//:a", 12);
  CHECK(stage == built_name(id, "//:a") + "-12");
  CHECK(is_build_name(stage, id));
  CHECK(without_stage(stage) == built_name(id, "//:a"));
  CHECK(without_stage(base_name(id, "//:a", "base")) == base_name(id, "//:a", "base"));
  CHECK(without_stage("a-12") == "a-12");
  CHECK_FALSE(is_build_name(stage + "x"));
  CHECK_FALSE(is_build_name("devgraph/base:1"));
  CHECK_FALSE(is_build_name("base"));
}
