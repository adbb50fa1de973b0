// A directory for the files of one test.
#ifndef PARACLE_TESTS_AUTH_TEMPORARY_DIRECTORY_H_
#define PARACLE_TESTS_AUTH_TEMPORARY_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace paracle::service::auth {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    if (mkdtemp(path_.data()) == nullptr) abort();
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }

  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::trunc) << text;
    return Path(name);
  }

  // As careful writers and Kubernetes do: the new content appears at once.
  void Replace(const std::string& name, const std::string& text) const {
    std::filesystem::rename(Write(name + ".new", text), Path(name));
  }

  static std::string Read(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

 private:
  std::string path_ = "/tmp/paracle-auth-XXXXXX";
};

}  // namespace paracle::service::auth

#endif  // PARACLE_TESTS_AUTH_TEMPORARY_DIRECTORY_H_
