// Certificates made on the spot with the openssl command: a CA, what it has signed, and a CA that nobody trusts.
#ifndef PARACLE_TESTS_REDIS_CERTIFICATES_H_
#define PARACLE_TESTS_REDIS_CERTIFICATES_H_

#include <string>
#include <vector>

#include "cachecore/redis/client.h"

namespace paracle::cachecore::redis {

class Certificates {
 public:
  Certificates();
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;
  ~Certificates();

  // Signed by ca(), for these names ("DNS:localhost,IP:127.0.0.1"). `days` < 0: expired.
  TlsFiles Sign(const std::string& name, const std::string& alternative_names, int days = 2);

  std::string ca() const { return directory_ + "/ca.crt"; }
  std::string other_ca() const { return directory_ + "/other-ca.crt"; }

  // Of a redis-server with this certificate.
  std::vector<std::string> ServerArguments(const TlsFiles& files, int port, bool ask_for_clients_own) const;

 private:
  void MakeCa(const std::string& name);
  void Run(const std::string& command) const;

  std::string directory_;
};

}  // namespace paracle::cachecore::redis

#endif  // PARACLE_TESTS_REDIS_CERTIFICATES_H_
