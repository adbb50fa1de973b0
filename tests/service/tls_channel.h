// Channels over TLS, each with a connection of its own.
#ifndef PARACLE_TESTS_SERVICE_TLS_CHANNEL_H_
#define PARACLE_TESTS_SERVICE_TLS_CHANNEL_H_

#include <memory>
#include <string>

#include "grpcpp/grpcpp.h"
#include "tests/auth/temporary_directory.h"

namespace paracle::service {

// PEM files. Without a certificate, none is shown.
struct TlsFiles {
  std::string ca;
  std::string certificate = "";
  std::string key = "";
};

inline std::shared_ptr<grpc::Channel> TlsChannel(const std::string& address, const TlsFiles& files) {
  using auth::TemporaryDirectory;
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = TemporaryDirectory::Read(files.ca);
  if (!files.certificate.empty()) options.pem_cert_chain = TemporaryDirectory::Read(files.certificate);
  if (!files.key.empty()) options.pem_private_key = TemporaryDirectory::Read(files.key);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
}

}  // namespace paracle::service

#endif  // PARACLE_TESTS_SERVICE_TLS_CHANNEL_H_
