#include "cachecore/redis/tls_session.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <asio/ip/address.hpp>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "cachecore/redis/socket_bio.h"

namespace paracle::cachecore::redis {
namespace {

constexpr size_t kRecord = 16 << 10;  // TLS carries no more plain text in one.
constexpr size_t kReadAhead = 64 << 10;

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;

// The oldest error of this thread's, which is the cause of the others.
absl::Status SslError(absl::string_view what) {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return absl::FailedPreconditionError(absl::StrCat("TLS: ", what, ": ", reason == nullptr ? "unknown" : reason));
}

absl::Status LoadCa(SSL_CTX* context, const std::string& ca) {
  const int loaded = ca.empty() ? SSL_CTX_set_default_verify_paths(context)
                                : SSL_CTX_load_verify_locations(context, ca.c_str(), nullptr);
  return loaded == 1 ? absl::OkStatus() : SslError(absl::StrCat("reading the CA ", ca));
}

absl::Status LoadCertificate(SSL_CTX* context, const TlsFiles& files) {
  if (files.certificate.empty()) return absl::OkStatus();
  // Instead of OpenSSL's own, which asks on the terminal.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return SslError(absl::StrCat("reading the certificate ", files.certificate));
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return SslError(absl::StrCat("reading the key ", files.key));
  }
  return absl::OkStatus();
}

absl::StatusOr<Context> NewContext(const TlsFiles& files) {
  Context context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return SslError("context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), kReadAhead);
  if (auto status = LoadCa(context.get(), files.ca); !status.ok()) return status;
  if (auto status = LoadCertificate(context.get(), files); !status.ok()) return status;
  return context;
}

// Without this any certificate of the CA would do, whoever holds it. An address has no server name to indicate.
bool Expect(SSL* ssl, const std::string& host) {
  std::error_code no_address;
  asio::ip::make_address(host, no_address);
  if (!no_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

// Pieces as one run of bytes.
struct Source {
  absl::Span<const iovec> pieces;
  size_t offset = 0;  // Into the first.

  // Appends to `record`, up to `limit` bytes; how many.
  size_t MoveTo(std::vector<char>& record, size_t limit) {
    while (!pieces.empty() && record.size() < limit) {
      const char* begin = static_cast<const char*>(pieces[0].iov_base) + offset;
      const size_t size = std::min(pieces[0].iov_len - offset, limit - record.size());
      record.insert(record.end(), begin, begin + size);
      offset += size;
      if (offset < pieces[0].iov_len) break;
      pieces.remove_prefix(1);
      offset = 0;
    }
    return record.size();
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<TlsSession>> TlsSession::Create(const TlsFiles& files, const std::string& host,
                                                               int socket) {
  ERR_clear_error();
  auto context = NewContext(files);
  if (!context.ok()) return context.status();
  std::unique_ptr<TlsSession> session(new TlsSession(SSL_new(context->get())));
  SSL* ssl = session->ssl_.get();
  if (ssl == nullptr) return SslError("session");
  if (!Expect(ssl, host)) return SslError("the name of the host");
  BIO* bio = NewSocketBio(socket);
  if (bio == nullptr) return SslError("socket");
  SSL_set_bio(ssl, bio, bio);
  SSL_set_connect_state(ssl);
  return session;
}

Progress TlsSession::ShakeHands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Progress{} : Explain(result, "handshake");
}

Progress TlsSession::Read(absl::Span<char> into) {
  Progress progress;
  while (progress.bytes < into.size()) {
    ERR_clear_error();
    size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data() + progress.bytes, into.size() - progress.bytes, &got);
    if (result != 1) {
      Progress end = Explain(result, "read");
      end.bytes = progress.bytes;
      return end;
    }
    progress.bytes += got;
  }
  return progress;
}

// A record that was refused is offered again as it was: OpenSSL insists.
Progress TlsSession::Write(absl::Span<const iovec> pieces) {
  Progress progress;
  Source source{pieces};
  while (true) {
    if (record_.empty()) progress.bytes += source.MoveTo(record_, kRecord);
    if (record_.empty()) return progress;
    ERR_clear_error();
    size_t written = 0;
    const int result = SSL_write_ex(ssl_.get(), record_.data(), record_.size(), &written);
    if (result != 1) {
      Progress end = Explain(result, "write");
      end.bytes = progress.bytes;
      return end;
    }
    record_.clear();
  }
}

Progress TlsSession::Explain(int result, absl::string_view what) const {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {.want = Want::kRead};
    case SSL_ERROR_WANT_WRITE:
      return {.want = Want::kWrite};
    case SSL_ERROR_ZERO_RETURN:
    case SSL_ERROR_SYSCALL:
      return {.error = absl::UnavailableError("the server closed the connection")};
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified == X509_V_OK) return {.error = SslError(what)};
  return {.error = absl::FailedPreconditionError(
              absl::StrCat("TLS: the server's certificate: ", X509_verify_cert_error_string(verified)))};
}

}  // namespace paracle::cachecore::redis
