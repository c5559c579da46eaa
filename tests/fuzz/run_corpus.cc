/// Runs a fuzz target without libFuzzer: every file below the folders given, and for each some
/// changes that are the same in every run.
///
///   corpus_NAME CHANGES FOLDER…

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/target.h"

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongest = 20'000;  // Inputs beyond it are for measurements.

void run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

std::string changed(std::string bytes, unsigned seed) {
  const std::size_t size = bytes.size();
  bytes.resize(size + 1024);
  auto* data = reinterpret_cast<std::uint8_t*>(bytes.data());
  bytes.resize(LLVMFuzzerCustomMutator(data, size, bytes.size(), seed));
  return bytes;
}

std::vector<fs::path> files_below(const char* folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.file_size() <= kLongest) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

/// As libFuzzer's, and much simpler: one byte.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size) {
  static std::mt19937 random;  // The same in every run.
  if (size < max_size && random() % 2 == 0) data[size++] = 0;
  if (size > 0) data[random() % size] = static_cast<std::uint8_t>(random());
  return size;
}

/// For targets that have none of their own.
__attribute__((weak)) std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                                          std::size_t max_size, unsigned seed) {
  for (unsigned times = seed % 8 + 1; times > 0; --times)
    size = LLVMFuzzerMutate(data, size, max_size);
  return size;
}

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s CHANGES FOLDER...\n", argv[0]);
    return 2;
  }
  const auto changes = static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10));
  std::size_t count = 0;
  for (int i = 2; i < argc; ++i) {
    for (const fs::path& path : files_below(argv[i])) {
      std::ifstream in(path, std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      // Should it end here, the last line names what it was at.
      std::fprintf(stderr, "%s\n", path.c_str());
      run(bytes);
      for (unsigned seed = 1; seed <= changes; ++seed)
        run(changed(bytes, seed));
      count += 1 + changes;
    }
  }
  std::printf("%zu inputs\n", count);
  return count == 0 ? 1 : 0;
}
