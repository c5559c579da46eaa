/// Changes manifests so that most of them stay manifests, for the targets that read them.

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <string_view>

#include "tests/fuzz/target.h"
#include "tests/unit/lang/random_manifest.h"

namespace {

// What changes the layout and rarely the meaning.
constexpr std::array<std::string_view, 10> kLayout = {
    "\n", " # c\n", "\n## d\n", "\n\n", ",", " ", "\t", "\r\n", ",\n", "\n# e\n"};

std::string_view any_of(std::mt19937& random) {
  return kLayout[random() % kLayout.size()];
}

/// Puts something where a blank, a line end or a bracket is.
void change_layout(std::string& text, std::mt19937& random) {
  const std::size_t from = random() % (text.size() + 1);
  const std::size_t at = text.find_first_of(" \n,{}[]()=:", from);
  if (at == std::string::npos) {
    text += any_of(random);
    return;
  }
  if (text[at] == ' ' || text[at] == '\n' || random() % 4 == 0) {
    text.replace(at, 1, any_of(random));
  } else {
    text.insert(at + random() % 2, any_of(random));
  }
}

/// Makes a name so long that what holds it no longer fits on its line.
void lengthen(std::string& text, std::mt19937& random) {
  const std::size_t at =
      text.find_first_of("abcdefghijklmnopqrstuvwxyz", random() % (text.size() + 1));
  if (at != std::string::npos) text.insert(at, std::string(random() % 90, 'w'));
}

/// Puts lines of one text into another.
void splice(std::string& text, const std::string& other, std::mt19937& random) {
  const std::size_t at = std::min(text.size(), text.find('\n', random() % (text.size() + 1)));
  const std::size_t begin = random() % (other.size() + 1);
  text.insert(at, other.substr(begin, random() % 200));
}

struct Piece {
  std::size_t begin = 0;
  std::size_t size = 0;
};

/// A word, or one other byte.
Piece token(const std::string& text, std::mt19937& random) {
  constexpr std::string_view kWord =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  if (text.empty()) return {};
  const std::size_t at = random() % text.size();
  if (kWord.find(text[at]) == std::string_view::npos) return {at, 1};
  const std::size_t before = text.find_last_not_of(kWord, at);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return {begin, std::min(text.find_first_not_of(kWord, at), text.size()) - begin};
}

Piece line(const std::string& text, std::mt19937& random) {
  if (text.empty()) return {};
  const std::size_t begin = text.rfind('\n', random() % text.size()) + 1;
  return {begin, std::min(text.find('\n', begin), text.size() - 1) + 1 - begin};
}

/// Leaves a part out, writes it twice, or writes it in place of another.
void change_part(std::string& text, std::mt19937& random,
                 Piece (*part)(const std::string&, std::mt19937&)) {
  const Piece one = part(text, random);
  const Piece other = part(text, random);
  const std::string copied = text.substr(other.begin, other.size);
  switch (random() % 3) {
    case 0:
      text.erase(one.begin, one.size);
      break;
    case 1:
      text.insert(one.begin, copied);
      break;
    default:
      text.replace(one.begin, one.size, copied);
  }
}

}  // namespace

/// Bytes at random rarely make a manifest, so most inputs are changed where a change keeps one.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  std::mt19937 random(seed);
  if (random() % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::string text(reinterpret_cast<const char*>(data), size);
  if (random() % 32 == 0) text = devgraph::lang::random_manifest(random());
  for (std::size_t times = random() % 4 + 1; times > 0; --times) {
    switch (random() % 16) {
      case 0:
      case 1:
        lengthen(text, random);
        break;
      case 2:
        splice(text, devgraph::lang::random_manifest(random()), random);
        break;
      case 3:
        change_part(text, random, line);
        break;
      case 4:
      case 5:
        change_part(text, random, token);
        break;
      default:
        change_layout(text, random);
    }
  }
  text.resize(std::min(text.size(), max_size));
  std::copy(text.begin(), text.end(), data);
  return text.size();
}
