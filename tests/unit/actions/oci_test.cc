#include <doctest/doctest.h>
#include <fmt/format.h>
#include <zstd.h>

#include "engine/actions/oci/challenge.h"
#include "engine/actions/oci/config.h"
#include "engine/actions/oci/credentials.h"
#include "engine/actions/oci/layer.h"
#include "engine/actions/oci/reference.h"
#include "engine/actions/oci/spec.h"
#include "tests/support/temp_folder.h"

namespace devgraph::oci {

TEST_CASE("platforms have one name each") {
  struct Case {
    const char* text;
    const char* want;
  };
  for (const Case& c : {Case{"linux/amd64", "linux/amd64"}, Case{"linux/x86_64", "linux/amd64"},
                        Case{"linux/aarch64", "linux/arm64"}, Case{"linux/arm64/v8", "linux/arm64"},
                        Case{"linux/arm/v7", "linux/arm/v7"}}) {
    CAPTURE(c.text);
    CHECK(show(parse_platform(c.text).value()) == c.want);
  }
  for (const char* wrong : {"", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/arm/"}) {
    CAPTURE(wrong);
    CHECK(parse_platform(wrong).error().message.ends_with(
        "is no platform; write `linux/amd64` or `linux/arm64`"));
  }
}

TEST_CASE("documents are written with sorted keys and without blanks") {
  Manifest manifest;
  manifest.config = describe(kConfigType, "{}");
  manifest.layers.push_back(describe(kTarType, "layer"));
  manifest.annotations = {{"b", "2"}, {"a", "1"}};
  const std::string text = to_json(manifest).value();
  CHECK(text ==
        R"({"annotations":{"a":"1","b":"2"},"config":{"digest":"sha256:)" + hex(sha256_of("{}")) +
            R"(","mediaType":"application/vnd.oci.image.config.v1+json","size":2},)" +
            R"("layers":[{"digest":"sha256:)" + hex(sha256_of("layer")) +
            R"(","mediaType":"application/vnd.oci.image.layer.v1.tar","size":5}],)" +
            R"("mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2})");
  CHECK(to_json(parse_manifest(text).value()).value() == text);
}

TEST_CASE("damaged documents are refused in words") {
  struct Case {
    const char* text;
    const char* want;
  };
  for (const Case& c :
       {Case{"", "the image manifest is no JSON"},
        Case{"[]", "the image manifest is no JSON object"},
        Case{"{}", "the image manifest is damaged: it has no `config`"},
        Case{R"({"config":{"digest":"md5:1","size":1}})",
             "the image manifest is damaged: `md5:1` is no digest that is known here: sha256: and "
             "64 hex digits"},
        Case{R"({"config":3})", "the image manifest is damaged: a descriptor is no object"}}) {
    CAPTURE(c.text);
    CHECK(parse_manifest(c.text).error().message == c.want);
  }
}

TEST_CASE("a configuration keeps what the base says and it does not") {
  const std::string base = R"({"architecture":"amd64","os":"linux","container":"x",)"
                           R"("config":{"Env":["PATH=/bin","A=1"],"Cmd":["sh"],"User":"me"},)"
                           R"("history":[{"created_by":"base"}],)"
                           R"("rootfs":{"type":"layers","diff_ids":["sha256:base"]}})";
  ConfigChange change;
  change.entrypoint = {{"/run"}};
  change.env = {{"A", "2"}, {"B", "3"}};
  const AddedLayer layer{sha256_of("layer"), "devgraph layer"};
  const std::string made = make_config(base, {"linux", "amd64", ""}, change, {&layer, 1}).value();
  CHECK(made == R"({"architecture":"amd64","config":{"Entrypoint":["/run"],)"
                R"("Env":["PATH=/bin","A=2","B=3"],"User":"me"},)"
                R"("created":"1980-01-01T00:00:00Z","history":[{"created_by":"base"},)"
                R"({"created":"1980-01-01T00:00:00Z","created_by":"devgraph layer"}],)"
                R"("os":"linux","rootfs":{"diff_ids":["sha256:base","sha256:)" +
                    hex(layer.diff_id) + R"("],"type":"layers"}})");
}

TEST_CASE("what a configuration cannot say is refused") {
  const Platform platform{"linux", "amd64", ""};
  const auto refused = [&](const ConfigChange& change, std::string_view base = {}) {
    return make_config(base, platform, change, {}).error().message;
  };
  ConfigChange port;
  port.ports = {"80-90"};
  CHECK(refused(port) == "`80-90` in `ports`: write a port as 8080 or 53/udp");
  ConfigChange folder;
  folder.workdir = "app";
  CHECK(refused(folder) == "`workdir` `app`: it has to begin with /");
  ConfigChange label;
  label.labels = {{"a", "\xff"}};
  CHECK(refused(label) == "a text of the image's configuration is not UTF-8");
  CHECK(refused({}, R"({"os":"linux","architecture":"arm64"})") ==
        "the base image is for linux/arm64, not for linux/amd64");
}

