#include "service/server_credentials.h"

#include <string>

#include "cachecore/mutex.h"
#include "grpc/grpc.h"
#include "grpc/grpc_security.h"
#include "grpcpp/version_info.h"

namespace paracle::service {
namespace {

// Gives gRPC the certificates of one listener, when they are not those that it has.
class Fetcher {
 public:
  explicit Fetcher(const auth::CertificateStore* store) : store_(*store) {}

  bool asks_clients() const { return store_.asks_clients(); }

  grpc_ssl_certificate_config_reload_status Fetch(grpc_ssl_server_certificate_config** config) {
    const auto now = store_.Current();
    cachecore::MutexLock lock(mutex_);
    if (now == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {now->key.c_str(), now->chain.c_str()};
    // gRPC 1.51 aborts when a pair is replaced by one without roots, also where no client is asked for a certificate.
    // Then none is verified either, and the server's own will do.
    const std::string& roots = now->client_ca.empty() ? now->chain : now->client_ca;
    *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    given_ = now;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  static grpc_ssl_certificate_config_reload_status Callback(void* fetcher,
                                                            grpc_ssl_server_certificate_config** config) {
    return static_cast<Fetcher*>(fetcher)->Fetch(config);
  }

 private:
  const auth::CertificateStore& store_;
  cachecore::Mutex mutex_;
  std::shared_ptr<const auth::Certificates> given_ ABSL_GUARDED_BY(mutex_);
};

grpc_server_credentials* MakeCore(Fetcher* fetcher) {
  return grpc_ssl_server_credentials_create_with_options(
      grpc_ssl_server_credentials_create_options_using_config_fetcher(
          fetcher->asks_clients() ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                  : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
          &Fetcher::Callback, fetcher));
}

// gRPC's own C++ credentials cannot be given a fetcher.
class ReloadingCredentials final : public grpc::ServerCredentials {
 public:
#if GRPC_CPP_VERSION_MAJOR > 1 || GRPC_CPP_VERSION_MINOR >= 57
  explicit ReloadingCredentials(std::unique_ptr<Fetcher> fetcher)
      : grpc::ServerCredentials(MakeCore(fetcher.get())), fetcher_(std::move(fetcher)) {}
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}
#else
  explicit ReloadingCredentials(std::unique_ptr<Fetcher> fetcher)
      : fetcher_(std::move(fetcher)), core_(MakeCore(fetcher_.get())) {}
  ~ReloadingCredentials() override { grpc_server_credentials_release(core_); }
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), core_);
  }
#endif

 private:
  const std::unique_ptr<Fetcher> fetcher_;
#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 57
  grpc_server_credentials* const core_;
#endif
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> TlsCredentials(const auth::CertificateStore* store) {
  return std::make_shared<ReloadingCredentials>(std::make_unique<Fetcher>(store));
}

}  // namespace paracle::service
