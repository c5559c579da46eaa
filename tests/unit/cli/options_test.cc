#include "engine/cli/options.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "engine/cli/jobs.h"

using namespace devgraph;
using namespace devgraph::cli;

namespace {

Options good(const std::vector<std::string>& arguments) {
  Parsed parsed = parse_options(arguments);
  const Sources none;
  INFO(render_text(parsed.faults, none, false));
  REQUIRE(parsed.options);
  return *parsed.options;
}

std::string bad(const std::vector<std::string>& arguments) {
  const Parsed parsed = parse_options(arguments);
  CHECK_FALSE(parsed.options);
  const Sources none;
  return render_text(parsed.faults, none, false);
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("options are read as make's are") {
  const Options options = good({"build", "-j32", "-k", "-l", "2.5", "-nB", "app", "lib"});
  CHECK(options.command == "build");
  CHECK(options.jobs == 32);
  CHECK(options.keep_going);
  CHECK(options.load_limit == 2.5);
  CHECK(options.dry_run);
  CHECK(options.always);
  CHECK(options.words == Words{"app", "lib"});
}

TEST_CASE("options may stand before the command, between words and glued") {
  CHECK(good({"-C", "sub", "-j", "4", "build", "app"}).jobs == 4);
  CHECK(good({"-Csub", "build"}).folders == Words{"sub"});
  CHECK(good({"-qC", "sub", "build"}).quiet);
  CHECK(good({"build", "app", "--jobs=7", "lib"}).words == Words{"app", "lib"});
  CHECK(good({"build", "-kj8"}).jobs == 8);
  CHECK(good({"-C", "a", "check", "-C", "b"}).folders == Words{"a", "b"});
}

TEST_CASE("each -D takes one word and keeps its order") {
  const Options options = good({"build", "-D", "a=1", "app", "-D//sub:b=x=y", "-D", "a=2"});
  CHECK(options.defines == Words{"a=1", "//sub:b=x=y", "a=2"});
  CHECK(options.words == Words{"app"});
}

TEST_CASE("a label that is named like a command or an option's value is a label") {
  CHECK(good({"build", "check"}).words == Words{"check"});
  CHECK(good({"build", "--", "-odd"}).words == Words{"-odd"});
  CHECK(good({"out", "several"}).words == Words{"several"});  // Ends like `-l`.
}

TEST_CASE("the value of --shuffle is only taken behind =") {
  CHECK(good({"build", "--shuffle", "app"}).shuffle_any);
  CHECK(good({"build", "--shuffle", "app"}).words == Words{"app"});
  CHECK(good({"build", "--shuffle=7"}).shuffle == 7);
  CHECK_FALSE(good({"build"}).shuffle);
  CHECK_FALSE(good({"build"}).shuffle_any);
}

TEST_CASE("--json is --format json, and text is the default") {
  CHECK(good({"check", "--json"}).format == "json");
  CHECK(good({"check", "--format", "sarif"}).format == "sarif");
  CHECK(good({"check", "--format", "text"}).format.empty());
}

TEST_CASE("faults of the command line name the cure") {
  struct Case {
    Words arguments;
    const char* want;
  };
  const Case cases[] = {
      {{},
       "error[E901]: a command is needed\n"
       "   = `devgraph build` builds what is stale here\n"
       "   = `devgraph -h` lists the commands\n"},
      {{"biuld", "-k"},
       "error[E901]: `biuld` is no command\n"
       "   = did you mean  devgraph build\n"
       "   = `devgraph -h` lists the commands\n"},
      {{"//sub:application"},
       "error[E901]: `//sub:application` is no command\n"
       "   = to build a label, write  devgraph build //sub:application\n"
       "   = `devgraph -h` lists the commands\n"},
      {{"build", "--keep-goin"},
       "error[E902]: `devgraph build` has no option `--keep-goin`\n"
       "   = did you mean `--keep-going`\n"
       "   = `devgraph build -h` lists its options\n"},
      {{"list", "-j4"},
       "error[E902]: `devgraph list` has no option `-j`\n"
       "   = it is an option of `build`, `release`, `freeze`, `link`\n"
       "   = `devgraph list -h` lists its options\n"},
      {{"build", "-x"},
       "error[E902]: `devgraph build` has no option `-x`\n"
       "   = `devgraph build -h` lists its options\n"},
      {{"build", "-j", "0"},
       "error[E903]: `0` is no value of `-j`\n"
       "   = the number of jobs is 1 to 4096\n"},
      {{"build", "-j", "app"},
       "error[E903]: `app` is no value of `-j`\n"
       "   = the number of jobs is 1 to 4096\n"},
      {{"build", "-j"},
       "error[E903]: `-j` needs a value\n"
       "   = `devgraph build -h` lists its options and their values\n"},
      {{"build", "--keep-going=yes"},
       "error[E903]: `--keep-going` takes no value\n"
       "   = `devgraph build -h` lists its options and their values\n"},
      {{"build", "--color=alway"},
       "error[E903]: `alway` is no value of `--color`\n"
       "   = `--color` is one of auto, always, never; did you mean `always`\n"},
      {{"build", "-D", "registry"},
       "error[E903]: `registry` is no value of `-D`\n"
       "   = a parameter is set by `-D name=value`\n"},
      {{"why"},
       "error[E904]: `devgraph why` needs LABEL…\n"
       "   = usage: devgraph why [OPTION…] LABEL…\n"},
      {{"doctor", "app"},
       "error[E904]: `devgraph doctor` takes no words, and got 1\n"
       "   = usage: devgraph doctor [OPTION…]\n"},
      {{"explain", "E1", "E2"},
       "error[E904]: `devgraph explain` takes 1 word, and got 2\n"
       "   = usage: devgraph explain [OPTION…] [CODE]\n"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.arguments.size());
    CHECK(bad(c.arguments) == c.want);
  }
}

TEST_CASE("several faults are told at once, with control characters shown") {
  CHECK(bad({"build", "-x", "--col\x1b"}) ==
        "error[E902]: `devgraph build` has no option `-x`\n"
        "   = `devgraph build -h` lists its options\n\n"
        "error[E902]: `devgraph build` has no option `--col\\x1b`\n"
        "   = did you mean `--color`\n"
        "   = `devgraph build -h` lists its options\n");
}

TEST_CASE("help fits a screen") {
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  const auto widest = [](const std::string& text) {
    std::size_t most = 0;
    std::size_t begin = 0;
    while (begin < text.size()) {
      const std::size_t end = text.find('\n', begin);
      most = std::max(most, end - begin);
      begin = end + 1;
    }
    return most;
  };
  CHECK(parse_options({"-h"}).text == general_help());
  CHECK(parse_options({"build", "-k", "--help"}).text == command_help(*find_command("build")));
  CHECK(lines(general_help()) <= 26);
  CHECK(widest(general_help()) <= 90);
  for (const CommandInfo& command : commands()) {
    CAPTURE(command.name);
    CHECK(lines(command_help(command)) <= 24);
    CHECK(widest(command_help(command)) <= 100);
  }
}

TEST_CASE("the version is that of the project") {
  CHECK(parse_options({"--version"}).text.starts_with("devgraph 0."));
}

TEST_CASE("without -j the number of jobs is that of the make above, or one a core") {
  const auto jobs = [](unsigned given, const char* makeflags) {
    Options options;
    options.jobs = given;
    return job_count(options, {{"MAKEFLAGS", makeflags}});
  };
  CHECK(jobs(4, "s -j1") == 4);
  CHECK(jobs(0, "s -j1") == 1);
  CHECK(jobs(0, " -j32 --jobserver-auth=3,4") == 32);
  const unsigned cores = job_count({}, {});
  CHECK(cores >= 1);
  CHECK(jobs(0, "") == cores);
  CHECK(jobs(0, "s") == cores);
  CHECK(jobs(0, "kn -j") == cores);
  CHECK(jobs(0, "s -- X=-j7") == cores);
}
