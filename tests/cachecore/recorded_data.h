// Recorded traffic for tests of the key: the small cut in tests/data/llm, and the large corpus where it is present.
#ifndef PARACLE_TESTS_CACHECORE_RECORDED_DATA_H_
#define PARACLE_TESTS_CACHECORE_RECORDED_DATA_H_

#include <filesystem>
#include <string>
#include <vector>

namespace paracle::cachecore {

// All abort the test program when the file cannot be read.
std::string ReadFile(const std::filesystem::path& path);
std::vector<std::string> ReadLines(const std::filesystem::path& path);
std::vector<std::string> ReadGzipLines(const std::filesystem::path& path);

}  // namespace paracle::cachecore

#endif  // PARACLE_TESTS_CACHECORE_RECORDED_DATA_H_
