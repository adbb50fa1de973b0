#include "tests/cachecore/recorded_data.h"

#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace paracle::cachecore {
namespace {

[[noreturn]] void Unreadable(const std::filesystem::path& path) {
  std::cerr << "cannot read " << path << std::endl;
  std::abort();
}

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) Unreadable(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> ReadLines(const std::filesystem::path& path) { return Split(ReadFile(path)); }

std::vector<std::string> ReadGzipLines(const std::filesystem::path& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) Unreadable(path);
  std::string text;
  char block[1 << 16];
  int got;
  while ((got = gzread(file, block, sizeof(block))) > 0) text.append(block, got);
  if (gzclose(file) != Z_OK || got < 0) Unreadable(path);
  return Split(text);
}

}  // namespace paracle::cachecore
