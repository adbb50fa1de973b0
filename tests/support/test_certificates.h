// Certificates made on the spot by the openssl program, good and bad ones, in a directory that goes with the object.
//
// Keys are EC P-256, so that making them all takes well under a second.
#ifndef PARACLE_TESTS_SUPPORT_TEST_CERTIFICATES_H_
#define PARACLE_TESTS_SUPPORT_TEST_CERTIFICATES_H_

#include <string>

namespace paracle::support {

struct CertificateFiles {
  std::string certificate;  // PEM files.
  std::string key;
};

class TestCertificates {
 public:
  // False: there is no openssl program.
  static bool Available();

  // Throws std::runtime_error when openssl fails, with what it said.
  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  std::string ca() const { return Path("ca.crt"); }
  std::string other_ca() const { return Path("other-ca.crt"); }

  // Signed by ca() unless said otherwise.
  CertificateFiles server() const { return Files("server"); }            // localhost, 127.0.0.1 and ::1.
  CertificateFiles other_host() const { return Files("other-host"); }    // other.example alone.
  CertificateFiles expired() const { return Files("expired"); }          // As server(), until yesterday.
  CertificateFiles of_other_ca() const { return Files("of-other-ca"); }  // As server(), by other_ca().
  CertificateFiles client() const { return Files("client"); }            // For a client to show; names nobody.
  CertificateFiles client_uri() const { return Files("client-uri"); }    // The same, of spiffe://test/worker.
  CertificateFiles client_dns() const { return Files("client-dns"); }    // The same, of worker.example.

 private:
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  CertificateFiles Files(const std::string& name) const { return {Path(name + ".crt"), Path(name + ".key")}; }
  void OpenSsl(const std::string& arguments) const;
  void MakeAuthority(const std::string& name) const;
  void Sign(const std::string& name, const std::string& ca, const std::string& extensions, int days) const;

  std::string directory_;
};

}  // namespace paracle::support

#endif  // PARACLE_TESTS_SUPPORT_TEST_CERTIFICATES_H_
