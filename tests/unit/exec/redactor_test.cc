#include "engine/exec/redactor.h"

#include <random>

#include <doctest/doctest.h>

using devgraph::exec::Redactor;

namespace {

std::string in_pieces(const Redactor& redactor, const std::string& text, std::mt19937& random) {
  Redactor::Stream stream(redactor);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::uniform_int_distribution<std::size_t>(1, 7)(random);
    out += stream.push(std::string_view(text).substr(at, length));
    at += length;
  }
  return out + stream.finish();
}

}  // namespace

TEST_CASE("forms of a secret") {
  const Redactor redactor({"p@ss \"word\"\n'2'"});
  CHECK(redactor.apply("a p@ss \"word\"\n'2' b") == "a *** b");
  CHECK(redactor.apply("p@ss \"word\" alone") == "*** alone");
  CHECK(redactor.apply(R"({"k":"p@ss \"word\"\n'2'"})") == R"({"k":"***"})");
  CHECK(redactor.apply("u=p%40ss%20%22word%22%0A%272%27&") == "u=***&");
  CHECK(redactor.apply("u=p%40ss+%22word%22%0a%272%27&") == "u=***&");
  CHECK(redactor.apply("704073732022776f7264220a273227") == "***");
  CHECK(redactor.apply("704073732022776F7264220A273227") == "***");
  CHECK(redactor.apply("cEBzcyAid29yZCIKJzIn.") == "***.");
  // `user:` before it: of the group of three that both share, a digit may be anything. Nothing
  // behind it.
  CHECK(redactor.apply("dXNlcjpwQHNzICJ3b3JkIgonMic=") == "dXNlcjp***=");
  CHECK(redactor.apply("nothing of it") == "nothing of it");
}

TEST_CASE("forms that programs write each in their own way") {
  const Redactor redactor({"a/b c!<'$&~=é"});
  for (const char* form : {"a/b%20c%21%3C%27%24%26~%3D%C3%A9", "a/b%20c%21%3c%27%24%26~%3d%c3%a9",
                           "a%2Fb+c%21%3C%27%24%26%7E%3D%C3%A9", "a%2Fb%20c!%3C'%24%26~%3D%C3%A9",
                           "a/b%20c!%3C'$&~=%C3%A9", "a%2Fb%20c%21%3C%27$&~=%C3%A9",
                           R"(a\/b c!<'$&~=\u00e9)", R"(a/b c!\u003c'$\u0026~=é)",
                           R"(a/b c!<'"'"'$&~=é)", R"(a/b c!<'\$&~=é)", R"(a/b\ c\!\<\'\$\&~=é)"}) {
    CAPTURE(form);
    CHECK(redactor.apply(form) == "***");
  }
}

TEST_CASE("what is around a secret may be dropped") {
  const Redactor redactor({" token-1\r\n", "first-line\r\n second-line\r\n"});
  CHECK(redactor.apply("<token-1>") == "<***>");
  CHECK(redactor.apply("dG9rZW4tMQ==") == "***==");
  CHECK(redactor.apply("first-line|second-line") == "***|***");
}

TEST_CASE("JSON of ASCII alone hides letters in escapes") {
  const Redactor redactor({"pässword-x1", "k€y-\xf0\x9f\x94\x91\"\b\x01\x7f"});
  CHECK(redactor.apply(R"({"v": "p\u00e4ssword-x1"})") == R"({"v": "***"})");
  CHECK(redactor.apply(R"({"v": "p\u00E4ssword-x1"})") == R"({"v": "***"})");
  CHECK(redactor.apply("{\"v\": \"pässword-x1\"}") == R"({"v": "***"})");
  CHECK(redactor.apply(R"("k\u20acy-\ud83d\udd11\"\b\u0001\u007f")") == R"("***")");
  CHECK(redactor.apply(R"("k\u20ACy-\uD83D\uDD11\"\b\u0001\u007F")") == R"("***")");
  // What is no UTF-8 has no such form.
  CHECK(Redactor({"p\xe4ssword"})
            .apply(R"(p\u00e4ssword p)"
                   "\xe4ssword") == R"(p\u00e4ssword ***)");
}

TEST_CASE("a short secret, a secret in a secret, and none") {
  CHECK(Redactor({"ab"}).apply("drab ab a b") == "dr*** *** a b");
  CHECK(Redactor({"abc", "abcdef"}).apply("abcdef abcd") == "*** ***d");
  CHECK(Redactor({""}).apply("text") == "text");
  CHECK(Redactor(std::vector<std::string>()).apply("text") == "text");
}

TEST_CASE("what may begin a secret is held back, and nothing else") {
  const Redactor redactor({"secret"});
  Redactor::Stream stream(redactor);
  CHECK(stream.push("a sec") == "a ");
  CHECK(stream.push("ond") == "second");
  CHECK(stream.push(" secre") == " ");
  CHECK(stream.push("t.") == "***.");
  CHECK(stream.push("se") == "");
  CHECK(stream.finish() == "se");
}

TEST_CASE("pieces give what the whole gives") {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    const auto word = [&](std::size_t most) {
      std::string made;
      const std::size_t length = std::uniform_int_distribution<std::size_t>(1, most)(random);
      for (std::size_t i = 0; i < length; ++i)
        made += "ab\n"[std::uniform_int_distribution<std::size_t>(0, 2)(random)];
      return made;
    };
    const std::vector<std::string> secrets = {word(6), word(9)};
    const Redactor redactor(secrets);
    const std::string text = word(200);
    const std::string whole = redactor.apply(text);
    CHECK(in_pieces(redactor, text, random) == whole);
    for (const std::string& secret : secrets)
      CHECK(whole.find(secret) == std::string::npos);
  }
}
