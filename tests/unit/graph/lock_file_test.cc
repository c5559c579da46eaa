/// The lock file: its text, what is wrong with one, and how two sides become one.

#include "engine/graph/lock_file.h"

#include <string>

#include <doctest/doctest.h>

using namespace devgraph;

namespace {

const std::string kHead = show_lock({});
const std::string kSha(64, 'a');
const std::string kOther(64, 'b');

LockFile parsed(const std::string& text, LockPart part = LockPart::All) {
  std::expected<LockFile, LockFault> lock = parse_lock(text, part);
  if (!lock) FAIL(lock.error().message);
  return *std::move(lock);
}

/// `line: message` of what is wrong.
std::string fault(const std::string& text) {
  const std::expected<LockFile, LockFault> lock = parse_lock(text);
  if (lock) return "nothing";
  return std::to_string(lock.error().line) + ": " + lock.error().message;
}

Sha256 sha(char digit) {
  return *parse_sha256(std::string(64, digit));
}

LockFile sample() {
  LockFile lock;
  lock.outside[{AskKind::Image, "debian:12"}] = "docker.io/library/debian@sha256:" + kSha;
  lock.outside[{AskKind::File, "https://example.org/a b"}] = "sha256:" + kSha;
  lock.outside[{AskKind::Git, "https://example.org/x", "main"}] = std::string(40, 'c');
  lock.nodes["//:app"] = {.key = sha('1'),
                          .does = 1,
                          .reads = 0xABCDEF0123456789,
                          .asked = {2, 0xFEDCBA9876543210},
                          .outputs = {{"out", {'/', sha('2')}}, {"it's", {'*', sha('3')}}},
                          .found = {"src/odd\nname \\.h"}};
  lock.sources["src/a.c"] = {' ', sha('4')};
  lock.sources["run me"] = {'*', sha('5')};
  return lock;
}

LockFile images(const std::string& name, const std::string& digit) {
  LockFile lock;
  if (!digit.empty()) {
    lock.outside[{AskKind::Image, name}] = "r/x@sha256:" + std::string(64, digit[0]);
  }
  return lock;
}

}  // namespace

TEST_CASE("a lock file is read as it was written, in lines sorted by bytes") {
  const LockFile lock = sample();
  const std::string text = show_lock(lock);
  CHECK(parsed(text) == lock);
  CHECK(text == kHead + "file https://example.org/a\\x20b sha256:" + kSha + "\n" +
                    "git https://example.org/x main " + std::string(40, 'c') + "\n" +
                    "image debian:12 docker.io/library/debian@sha256:" + kSha + "\n" +
                    "node //:app " + std::string(64, '1') +
                    " 0000000000000001 abcdef0123456789 ~0000000000000002 ~fedcba9876543210 out=/" +
                    std::string(64, '2') + " it's=*" + std::string(64, '3') +
                    " +src/odd\\x0aname\\x20\\x5c.h\n" + "source run\\x20me *" +
                    std::string(64, '5') + "\nsource src/a.c " + std::string(64, '4') + "\n");
  CHECK(kHead.starts_with("devgraph lock 1\n#"));
}

TEST_CASE("a build looks at names outside only") {
  const std::string text = show_lock(sample()) + "node that is damaged\n";
  CHECK(parsed(text, LockPart::Outside).outside == sample().outside);
  CHECK(parsed(text, LockPart::Outside).nodes.empty());
  CHECK(fault(text) != "nothing");
}

TEST_CASE("the line ends of Windows and a missing last newline do no harm") {
  std::string text = show_lock(sample());
  text.pop_back();
  CHECK(parsed(text) == sample());
  std::string windows;
  for (const char c : text)
    windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(parsed(windows) == sample());
}

