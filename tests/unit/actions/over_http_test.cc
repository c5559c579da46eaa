/// What `pypi` and `upload` decide without a network: addresses, pages of indexes, forms, files
/// that change on their way.

#include "engine/actions/effects/over_http.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "engine/actions/effects/index_urls.h"
#include "engine/actions/effects/upload_folder.h"
#include "engine/actions/net/url.h"
#include "engine/actions/oci/credentials.h"
#include "engine/actions/wheel/simple_page.h"
#include "engine/actions/wheel/upload_form.h"
#include "engine/base/md5.h"
#include "tests/unit/actions/action_test.h"

using namespace devgraph;
using namespace devgraph::actions;

namespace {

const std::string kDigest(64, 'a');

std::string listed(std::string_view page, std::string_view type, std::string_view file) {
  const auto found = wheel::find_listed(page, type, "https://host/simple/acme/", file);
  if (!found) return "error: " + found.error().message;
  if (!*found) return "none";
  return (*found)->url + " " + ((*found)->sha256.empty() ? "-" : (*found)->sha256.substr(0, 3));
}

std::string in_html(std::string_view page) {
  return listed(page, "text/html; charset=utf-8", "acme-1.0.tar.gz");
}

std::string value_of(const std::vector<wheel::FormField>& fields, std::string_view name) {
  std::string values;
  for (const wheel::FormField& field : fields) {
    if (field.name == name) values += (values.empty() ? "" : "|") + field.value;
  }
  return values;
}

}  // namespace

TEST_CASE("a URL has a scheme and a host, and no login") {
  struct Case {
    const char* url;
    const char* want;
  };
  const Case cases[] = {
      {"https://Host:80/a/b?c#d", "https://host:80/a/b"},
      {"HTTP://[::1]:80", "http://[::1]:80/"},
      {"https://host", "https://host/"},
      {"https:/host", "error"},
      {"https://", "error"},
      {"https://:80/", "error"},
      {"https://a:b@host/", "error"},
      {"https://host\\@evil/", "error"},
      {"https://ho st/", "error"},
      {"https://host/\r\nX: y", "error"},
      {"file:///etc/passwd", "error"},
      {"host/a", "error"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.url);
    const Result<net::Url> found = net::parse_url(c.url);
    CHECK_EQ(found ? show(*found) : "error", c.want);
  }
}

TEST_CASE("only this machine is this machine") {
  for (const char* host : {"localhost", "localhost:80", "127.0.0.1", "127.1.2.3:9", "[::1]:80"})
    CHECK_MESSAGE(net::is_loopback(host), host);
  for (const char* host : {"127.0.0.1.example.org", "localhost.example.org", "128.0.0.1", "[::2]",
                           "example.org:127", "127.evil"})
    CHECK_MESSAGE(!net::is_loopback(host), host);
}

TEST_CASE("links lead where RFC 3986 says") {
  struct Case {
    const char* link;
    const char* want;
  };
  const Case cases[] = {
      {"f.whl#sha256=00", "https://host/simple/acme/f.whl"},
      {"../../files/f.whl", "https://host/files/f.whl"},
      {"../../../../f.whl", "https://host/f.whl"},
      {"/f.whl?a=b#c", "https://host/f.whl?a=b"},
      {"//other/f.whl", "https://other/f.whl"},
      {"http://other/f.whl", "http://other/f.whl"},
      {"./", "https://host/simple/acme/"},
      {"..", "https://host/simple/"},
      {"?b", "https://host/simple/acme/?b"},
      {"", "https://host/simple/acme/"},
      {"a:b/c", "a:b/c"},
      {"./a:b", "https://host/simple/acme/a:b"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.link);
    CHECK_EQ(net::resolved("https://host/simple/acme/?q=/", c.link), c.want);
  }
  CHECK_EQ(net::resolved("https://host", "f.whl"), "https://host/f.whl");
  CHECK_EQ(net::percent_decoded("a%2Bb%2b%zz%2"), "a+b+%zz%2");
}

