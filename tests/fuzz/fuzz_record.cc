/// A life of the record, told by bytes: results come and go, the program starts anew, the file is
/// cut or damaged. What was written and not damaged is there; what is there was once written.

#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/store/record.h"
#include "tests/fuzz/target.h"
#include "tests/support/mem_files.h"

using namespace devgraph;
using namespace devgraph::store;

namespace {

constexpr const char* kFile = "/s/record";

class Life {
 public:
  Life() : record_(Record::load(folder(files_), "/s")) {}

  void step(unsigned what, unsigned number) {
    const std::string label = "//:node" + std::to_string(number % 5);
    switch (what % 8) {
      case 0:
      case 1:
      case 2:
        return make(label, number);
      case 3:
        record_.add_gone(digest_of(label));
        now_.erase(label);
        return;
      case 4:
        return flush();
      case 5:
        return restart();
      default:
        return damage(what % 8 == 6, number);
    }
  }

 private:
  static Files& folder(MemFiles& files) {
    files.put_folder("/s");
    return files;
  }
  static void expect(bool holds) {
    if (!holds) std::abort();
  }

  void make(const std::string& label, unsigned number) {
    MadeNow made;
    made.label = label;
    made.key = Digest{1, number};
    made.static_key = Digest{2, number / 4};
    MadeOutput output;
    output.path = "out/x";
    made.outputs.assign(number % 3, output);
    made.deps.assign(number % 2, {"lib/y.h", Digest{3, number}});
    record_.add_made(made);
    now_[label] = number;
    ever_.insert({label, number});
  }

  void flush() {
    expect(record_.flush().has_value());
    written_ = now_;
  }

  void restart() {
    record_ = Record::load(files_, "/s");
    now_ = written_;
    check();
  }

  void check() {
    for (unsigned i = 0; i < 5; ++i) {
      const std::string label = "//:node" + std::to_string(i);
      const std::optional<Made> made = record_.last(digest_of(label));
      const auto known = now_.find(label);
      if (!damaged_) expect(made.has_value() == (known != now_.end()));
      if (!made) continue;
      expect(made->label() == label);
      const auto number = static_cast<unsigned>(made->key().low);
      expect(ever_.contains({label, number}));
      if (!damaged_) expect(number == known->second);
      expect(made->outputs().size() == number % 3 && made->deps().size() == number % 2);
      expect(!record_.with_static_key(made->static_key()).empty());
    }
  }

  void damage(bool cut, unsigned number) {
    flush();
    std::string bytes = files_.get(kFile).value_or("");
    if (bytes.empty()) return;
    const std::size_t at = number * bytes.size() / 256;
    if (cut) {
      bytes.resize(at);
    } else {
      bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(number | 1));
    }
    files_.put(kFile, bytes);
    damaged_ = true;
    restart();
  }

  MemFiles files_;
  Record record_;
  std::map<std::string, unsigned> now_;
  std::map<std::string, unsigned> written_;
  std::set<std::pair<std::string, unsigned>> ever_;
  bool damaged_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Life life;
  for (std::size_t i = 0; i + 1 < size; i += 2)
    life.step(data[i], data[i + 1]);
  // The bytes as a file, too.
  MemFiles files;
  files.put_folder("/s");
  files.put(kFile, std::string_view(reinterpret_cast<const char*>(data), size));
  Record record = Record::load(files, "/s");
  for (const Made& made : record.all_last()) {
    static_cast<void>(made.outputs());
    static_cast<void>(made.deps());
  }
  return 0;
}
