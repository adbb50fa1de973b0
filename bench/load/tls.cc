#include "bench/load/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace paracle::load {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* session) const { SSL_free(session); }
};

// Takes all errors off OpenSSL's queue and tells the first.
std::string OpenSslError() {
  const unsigned long code = ERR_get_error();  // NOLINT(google-runtime-int): OpenSSL's type.
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

class TlsTransport : public Transport {
 public:
  TlsTransport(std::unique_ptr<Transport> plain, SSL* session) : plain_(std::move(plain)), session_(session) {
    SSL_set_fd(session, plain_->fd());
    SSL_set_connect_state(session);
  }

  int fd() const override { return plain_->fd(); }
  bool connecting() const override { return connecting_; }

  IoResult Read(char* buffer, size_t size) override {
    if (const IoResult handshake = Handshake(); !done_) return handshake;
    const int n = SSL_read(session_.get(), buffer, static_cast<int>(std::min<size_t>(size, INT_MAX)));
    return n > 0 ? IoResult{.bytes = static_cast<size_t>(n)} : Failed(n, "closed by the server");
  }

  IoResult Write(std::string_view bytes) override {
    if (const IoResult handshake = Handshake(); !done_) return handshake;
    const int n = SSL_write(session_.get(), bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX)));
    return n > 0 ? IoResult{.bytes = static_cast<size_t>(n)} : Failed(n, "closed by the server");
  }

 private:
  IoResult Handshake() {
    if (done_) return {};
    // A connect that is still under way reads as ENOTCONN, which OpenSSL takes for an error.
    sockaddr_storage peer;
    socklen_t peer_size = sizeof(peer);
    int error = 0;
    socklen_t error_size = sizeof(error);
    getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &error_size);
    if (error != 0) return {.over = true, .error = absl::StrCat("connect: ", std::string(strerror(error)))};
    if (getpeername(fd(), reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) return {};
    connecting_ = false;
    const int n = SSL_do_handshake(session_.get());
    if (n != 1) return Failed(n, "closed by the server during the TLS handshake");
    const unsigned char* protocol = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(session_.get(), &protocol, &size);
    if (std::string_view(reinterpret_cast<const char*>(protocol), size) != "h2") {
      return {.over = true, .error = "the server does not speak HTTP/2 over TLS (no ALPN h2)"};
    }
    done_ = true;
    return {};
  }

  IoResult Failed(int result, const char* when_closed) {
    const int error = SSL_get_error(session_.get(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return {};
    if (error == SSL_ERROR_ZERO_RETURN) return {.over = true, .error = when_closed};
    const long verified = SSL_get_verify_result(session_.get());  // NOLINT(google-runtime-int): OpenSSL's type.
    if (verified != X509_V_OK) {
      ERR_clear_error();
      return {.over = true,
              .error = absl::StrCat("server certificate refused: ", X509_verify_cert_error_string(verified))};
    }
    if (error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0) return {.over = true, .error = when_closed};
    return {.over = true, .error = absl::StrCat("TLS: ", OpenSslError())};
  }

  std::unique_ptr<Transport> plain_;
  std::unique_ptr<SSL, FreeSession> session_;
  bool connecting_ = true;
  bool done_ = false;  // The handshake.
};

class OpenSslContext : public TlsContext {
 public:
  absl::Status Load(const LoadOptions& options) {
    SSL_CTX* context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    constexpr unsigned char kH2[] = {2, 'h', '2'};
    SSL_CTX_set_alpn_protos(context, kH2, sizeof(kH2));
    if (options.ca_cert_file.empty()) {
      SSL_CTX_set_default_verify_paths(context);
    } else if (SSL_CTX_load_verify_locations(context, options.ca_cert_file.c_str(), nullptr) != 1) {
      return Refuse("cacert", options.ca_cert_file);
    }
    if (options.client_cert_file.empty()) return absl::OkStatus();
    if (SSL_CTX_use_certificate_chain_file(context, options.client_cert_file.c_str()) != 1) {
      return Refuse("cert", options.client_cert_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context, options.client_key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
      return Refuse("key", options.client_key_file);
    }
    return absl::OkStatus();
  }

  std::unique_ptr<Transport> Wrap(std::unique_ptr<Transport> plain, const std::string& server_name) const override {
    SSL* session = SSL_new(context_.get());
    in6_addr address;
    if (inet_pton(AF_INET, server_name.c_str(), &address) == 1 ||
        inet_pton(AF_INET6, server_name.c_str(), &address) == 1) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), server_name.c_str());
    } else {
      SSL_set1_host(session, server_name.c_str());
      SSL_set_tlsext_host_name(session, server_name.c_str());
    }
    return std::make_unique<TlsTransport>(std::move(plain), session);
  }

 private:
  static absl::Status Refuse(const char* option, const std::string& file) {
    return absl::InvalidArgumentError(absl::StrCat(option, " ", file, ": cannot be used: ", OpenSslError()));
  }

  std::unique_ptr<SSL_CTX, FreeContext> context_{SSL_CTX_new(TLS_client_method())};
};

}  // namespace

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::Create(const LoadOptions& options) {
  auto context = std::make_shared<OpenSslContext>();
  const absl::Status status = context->Load(options);
  if (!status.ok()) return status;
  return context;
}

}  // namespace paracle::load
