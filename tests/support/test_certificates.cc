#include "tests/support/test_certificates.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/child_process.h"

namespace paracle::support {
namespace {

constexpr int kValidDays = 7;
constexpr char kThisMachine[] = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1";
constexpr char kOtherHost[] = "subjectAltName=DNS:other.example";
constexpr char kClient[] = "extendedKeyUsage=clientAuth";

std::string Text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

bool TestCertificates::Available() { return ChildProcess::Installed("openssl"); }

TestCertificates::TestCertificates() : directory_("/tmp/paracle-certificates-XXXXXX") {
  if (::mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("no directory for certificates");
  MakeAuthority("ca");
  MakeAuthority("other-ca");
  Sign("server", "ca", kThisMachine, kValidDays);
  Sign("other-host", "ca", kOtherHost, kValidDays);
  Sign("expired", "ca", kThisMachine, -1);
  Sign("of-other-ca", "other-ca", kThisMachine, kValidDays);
  Sign("client", "ca", kClient, kValidDays);
  Sign("client-uri", "ca", absl::StrCat(kClient, "\nsubjectAltName=URI:spiffe://test/worker"), kValidDays);
  Sign("client-dns", "ca", absl::StrCat(kClient, "\nsubjectAltName=DNS:worker.example"), kValidDays);
}

TestCertificates::~TestCertificates() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void TestCertificates::OpenSsl(const std::string& arguments) const {
  std::vector<std::string> words = absl::StrSplit(absl::StrCat("openssl ", arguments), ' ');
  if (ChildProcess::Run(words, Path("log")) == 0) return;
  throw std::runtime_error(absl::StrCat("openssl ", arguments, ": ", Text(Path("log"))));
}

void TestCertificates::MakeAuthority(const std::string& name) const {
  OpenSsl(absl::StrCat("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days ", kValidDays,
                       " -subj /CN=", name, " -keyout ", Path(name + ".key"), " -out ", Path(name + ".crt")));
}

void TestCertificates::Sign(const std::string& name, const std::string& ca, const std::string& extensions,
                            int days) const {
  std::ofstream(Path(name + ".ext")) << extensions << "\n";
  OpenSsl(absl::StrCat("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=", name, " -keyout ",
                       Path(name + ".key"), " -out ", Path(name + ".csr")));
  OpenSsl(absl::StrCat("x509 -req -in ", Path(name + ".csr"), " -CA ", Path(ca + ".crt"), " -CAkey ", Path(ca + ".key"),
                       " -CAcreateserial -days ", days, " -extfile ", Path(name + ".ext"), " -out ",
                       Path(name + ".crt")));
}

}  // namespace paracle::support
