#include "engine/cli/report.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace devgraph;
using namespace devgraph::cli;

namespace {

/// One stale node and one warning at `x` in a source.
struct Fixture {
  Sources sources;
  Diagnostics found;
  Report report;

  Fixture() {
    const SourceId source = sources.add("a b.devgraph", "devgraph 1\nlet x = 1\n");
    found.warning("W701", Range{source, 15, 16}, "unused name `x`");
    report.stale = {{.label = "//:app@py=3.11",
                     .reason = "./a,b:c.py changed\n100%",
                     .manifest = "build.devgraph",
                     .line = 12}};
    report.nodes = 40;
    report.found = &found;
    report.sources = &sources;
  }
};

}  // namespace

TEST_CASE("people get one line for each stale node") {
  const Fixture fixture;
  CHECK(stale_text(fixture.report) == "//:app@py=3.11  ./a,b:c.py changed\\n100%\n");
}

TEST_CASE("GitHub gets one annotation a line, escaped as its toolkit does") {
  const Fixture fixture;
  CHECK(report_github(fixture.report) ==
        "::warning file=a b.devgraph,line=2,col=5,endLine=2,endColumn=6,title=W701::unused name "
        "`x`\n"
        "::error file=build.devgraph,line=12,title=stale:://:app@py=3.11 is stale: ./a,b:c.py "
        "changed\\n100%25\n");
}

TEST_CASE("a code host is told where files lie in the repository; JSON where in the workspace") {
  Fixture fixture;
  fixture.report.folder = "web/app";
  CHECK(report_github(fixture.report) ==
        "::warning file=web/app/a b.devgraph,line=2,col=5,endLine=2,endColumn=6,title=W701::unused "
        "name `x`\n"
        "::error file=web/app/build.devgraph,line=12,title=stale:://:app@py=3.11 is stale: "
        "./a,b:c.py changed\\n100%25\n");
  const auto results =
      nlohmann::json::parse(report_sarif(fixture.report, "1.2.3"))["runs"][0]["results"];
  const auto uri = [&](std::size_t i) {
    return results[i]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
  };
  CHECK(uri(0) == "web/app/a%20b.devgraph");
  CHECK(uri(1) == "web/app/build.devgraph");
  CHECK(nlohmann::json::parse(report_json(fixture.report))["stale"][0]["manifest"] ==
        "build.devgraph");
}

TEST_CASE("JSON has the stale nodes, the count and the diagnostics") {
  const Fixture fixture;
  const auto json = nlohmann::json::parse(report_json(fixture.report));
  CHECK(json["nodes"] == 40);
  CHECK(json["stale"][0]["label"] == "//:app@py=3.11");
  CHECK(json["stale"][0]["line"] == 12);
  CHECK(json["stale"][0]["because_of_input"] == false);
  CHECK(json["diagnostics"][0]["code"] == "W701");
}

TEST_CASE("SARIF 2.1.0 names rules, places and labels") {
  const Fixture fixture;
  const auto json = nlohmann::json::parse(report_sarif(fixture.report, "1.2.3"));
  CHECK(json["version"] == "2.1.0");
  const auto& run = json["runs"][0];
  CHECK(run["tool"]["driver"]["name"] == "devgraph");
  CHECK(run["tool"]["driver"]["version"] == "1.2.3");
  CHECK(run["tool"]["driver"]["rules"].size() == 2);
  const auto& warning = run["results"][0];
  CHECK(warning["ruleId"] == "W701");
  CHECK(warning["level"] == "warning");
  const auto& place = warning["locations"][0]["physicalLocation"];
  CHECK(place["artifactLocation"]["uri"] == "a%20b.devgraph");
  CHECK(place["region"]["startLine"] == 2);
  CHECK(place["region"]["startColumn"] == 5);
  CHECK(place["region"]["endColumn"] == 6);
  const auto& stale = run["results"][1];
  CHECK(stale["ruleId"] == "stale");
  CHECK(stale["partialFingerprints"]["devgraph/label/v1"] == "//:app@py=3.11");
}

TEST_CASE("an empty report is a good SARIF file") {
  const auto json = nlohmann::json::parse(report_sarif(Report{}, "1"));
  CHECK(json["runs"][0]["results"].empty());
  CHECK(json["runs"][0]["results"].is_array());
}