TEST_CASE("an index is beside the place where files are sent") {
  struct Case {
    const char* upload;
    const char* want;
  };
  const Case cases[] = {
      {"https://upload.pypi.org/legacy/", "https://pypi.org/simple/"},
      {"https://test.pypi.org/legacy/", "https://test.pypi.org/simple/"},
      {"https://host/legacy", "https://host/simple/"},
      {"http://localhost:8080/", "http://localhost:8080/simple/"},
      {"https://host/repository/py/", "https://host/repository/py/simple/"},
      {"https://host/api/packages/ann/pypi", "https://host/api/packages/ann/pypi/simple/"},
  };
  for (const Case& c : cases)
    CHECK_EQ(simple_index_of(*net::parse_url(c.upload)), c.want);
  CHECK_EQ(project_url_of(*net::parse_url("https://upload.pypi.org/legacy/"), "x", "acme", "1.0"),
           "https://pypi.org/project/acme/1.0/");
}

TEST_CASE("a page in HTML lists a file by its name") {
  const std::string link = "<a href=\"../../f/acme-1.0.tar.gz#sha256=" + kDigest + "\">";
  const std::string found = "https://host/f/acme-1.0.tar.gz aaa";
  CHECK_EQ(in_html("<!DOCTYPE html><html><body>" + link + "acme-1.0.tar.gz</a>"), found);
  CHECK_EQ(in_html("<A\n data-x='>' HREF = '/f/acme-1.0.tar.gz#sha256=" + kDigest + "' />"), found);
  CHECK_EQ(in_html("<a href=/f/acme-1.0.tar.gz>x"), "https://host/f/acme-1.0.tar.gz -");
  CHECK_EQ(in_html("<a href='/f/acme&#45;1&#x2E;0.tar.gz#sha256=" + kDigest + "'>"), found);
  CHECK_EQ(in_html("<a href='/f/acme%2D1.0.tar.gz#md5=00'>"), "https://host/f/acme%2D1.0.tar.gz -");
  CHECK_EQ(in_html("<a href='/download/17#egg=x&amp;sha256=" + kDigest + "'> acme-1.0.tar.gz </a>"),
           "https://host/download/17 aaa");
  CHECK_EQ(in_html("<base href='https://cdn/p/'><a href='acme-1.0.tar.gz'>"),
           "https://cdn/p/acme-1.0.tar.gz -");
  CHECK_EQ(in_html("<a href='/f/acme-1.0.tar.gz#sha256=" + std::string(63, 'a') + "'>"),
           "https://host/f/acme-1.0.tar.gz -");
}

TEST_CASE("a hostile page lists nothing, and ends") {
  const std::string link = "<a href='/acme-1.0.tar.gz'>acme-1.0.tar.gz</a>";
  for (const std::string& page : {
           std::string(),
           std::string("<"),
           std::string("<a"),
           std::string("<a href"),
           std::string("<a href="),
           std::string("<a href='/acme-1.0.tar.gz.asc'>acme-1.0.tar.gz.asc</a>"),
           std::string("<a name='/acme-1.0.tar.gz'>x</a>"),
           "<!-- " + link + " -->",
           "<!-- " + link,
           "<script>'" + link + "'</script>",
           "<STYLE>" + link,
           "<title>" + link + "</title>",
           "<b x=\"" + link + "\">",
           std::string("<a href='/x'>&acme-1.0.tar.gz;</a>"),
           std::string(100'000, '<'),
           std::string(100'000, '&') + "<a href=\"" + std::string(100'000, '&'),
       }) {
    CAPTURE(page.substr(0, 80));
    CHECK_EQ(in_html(page), "none");
  }
  std::string many;
  for (int i = 0; i < 20'000; ++i)
    many += fmt::format("<a href='x{}' a='b' a='c' / = \" >y", i);
  CHECK_EQ(in_html(many), "none");
}

TEST_CASE("a page in JSON lists a file by its name") {
  const auto in_json = [](std::string_view page) {
    return listed(page, "application/vnd.pypi.simple.v1+json", "acme-1.0.tar.gz");
  };
  const std::string files = R"("files": [7, {"filename": 7}, {"filename": "acme-1.0.tar.gz",
      "url": "../../f/x", "hashes": {"md5": "0", "sha256": ")" +
                            std::string(64, 'A') + R"("}}])";
  CHECK_EQ(in_json(R"({"meta": {"api-version": "1.1"}, )" + files + "}"), "https://host/f/x aaa");
  CHECK_EQ(in_json(R"({"meta": {"api-version": "1.0"}, "files": []})"), "none");
  CHECK_EQ(in_json(R"({"meta": {"api-version": "1.0"}, "files": [{"filename": "acme-1.0.tar.gz",
      "url": "x", "hashes": []}]})"),
           "https://host/simple/acme/x -");
  CHECK_EQ(in_json(R"({"meta": {"api-version": "2.0"}, )" + files + "}"),
           "error: https://host/simple/acme/ speaks version `2.0` of the simple API; 1.x is known");
  for (const char* page : {"", "[]", "{", R"({"files": 7})", R"({"meta": 7, "files": []})"})
    CHECK_MESSAGE(in_json(page).starts_with("error: https://host/simple/acme/ "), page);
}

