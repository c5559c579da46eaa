#pragma once
/// What libFuzzer calls and offers; without it, run_corpus.cc stands in.

#include <cstddef>
#include <cstdint>

extern "C" {

/// One input. Aborts if a promise is broken.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
/// Optional in a target: changes an input in place, and gives its new size.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned seed);
/// Of libFuzzer: the change that it would make itself.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
}