TEST_CASE("names of images are read as docker reads them") {
  struct Case {
    const char* text;
    const char* want;
  };
  for (const Case& c : {Case{"python", "docker.io/library/python"},
                        Case{"python:3.11", "docker.io/library/python:3.11"},
                        Case{"me/app", "docker.io/me/app"}, Case{"localhost/app", "localhost/app"},
                        Case{"localhost:5000/a/b:tag", "localhost:5000/a/b:tag"},
                        Case{"ghcr.io/a/b", "ghcr.io/a/b"}}) {
    CAPTURE(c.text);
    CHECK(show(parse_reference(c.text).value()) == c.want);
  }
  const std::string digest = "@sha256:" + hex(sha256_of(""));
  CHECK(show(parse_reference("a.b/c:1" + digest).value()) == "a.b/c:1" + digest);
  for (const char* wrong : {"", "Python", "a//b", "a/b-", "a/b:", "a/b:-x", "a/b@sha256:1",
                            "a..b/c d", "a/_b", "a/b___c", "ho st/a"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_reference(wrong));
  }
}

TEST_CASE("challenges") {
  const Challenge bearer = parse_challenge(
      R"(Bearer realm="https://auth.example/token",service="reg, istry",scope="a:b:pull")");
  CHECK(bearer.scheme == "bearer");
  CHECK(bearer.parameters.at("realm") == "https://auth.example/token");
  CHECK(bearer.parameters.at("service") == "reg, istry");
  CHECK(bearer.parameters.at("scope") == "a:b:pull");
  CHECK(parse_challenge("Basic realm=test, charset=\"UTF-8\"").parameters.at("realm") == "test");
  CHECK(parse_challenge("Basic").scheme == "basic");
  CHECK(parse_challenge("").scheme.empty());
  CHECK(parse_challenge(R"(Basic realm="unclosed)").parameters.at("realm") == "unclosed");
}

TEST_CASE("base64 there and back") {
  struct Case {
    const char* plain;
    const char* coded;
  };
  for (const Case& c : {Case{"", ""}, Case{"f", "Zg=="}, Case{"fo", "Zm8="}, Case{"foo", "Zm9v"},
                        Case{"user:p\xc3\xa4ss", "dXNlcjpww6Rzcw=="}}) {
    CAPTURE(c.plain);
    CHECK(base64(c.plain) == c.coded);
    CHECK(base64_decoded(c.coded) == c.plain);
  }
  CHECK_FALSE(base64_decoded("a b"));
}

namespace {

std::string zstd_of(const std::string& text) {
  std::string made(ZSTD_compressBound(text.size()), '\0');
  made.resize(ZSTD_compress(made.data(), made.size(), text.data(), text.size(), 3));
  return made;
}

Result<std::string> unpacked(std::string_view bytes, std::uint64_t limit = 1 << 30) {
  std::string text;
  const Status done = decompress(bytes, limit, [&](std::string_view block) -> Status {
    text += block;
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return text;
}

}  // namespace

TEST_CASE("layers are told by their first bytes, and cut ones are refused") {
  const std::string text(1'000'000, 'x');
  const std::string packed = zstd_of(text);
  CHECK(archive_type(packed) == kZstdType);
  CHECK(archive_type("\x1f\x8b\x08") == kGzipType);
  CHECK(archive_type("any") == kTarType);
  CHECK(unpacked(packed).value() == text);
  CHECK(unpacked(packed + packed).value() == text + text);
  CHECK(unpacked(packed.substr(0, packed.size() - 3)).error().message ==
        "its zstd stream is cut off");
  CHECK(unpacked(packed, 1000).error().message ==
        "it grows beyond all measure when it is unpacked");
  CHECK(unpacked("\x1f\x8b damaged").error().message == "its gzip stream is damaged");
  const std::string_view empty("\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0", 20);
  CHECK(unpacked(empty).value().empty());
  CHECK(unpacked(empty.substr(0, 15)).error().message == "its gzip stream is cut off");
  // Several members, and zeros behind them, are one stream.
  CHECK(unpacked(std::string(empty) + std::string(empty) + std::string(3, '\0')).value().empty());
}

TEST_CASE("a layer has the digest of what is stored and of what is in it") {
  TempFolder folder;
  DiskFiles files;
  const std::string packed = zstd_of("archive");
  REQUIRE(files.write(folder / "layer", packed, 0644, false));
  const LayerFacts facts = read_layer(files, folder / "layer", [] { return false; }).value();
  CHECK(facts.descriptor.digest == sha256_of(packed));
  CHECK(facts.descriptor.size == packed.size());
  CHECK(facts.diff_id == sha256_of("archive"));
}

}  // namespace devgraph::oci

TEST_CASE(
    "what an engine wrote is settled: no dates, no names of its own, nothing of its container") {
  const std::string base =
      R"({"architecture":"amd64","history":[{"comment":"FROM x","created":"2001-01-01T00:00:00Z"}]})";
  const std::string built = R"({
    "architecture": "amd64", "os": "linux", "created": "2026-01-02T03:04:05Z",
    "container": "d2f6", "container_config": {"Hostname": "a"}, "docker_version": "20.10", "parent": "p",
    "config": {"Hostname": "a", "Image": "sha256:b", "AttachStdin": false, "User": "", "Labels": {},
               "Env": ["A=1"], "Healthcheck": {"Test": ["CMD", "true"]}, "OnBuild": null},
    "rootfs": {"type": "layers", "diff_ids": []},
    "history": [{"created": "2026-01-02T03:04:05Z"},
                {"created": "2026-01-02T03:04:05Z", "created_by": "RUN x", "comment": "FROM 5beda0f00575"},
                {"created": "2026-01-02T03:04:05Z", "comment": "kept"}]})";
  const devgraph::Result<std::string> made = devgraph::oci::settled_config(built, base);
  REQUIRE(made.has_value());
  CHECK(
      *made ==
      R"({"architecture":"amd64","config":{"Env":["A=1"],"Healthcheck":{"Test":["CMD","true"]}},)"
      R"("created":"1980-01-01T00:00:00Z","history":[{"comment":"FROM x","created":"2001-01-01T00:00:00Z"},)"
      R"({"created":"1980-01-01T00:00:00Z","created_by":"RUN x"},)"
      R"({"comment":"kept","created":"1980-01-01T00:00:00Z"}],"os":"linux",)"
      R"("rootfs":{"diff_ids":[],"type":"layers"}})");
  CHECK_FALSE(devgraph::oci::settled_config("[]", "").has_value());
}

TEST_CASE("the label of what an engine keeps is gone from what is made of it") {
  using namespace devgraph::oci;
  const auto labelled = [](std::string_view config) {
    return labelled_config(config, "0123456789abcdef").value();
  };
  CHECK(labelled("{}") == R"({"config":{"Labels":{"dev.devgraph.workspace":"0123456789abcdef"}}})");
  CHECK(labelled(R"({"config":{"Labels":null,"User":"7"}})") ==
        R"({"config":{"Labels":{"dev.devgraph.workspace":"0123456789abcdef"},"User":"7"}})");
  CHECK_FALSE(labelled_config("7", "0").has_value());
  CHECK_FALSE(labelled_config(R"({"config":{"Labels":7}})", "0").has_value());
  const std::string step =
      R"({"created":"2026-01-02T03:04:05Z","created_by":"/bin/sh -c #(nop)  LABEL a=b"})";
  const std::string ours =
      R"({"created_by":"/bin/ash -c #(nop)  LABEL dev.devgraph.workspace=0123456789abcdef"},)";
  for (const std::string_view fields :
       {R"({})", R"({"Labels":{"a":"b"},"User":"7"})", R"({"Labels":null,"Env":["A=1"]})"}) {
    CAPTURE(fields);
    const auto config = [&](const std::string& steps) {
      return fmt::format(R"({{"config":{},"history":[{}]}})", fields, steps);
    };
    CHECK(settled_config(labelled(config(ours + step)), "").value() ==
          settled_config(config(step), "").value());
  }
}

TEST_CASE("a mark in the history is there for the engine, and gone afterwards") {
  const std::string base = R"({"config":{"Env":["A=1"]},"history":[{"created_by":"x"}]})";
  const devgraph::Result<std::string> marked = devgraph::oci::marked_config(base, "abc");
  REQUIRE(marked.has_value());
  CHECK(
      *marked ==
      R"({"config":{"Env":["A=1"]},"history":[{"created_by":"x"},)"
      R"({"created":"1980-01-01T00:00:00Z","created_by":"devgraph upon abc","empty_layer":true}]})");
  const devgraph::Result<std::string> settled = devgraph::oci::settled_config(*marked, base);
  REQUIRE(settled.has_value());
  CHECK(settled->find("upon") == std::string::npos);
  // One that has none gets a step for each layer, so that steps and layers go together.
  const devgraph::Result<std::string> bare =
      devgraph::oci::marked_config(R"({"rootfs":{"diff_ids":["a","b"]}})", "abc");
  REQUIRE(bare.has_value());
  CHECK(bare->starts_with(
      R"({"history":[{"created":"1980-01-01T00:00:00Z"},{"created":"1980-01-01T00:00:00Z"},{"cr)"));
  CHECK_FALSE(devgraph::oci::marked_config("7", "abc").has_value());
}