TEST_CASE("a form says what the metadata says") {
  const std::string text =
      "Metadata-Version: 2.1\r\nName: Acme.Tools\nVersion: 1.0\nSummary: a: b\n"
      "License: one\n        two\n       |three\nLicense-File: LICENSE\n"
      "Classifier: A :: B\nclassifier: C\nRequires-Dist: x; y == 'z'\nProvides-Extra: more\n"
      "Project-URL: Home, https://x\nUnknown: x\n\n# Acme\n\nName: not this\n";
  const auto fields =
      wheel::upload_fields(text, "Acme.Tools-1.0-1-cp311-abi3-any.whl", sha256_of(""));
  CHECK_EQ(value_of(fields, ":action"), "file_upload");
  CHECK_EQ(value_of(fields, "protocol_version"), "1");
  CHECK_EQ(value_of(fields, "filetype"), "bdist_wheel");
  CHECK_EQ(value_of(fields, "pyversion"), "cp311");
  CHECK_EQ(value_of(fields, "sha256_digest"), hex(sha256_of("")));
  CHECK_EQ(value_of(fields, "name"), "Acme.Tools");
  CHECK_EQ(value_of(fields, "summary"), "a: b");
  CHECK_EQ(value_of(fields, "license"), "one\ntwo\nthree");
  CHECK_EQ(value_of(fields, "license_file"), "");  // Metadata 2.1 has none.
  CHECK_EQ(value_of(fields, "classifiers"), "A :: B|C");
  CHECK_EQ(value_of(fields, "requires_dist"), "x; y == 'z'");
  CHECK_EQ(value_of(fields, "provides_extra"), "more");
  CHECK_EQ(value_of(fields, "project_urls"), "Home, https://x");
  CHECK_EQ(value_of(fields, "description"), "# Acme\n\nName: not this\n");

  const auto sdist = wheel::upload_fields(
      "Metadata-Version: 2.4\nName: a\nVersion: 1\nLicense-File: x\nDescription: in a field\n",
      "a-1.tar.gz", sha256_of(""));
  CHECK_EQ(value_of(sdist, "filetype"), "sdist");
  CHECK_EQ(value_of(sdist, "pyversion"), "source");
  CHECK_EQ(value_of(sdist, "license_file"), "x");
  CHECK_EQ(value_of(sdist, "description"), "in a field");
}

