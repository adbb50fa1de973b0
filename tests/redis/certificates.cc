#include "tests/redis/certificates.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "absl/strings/str_cat.h"

namespace paracle::cachecore::redis {
namespace {

constexpr char kNewKey[] = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

}  // namespace

Certificates::Certificates() : directory_("/tmp/paracle-tls-XXXXXX") {
  if (::mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("mkdtemp");
  MakeCa("ca");
  MakeCa("other-ca");
}

Certificates::~Certificates() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void Certificates::MakeCa(const std::string& name) {
  Run(absl::StrCat("openssl req -x509 ", kNewKey, " -days 2 -subj /CN=", name, " -keyout ", name, ".key -out ", name,
                   ".crt"));
}

TlsFiles Certificates::Sign(const std::string& name, const std::string& alternative_names, int days) {
  std::ofstream(absl::StrCat(directory_, "/", name, ".ext")) << "subjectAltName=" << alternative_names;
  Run(absl::StrCat("openssl req ", kNewKey, " -subj /CN=", name, " -keyout ", name, ".key -out ", name, ".csr"));
  Run(absl::StrCat("openssl x509 -req -in ", name, ".csr -CA ca.crt -CAkey ca.key -CAcreateserial -days ", days,
                   " -extfile ", name, ".ext -out ", name, ".crt"));
  const std::string stem = absl::StrCat(directory_, "/", name);
  return {.ca = ca(), .certificate = stem + ".crt", .key = stem + ".key"};
}

std::vector<std::string> Certificates::ServerArguments(const TlsFiles& files, int port,
                                                       bool ask_for_clients_own) const {
  return {"--tls-port",         std::to_string(port),
          "--tls-cert-file",    files.certificate,
          "--tls-key-file",     files.key,
          "--tls-ca-cert-file", ca(),
          "--tls-auth-clients", ask_for_clients_own ? "yes" : "no"};
}

void Certificates::Run(const std::string& command) const {
  const std::string line = absl::StrCat("cd ", directory_, " && ", command, " >/dev/null 2>log");
  if (std::system(line.c_str()) != 0) throw std::runtime_error(command);  // NOLINT(cert-env33-c)
}

}  // namespace paracle::cachecore::redis