TEST_CASE("what is wrong is said with its line") {
  CHECK(fault("") == "1: this is no lock file of devgraph");
  CHECK(fault("{\"version\": 3}\n") == "1: this is no lock file of devgraph");
  CHECK(fault("devgraph lock\n") == "1: this is no lock file of devgraph");
  CHECK(fault("devgraph lock 2\n") ==
        "1: this lock file has the format 2, and this devgraph knows 1");
  const std::string damaged = "5: this is no line of a lock file";
  for (const std::string& line :
       {std::string("imagine debian:12 x"), std::string("image debian:12"),
        "image debian:12 sha256:" + kSha, "image a b docker.io/a@sha256:" + kSha,
        "git https://example.org/x " + std::string(40, 'c'),
        "git https://example.org/x main " + std::string(39, 'c'), "file u sha256:" + kSha + "0",
        "file u\\x2 sha256:" + kSha, std::string("source x"), "source x y " + kSha,
        "source x !" + kSha, std::string("node //:a"), "node //:a " + kSha + " 1 2",
        "node //:a " + kSha + " 0000000000000001 0000000000000001 out",
        "node //:a " + kSha + " 0000000000000001 0000000000000001 ~12",
        "node //:a " + kSha + " 0000000000000001 0000000000000001 +"}) {
    CAPTURE(line);
    CHECK(fault(kHead + line + "\n") == damaged);
  }
  const std::string one = "source x " + kSha + "\n";
  CHECK(fault(kHead + one + one) == "6: this name stands in the file twice");
  CHECK(fault(kHead + one + "<<<<<<< ours\n") == "6: a merge has left a conflict here");
}

TEST_CASE("the fault of a file that was cut anywhere is no crash") {
  const std::string text = show_lock(sample());
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::expected<LockFile, LockFault> lock = parse_lock(text.substr(0, size));
    if (!lock) CHECK(lock.error().end <= size);
  }
}

TEST_CASE("three sides of one entry") {
  struct Case {
    const char* base;
    const char* ours;
    const char* theirs;
    const char* want;  // ! is a conflict.
  };
  const Case cases[] = {{"1", "1", "1", "1"}, {"1", "2", "1", "2"}, {"1", "1", "2", "2"},
                        {"1", "2", "2", "2"}, {"1", "2", "3", "!"}, {"", "1", "", "1"},
                        {"", "", "1", "1"},   {"", "1", "1", "1"},  {"", "1", "2", "!"},
                        {"1", "", "1", ""},   {"1", "1", "", ""},   {"1", "", "", ""},
                        {"1", "", "2", "!"},  {"1", "2", "", "!"}};
  for (const Case& c : cases) {
    CAPTURE(c.base);
    CAPTURE(c.ours);
    CAPTURE(c.theirs);
    const LockMerge made =
        merge_locks(images("x", c.base), images("x", c.ours), images("x", c.theirs));
    CHECK(made.conflicts.size() == (c.want[0] == '!' ? 1 : 0));
    if (made.conflicts.empty()) CHECK(made.merged == images("x", c.want));
  }
}

TEST_CASE("a conflict stands between marks, and the entries of both sides around it") {
  LockFile ours = images("b", "1");
  LockFile theirs = images("b", "2");
  ours.outside.merge(images("a", "3").outside);
  theirs.outside.merge(images("c", "4").outside);
  const auto line = [](const std::string& name, char digit) {
    return "image " + name + " r/x@sha256:" + std::string(64, digit) + "\n";
  };
  const std::string text = show_merge(merge_locks({}, ours, theirs));
  CHECK(text == kHead + line("a", '3') + "<<<<<<< ours\n" + line("b", '1') + "=======\n" +
                    line("b", '2') + ">>>>>>> theirs\n" + line("c", '4'));
  CHECK(fault(text) == "6: a merge has left a conflict here");
}

TEST_CASE("nodes that both sides built anew are in no merge; others are") {
  LockFile base = sample();
  LockFile ours = base;
  LockFile theirs = base;
  ours.nodes["//:app"].key = sha('7');
  theirs.nodes["//:app"].key = sha('8');
  ours.nodes["//:mine"] = {};
  theirs.nodes["//:other"] = {};
  ours.sources["src/a.c"].sha = sha('7');
  theirs.sources["src/a.c"].sha = sha('8');
  const LockMerge made = merge_locks(base, ours, theirs);
  CHECK(made.conflicts.empty());
  CHECK(made.dropped == std::vector<std::string>{"//:app"});
  CHECK(made.merged.nodes.size() == 2);
  CHECK(made.merged.sources == ours.sources);
  CHECK(parsed(show_merge(made)) == made.merged);
}

TEST_CASE("a URL is written without its login") {
  CHECK(without_login("https://me:pw@example.org/x@y") == "https://example.org/x@y");
  CHECK(without_login("https://example.org/x@y") == "https://example.org/x@y");
  CHECK(without_login("git@example.org:x") == "git@example.org:x");
  CHECK(without_login("/srv/x") == "/srv/x");
}