TEST_CASE("a form is parts between boundaries, and names cannot break out") {
  const wheel::Form form = wheel::multipart({{"a", "1\r\n2"}, {"b\"\r\n", ""}}, "f\".whl", "B");
  CHECK_EQ(form.content_type, "multipart/form-data; boundary=B");
  CHECK_EQ(form.before,
           "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n2\r\n"
           "--B\r\nContent-Disposition: form-data; name=\"b%22%0D%0A\"\r\n\r\n\r\n"
           "--B\r\nContent-Disposition: form-data; name=\"content\"; filename=\"f%22.whl\"\r\n"
           "Content-Type: application/octet-stream\r\n\r\n");
  CHECK_EQ(form.after, "\r\n--B--\r\n");
}

TEST_CASE("what a page that refuses says is one line") {
  const auto words = [](std::string body) {
    net::Answer answer;
    answer.body = std::move(body);
    return words_of(answer);
  };
  CHECK_EQ(words(""), "");
  CHECK_EQ(words("<html><head><title>400 no\n good</title></head><body>x"), " (400 no good)");
  CHECK_EQ(words("<p>a</p><p>\x1b[31mb</p>"), " (a \\x1b[31mb)");
  CHECK_EQ(words("<title>a"), " (a)");
  CHECK(words(std::string(10'000, 'x')).size() < 400);
}

TEST_CASE("a digest that a server tells is one, or nothing") {
  const Folder s3{"s3://b/", true, {}};
  const Folder dav{"https://h/", false, {}};
  const Sha256 digest = sha256_of("x");
  std::string raw(digest.bytes.begin(), digest.bytes.end());
  net::Answer answer;
  CHECK_EQ(told_digest(s3, answer), "");
  answer.headers["x-amz-checksum-sha256"] = oci::base64(raw);
  CHECK_EQ(told_digest(s3, answer), hex(digest));
  answer.headers["x-amz-checksum-sha256"] = oci::base64(raw) + "-3";
  CHECK_EQ(told_digest(s3, answer), "");
  answer.headers["x-amz-meta-sha256"] = kDigest;
  CHECK_EQ(told_digest(s3, answer), kDigest);
  CHECK_EQ(told_digest(dav, answer), "");
  answer.headers["x-checksum-sha256"] = "no";
  CHECK_EQ(told_digest(dav, answer), "");
  answer.headers["x-checksum-sha256"] = kDigest;
  CHECK_EQ(told_digest(dav, answer), kDigest);
  CHECK_EQ(md5_hex_of("abc"), "900150983cd24fb0d6963f7d28e17f72");
}

TEST_CASE("a file that changes on its way is never sent whole") {
  Bench bench;
  const InputId input = bench.source("f", "0123456789");
  const Graph graph = bench.graph.finish();
  const std::string path = join_path(bench.workspace(), "f");
  const Context context{.graph = graph,
                        .files = bench.files(),
                        .workspace = bench.folder().path(),
                        .scratch = bench.folder().path(),
                        .path_of = [&](InputId) { return std::string(path); },
                        .out_path = [](std::size_t) { return std::string(); },
                        .log = [](std::string_view) {},
                        .stopping = bench.stopping};
  const Result<StepFacts> facts = file_facts(context, {input, "f"}, "upload");
  REQUIRE(facts);
  CHECK_EQ(facts->size, 10);
  const Result<PlannedFile> file = PlannedFile::open(context, path, *facts);
  REQUIRE(file);
  const auto watch = file->watch(3);
  // Blocks that the frame of the form begins and ends in; and all of it once more.
  for (int round = 0; round < 2; ++round) {
    CHECK(watch(0, "--B01"));
    CHECK(watch(5, "2345678"));
    CHECK(watch(12, "9--B"));
    CHECK(watch(16, "--"));
  }
  CHECK(watch(0, "--B01"));
  CHECK(watch(5, "2345X78"));
  CHECK_EQ(message(watch(12, "9--B")), path + " changed while it was sent; nothing was stored");

  REQUIRE(bench.files().write(path, "9876543210", 0644, false));
  const Result<PlannedFile> changed = PlannedFile::open(context, path, *facts);
  CHECK_EQ(changed.error().message, path + " changed since the release was planned");
}
